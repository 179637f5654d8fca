import Assessment
import Foundation
import TestSupport
import Testing

@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct ReportFilesTests {
  private static let pair = ClusterPair.shared

  // MARK: - Where reports go

  @Test func `a report on standard output is nothing but the report`() async throws {
    let clusters = try await Self.pair.value.connections
    let output = try await run(arguments: ["check"] + clusters + ["--report", "json"])
    let report = try JSONDecoder().decode(Report.self, from: Data(output.stdout.utf8))
    #expect(output.status == .exited(Int32(report.run.exitStatus)))
    #expect(output.stderr.contains("READY"))
    let quiet = try await run(arguments: ["check"] + clusters + ["--report=json=-", "-q"])
    _ = try JSONDecoder().decode(Report.self, from: Data(quiet.stdout.utf8))
    #expect(quiet.stderr == "")
  }

  @Test func `--report-dir takes every format, or those of --report`() async throws {
    let clusters = try await Self.pair.value.connections
    let folder = try TemporaryFolder()
    let all = try await run(arguments: ["check"] + clusters + ["--report-dir", "a/b"], workingDirectory: folder.path)
    #expect(all.status == .exited(0), "\(all.stderr)")
    let written = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a/b").sorted()
    #expect(written == ["report.html", "report.json", "report.junit.xml"])
    for file in written { #expect(all.stdout.contains(file)) }

    let some = try await run(
      arguments: ["check"] + clusters + ["--report-dir", "c/", "--report", "junit", "--report", "html=x"],
      workingDirectory: folder.path)
    #expect(some.status == .exited(0), "\(some.stderr)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/c") == ["report.junit.xml"])
    #expect(try folder.text("x").lowercased().hasPrefix("<!doctype html"))
  }

  @Test func `a report is replaced by a whole one, and a link is followed`() async throws {
    let clusters = try await Self.pair.value.connections
    let folder = try TemporaryFolder()
    try folder.write("old", to: "real.json")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link.json", withDestinationPath: "real.json")
    let output = try await run(
      arguments: ["check", "--report", "json=link.json"] + clusters, workingDirectory: folder.path)
    #expect(output.status == .exited(0), "\(output.stderr)")
    #expect(folder.contents == ["link.json", "real.json"])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link.json") == "real.json")
    #expect(try folder.text("real.json").hasPrefix("{"))
  }

  // MARK: - Where they can't go

  @Test(arguments: ["folder", "folder/", "file/report.json", "file/x/report.json", "/proc/nowhere/report.json"])
  func `what can't be written is found before anything is inspected`(path: String) async throws {
    let pair = try await Self.pair.value
    let folder = try TemporaryFolder()
    try folder.write("", to: "file")
    try FileManager.default.createDirectory(atPath: folder.path + "/folder", withIntermediateDirectories: true)
    let role = "unseen\(Int.random(in: 0..<1_000_000))"
    let output = try await run(
      arguments: [
        "check", "-s", pair.source.connectionString(user: role), "-t", pair.target.connectionString(user: role),
        "--report", "json=\(path)",
      ], workingDirectory: folder.path)
    #expect(output.status == .exited(73))
    #expect(output.stdout == "")
    #expect(output.stderr.hasPrefix("pgpreflight: the json report can't be written to \(path): "), "\(output.stderr)")
    #expect(output.stderr.count { $0 == "\n" } == 1, "\(output.stderr)")
    #expect(folder.contents == ["file", "folder"])
    for cluster in [pair.source, pair.target] { #expect(!(try cluster.logText()).contains(role)) }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can run it as somebody else"))
  func `a folder that others own is no place for a report`() async throws {
    let folder = try TemporaryFolder()
    let output = try await run(
      executable: "/usr/bin/setpriv",
      arguments: [
        "--reuid", "65534", "--regid", "65534", "--clear-groups", pgpreflight, "check", "--report",
        "json=\(folder.path)/report.json",
      ] + CommandLineTests.clusters)
    #expect(output.status == .exited(73))
    #expect(output.stderr.contains("Permission denied"), "\(output.stderr)")
    #expect(folder.contents == [])
  }

  @Test func `a full disk is told at the end, and the other reports are there`() async throws {
    let clusters = try await Self.pair.value.connections
    let folder = try TemporaryFolder()
    let output = try await run(
      arguments: ["check", "--report", "json=/dev/full", "--report", "junit=report.xml"] + clusters,
      workingDirectory: folder.path)
    #expect(output.status == .exited(73))
    #expect(output.stderr == "pgpreflight: the json report can't be written to /dev/full: No space left on device\n")
    #expect(output.stdout.contains("READY"))
    #expect(folder.contents == ["report.xml"])
  }

  @Test(arguments: ["> /dev/full", ">&-", "| exit 0"])
  func `standard output that takes no report is told too`(redirection: String) async throws {
    let clusters = try await Self.pair.value.connections
    // More than fits a pipe: the reader is gone before all of it is written.
    let output = try await run(
      executable: "/bin/bash",
      arguments: ["-c", "\"$@\" \(redirection); exit ${PIPESTATUS[0]}", "-", pgpreflight, "check", "--report", "html"]
        + clusters)
    #expect(output.status == .exited(73), "\(output.stderr)")
    #expect(output.stderr.contains("the html report can't be written to standard output"), "\(output.stderr)")
  }

  // MARK: - What they say

  @Test func `the exit status follows the verdict and --fail-on`() async throws {
    let clusters = try await Self.pair.value.connections
    let ready = try await check(clusters)
    #expect(ready.report.run.exitStatus == 0)
    #expect(ready.report.verdict == .ready || ready.report.verdict == .readyWithWarnings)

    let blocked = try await check(clusters + ["--max-total-size", "1kB"])
    #expect(blocked.report.run.exitStatus == 1)
    #expect(blocked.report.verdict == .blocked)
    let never = try await check(clusters + ["--max-total-size", "1kB", "--fail-on", "never"])
    #expect(never.report.run.exitStatus == 0)
    #expect(never.report.verdict == .blocked)
  }

  @Test func `every report is valid by the schema`() async throws {
    let clusters = try await Self.pair.value.connections
    let folder = try TemporaryFolder()
    for (index, arguments) in [
      clusters, CommandLineTests.clusters, clusters + ["--max-total-size", "1", "--with-table", "orders"],
      clusters + ["--method", "dump", "--include-database", "gone"], CommandLineTests.clusters + ["--skip-table", "a"],
    ].enumerated() {
      try folder.write(try await check(arguments).json, to: "\(index).json")
    }
    let schema = URL(filePath: #filePath).appending(path: "../../../docs/report.schema.json").standardizedFileURL.path
    let script = """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1]))
      for path in sys.argv[2:]:
          jsonschema.Draft202012Validator(schema).validate(json.load(open(path)))
      """
    let output = try await run(
      executable: "/usr/bin/python3",
      arguments: ["-c", script, schema] + folder.contents.map { "\(folder.path)/\($0)" })
    #expect(output.status == .exited(0), "\(output.stderr)")
  }

  @Test func `what is not known leaves it undecided, unless somebody accepts that`() async throws {
    let pair = try await Self.pair.value
    try await pair.target.sql("create role viewer login")
    let target = pair.target.connectionString(user: "viewer")
    let folder = try TemporaryFolder()
    // A role that may see neither the data directory nor an extension's functions does not know the free space.
    let arguments = [
      "check", "-s", pair.source.connectionString(), "-t", target, "--method", "dump", "--report", "json=x",
    ]
    func report(_ more: [String]) async throws -> Report {
      let output = try await run(arguments: arguments + more, workingDirectory: folder.path)
      let report = try JSONDecoder().decode(Report.self, from: Data(try folder.text("x").utf8))
      #expect(output.exitStatus == Int32(report.run.exitStatus))
      return report
    }
    let undecided = try await report([])
    let space = try #require(undecided.outcomes.first { $0.rule == "target-disk-space" })
    #expect(space.outcome == .undetermined)
    #expect(space.findings.contains { $0.remediation?.text.contains("--target-free-space") == true })

    let accepted = try await report(["--accept-undetermined", "target-disk-space"])
    let acceptedSpace = try #require(accepted.outcomes.first { $0.rule == "target-disk-space" })
    #expect(acceptedSpace.outcome == .undetermined)
    #expect(acceptedSpace.severity == .warning)
    #expect(acceptedSpace.message.contains("by \(NSUserName())"))
    #expect(accepted.run.arguments.contains("--accept-undetermined"))
    #expect(accepted.outcomes.filter(\.isUndecided).count == undecided.outcomes.filter(\.isUndecided).count - 1)
  }
}
