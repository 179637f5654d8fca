import Foundation
import TestSupport
import Testing

/// Whatever is given as a file: one sentence that names the file and what is wrong in it, and status 64.
@Suite(.timeLimit(.minutes(10))) struct InputFileTests {
  private static let snapshots = Scenario.fixtures.appending(path: "snapshots").path
  private static let report = Scenario.fixtures.appending(path: "reports/today.json").path

  private func expectRefused(
    _ arguments: [String], _ says: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let output = try await run(arguments: arguments, timeout: .seconds(60))
    #expect(output.status == .exited(64), "\(arguments) \(output.stderr)", sourceLocation: sourceLocation)
    #expect(
      output.stderr.count { $0 == "\n" } == 1 && output.stderr.contains(says), "\(output.stderr)",
      sourceLocation: sourceLocation)
  }

  static let changedSnapshots: [(field: String, value: String, says: String)] = [
    (
      "walsenders", "-9223372036854775808",
      "snapshot.activity.known.walsenders is -9223372036854775808; it must be from 0"
    ),
    (
      "walsenders", "9223372036854775807",
      "snapshot.activity.known.walsenders is 9223372036854775807; it must be from 0"
    ),
    ("clientBackends", "1e999", "snapshot.activity.known.clientBackends is 1e999; it must be from 0"),
    ("clientBackends", "0.5", "snapshot.activity.known.clientBackends is 0.5; it must be an integer"),
    ("ownBackends", "\"x\"", "snapshot.activity.known.ownBackends is \"x\", which cannot be there"),
    ("ownBackends", "1, \"walsenders\": 2", "snapshot.activity.known.walsenders is given twice"),
  ]

  @Test(arguments: changedSnapshots)
  func `an impossible number of a snapshot is named`(field: String, value: String, says: String) async throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: Self.snapshots + "/self-managed-source.json", encoding: .utf8)
    let changed = text.replacing(try Regex(#""\#(field)" ?: ?[0-9]+"#), with: "\"\(field)\": \(value)")
    try folder.write(changed, to: "source.json")
    try await expectRefused(
      [
        "check", "--source-snapshot", folder.path + "/source.json", "--target-snapshot",
        Self.snapshots + "/self-managed-target.json",
      ], says)
  }

  static let changedReports: [(from: String, to: String, says: String)] = [
    (#""blockers" ?: ?[0-9]+"#, #""blockers": -1"#, "summary.blockers is -1; it must be from 0"),
    (#""startedAt" ?: ?"[^"]*""#, #""startedAt": "9999999999999999999-13-99""#, "run.startedAt is not a moment in UTC"),
    (#""exitStatus" ?: ?[0-9]+"#, #""exitStatus": 256"#, "run.exitStatus is 256; it must be from 0 to 255"),
    (#""verdict" ?: ?"[a-z]+""#, #""verdict": "\u0007fine""#, "which cannot be there"),
    (
      #""sizeBytes" ?: ?[0-9]+"#, #""sizeBytes": 99999999999999999999"#, "sizeBytes is 99999999999999999999; it must be"
    ),
  ]

  @Test(arguments: changedReports)
  func `impossible data of a report are named, whoever reads it`(from: String, to: String, says: String) async throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: Self.report, encoding: .utf8)
    let path = folder.path + "/report.json"
    try folder.write(text.replacing(try Regex(from), with: to), to: "report.json")
    for arguments in [
      ["render", path, "--report", "html=\(folder.path)/report.html"], ["render", path],
      ["compare", path, Self.report], ["compare", Self.report, path],
      ["migrate", "--yes", "--plan", path] + CommandLineTests.clusters,
    ] {
      try await expectRefused(arguments, says)
    }
    #expect(folder.contents == ["report.json"])
  }

  @Test func `what has no end or is nested without one is refused at once`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(String(repeating: "[", count: 1_000_000), to: "deep.json")
    try folder.write(String(repeating: "9", count: 10_000_000), to: "digits.json")
    try folder.write("", to: "empty.json")
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for (path, says) in [
      (folder.path + "/deep.json", "nested more than 64 levels deep"),
      (folder.path + "/digits.json", "a number of 10000000 digits"), (folder.path + "/empty.json", "not whole JSON"),
      (folder.path, "it is a folder"), ("/dev/zero", "it is a device"), ("/dev/null", "it is a device"),
      (pipe, "not whole JSON"),
    ] {
      try await expectRefused(["render", path], says)
      try await expectRefused(
        ["check", "--source-snapshot", path, "--target-snapshot", Self.snapshots + "/rds-target.json"], says)
    }
    try await expectRefused(["check", "--config", "/dev/zero"] + CommandLineTests.clusters, "it is a device")
    try await expectRefused(["check", "--config", folder.path] + CommandLineTests.clusters, "it is a folder")
  }

  static let configurations: [(text: String, says: String)] = [
    (
      "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + zip("abcdefg", "bcdefgh").map { "\($1): &\($1) [*\($0), *\($0), *\($0), *\($0), *\($0), *\($0)]\n" }.joined()
        + "report: *h",
      "anchors and aliases are not understood here"
    ),
    ("report: " + String(repeating: "[", count: 100_000), "it is not YAML"),
    (String(repeating: "- ", count: 100_000), "it is not YAML"),
    ("# " + String(repeating: "x", count: 1 << 20), "larger than 1 MiB"),
    ("jobs: 99999999999999999999", "jobs"), ("jobs: 4\njobs: 5", "a setting is given twice"),
    ("target-free-space: 1e999GB", "target-free-space has a value that is not understood"),
    ("report: \"\\0\"", "report"),
  ]

  @Test(arguments: configurations.indices) func `a configuration that grows is refused`(index: Int) async throws {
    let folder = try TemporaryFolder()
    let (text, says) = Self.configurations[index]
    try folder.write(text, to: "pgpreflight.yaml")
    try await expectRefused(
      ["check", "--config", folder.path + "/pgpreflight.yaml"] + CommandLineTests.clusters, says)
  }

  static let templates: [(text: String, says: String)] = [
    (
      "<!DOCTYPE html [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]><html><p>&b;</p></html>",
      "declares entities"
    ),
    ("<!DOCTYPE html [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><html><p>&x;</p></html>", "declares entities"),
    (String(repeating: "<p>", count: 100_000), "report.html:1"),
    ("<html>" + String(repeating: " ", count: 5 << 20) + "</html>", "at most 4 MiB"), ("", "report.html"),
  ]

  @Test(arguments: templates.indices) func `a template that grows or reads is refused`(index: Int) async throws {
    let folder = try TemporaryFolder()
    let (text, says) = Self.templates[index]
    try folder.write(text, to: "report.html")
    try await expectRefused(
      ["render", Self.report, "--template-dir", folder.path, "--report", "html=\(folder.path)/out.html"], says)
  }
}
