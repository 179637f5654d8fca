import Assessment
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct RenderCommandTests {
  private static let formats = ["html", "junit", "json", "sarif", "markdown", "github"]

  @Test func `what is rendered later is what the check has written`() async throws {
    let pair = try await ClusterPair.shared.value
    let folder = try TemporaryFolder()
    let requests = Self.formats.flatMap { ["--report", "\($0)=\(folder.path)/check.\($0)"] }
    _ = try await run(
      arguments: ["check", "--target-free-space", "1TB"] + pair.connections + requests)
    let rendered = try await run(
      arguments: ["render", folder.path + "/check.json"]
        + Self.formats.flatMap { ["--report", "\($0)=\(folder.path)/render.\($0)"] })
    #expect(rendered.status == .exited(0), "\(rendered.stderr)")
    for format in Self.formats {
      #expect(try folder.text("check.\(format)") == folder.text("render.\(format)"), "\(format)")
    }
    let summary = try await run(arguments: ["render", folder.path + "/check.json"])
    #expect(summary.stdout.contains("PostgreSQL 15"))

    let same = try await run(arguments: ["compare", folder.path + "/check.json", folder.path + "/render.json"])
    #expect(same.status == .exited(0), "\(same.stderr)")
    #expect(same.stdout.contains("0 new, 0 changed, 0 fixed"))
  }

  @Test func `a report of the first version can be worked with`() async throws {
    let folder = try TemporaryFolder()
    let first = Scenario.fixtures.appending(path: "reports/first-version.json").path
    let rendered = try await run(
      arguments: ["render", first] + Self.formats.flatMap { ["--report", "\($0)=\(folder.path)/\($0)"] })
    #expect(rendered.status == .exited(0), "\(rendered.stderr)")
    #expect(rendered.stderr == "")
    let same = try await run(arguments: ["compare", first, folder.path + "/json"])
    #expect(same.status == .exited(0), "\(same.stderr)")
    #expect(same.stdout.contains("0 new, 0 changed, 0 fixed"))
    // Other clusters than those of the plan: refused for that, not because the plan can't be read.
    let refused = try await run(arguments: ["migrate", "--yes", "--plan", first] + CommandLineTests.clusters)
    #expect(refused.status == .exited(1), "\(refused.stderr)")
    #expect(refused.stderr.contains("nothing was migrated: the clusters no longer match the approved plan"))
  }

  @Test func `a report of a later version is refused`() async throws {
    let folder = try TemporaryFolder()
    try #"{"schemaVersion": "2", "verdict": "ready"}"#.write(
      toFile: folder.path + "/x.json", atomically: true, encoding: .utf8)
    let output = try await run(arguments: ["render", folder.path + "/x.json"])
    #expect(output.status == .exited(64))
    #expect(
      output.stderr.hasSuffix("/x.json: its schemaVersion is \"2\"; this version reads \"1\"\n"), "\(output.stderr)")
  }

  @Test func `what is no report is told in a line`() async throws {
    let folder = try TemporaryFolder()
    try "{}".write(toFile: folder.path + "/x.json", atomically: true, encoding: .utf8)
    for arguments in [
      ["render", "/nonexistent"], ["render", folder.path + "/x.json"],
      ["compare", folder.path + "/x.json", "/nonexistent"],
    ] {
      let output = try await run(arguments: arguments)
      #expect(output.status == .exited(64))
      #expect(output.stderr.split(separator: "\n").count == 1, "\(output.stderr)")
    }
  }

  @Test func `a template that can't be used is told of before anything else`() async throws {
    let folder = try TemporaryFolder()
    let typical = Scenario.fixtures.appending(path: "reports/typical.json").path
    try folder.write("<html>\n<p></html>\n", to: "report.html")
    let report = folder.path + "/out.html"
    for arguments in [
      ["render", typical, "--report", "html=\(report)"],
      ["compare", typical, typical, "--format", "html", "--output", report],
      [
        "check", "--source", "host=127.0.0.1 port=1", "--target", "host=127.0.0.1 port=1", "--report", "html=\(report)",
      ],
    ] {
      let output = try await run(arguments: arguments + ["--template-dir", folder.path])
      #expect(output.status == .exited(64))
      #expect(
        output.stderr.hasPrefix("pgpreflight: --template-dir: \(folder.path)/report.html:3: "), "\(output.stderr)")
      #expect(folder.contents == ["report.html"])
    }
  }

  @Test func `a step of GitHub gets a summary`() async throws {
    let folder = try TemporaryFolder()
    let report = Scenario.fixtures.appending(path: "reports/typical.json").path
    let file = folder.path + "/summary.md"
    try "before\n".write(toFile: file, atomically: true, encoding: .utf8)
    let output = try await run(
      arguments: ["render", report, "--report", "github"], environment: ["GITHUB_STEP_SUMMARY": file])
    #expect(output.status == .exited(0), "\(output.stderr)")
    #expect(output.stdout.contains("::error title="))
    let text = try folder.text("summary.md")
    #expect(text.hasPrefix("before\n<!-- pgpreflight -->"))
  }

  @Test func `nothing in an edited report acts on what shows it`() async throws {
    let folder = try TemporaryFolder()
    let typical = Scenario.fixtures.appending(path: "reports/typical.json")
    let edited = try HostileReport.edited(Data(contentsOf: typical), HostileReport.text) {
      (try? JSONDecoder().decode(Report.self, from: $0))?.schemaVersion == "1"
    }
    try edited.write(to: URL(filePath: folder.path + "/edited.json"))
    for arguments in [
      ["render", "edited.json"], ["render", "edited.json", "-v"], ["compare", typical.path, "edited.json"],
      ["compare", "edited.json", typical.path, "-v"], ["compare", typical.path, "edited.json", "--format", "markdown"],
      ["compare", typical.path, "edited.json", "--format", "json"],
      ["compare", typical.path, "edited.json", "--format", "html"],
    ] + Self.formats.map({ ["render", "edited.json", "--report", $0] }) {
      let words = arguments.map { $0 == "edited.json" ? folder.path + "/edited.json" : $0 }
      for color in arguments.contains("--format") || arguments.contains("--report") ? [] : ["always", "never"] {
        let output = try await run(arguments: words + ["--color", color])
        let plain = output.stdout.replacing(/\u{1B}\[(0|1|2|31|32|33|35)m/, with: "")
        #expect(HostileReport.acting(in: plain + output.stderr) == [], "\(arguments)")
        #expect(HostileReport.commands(in: plain + output.stderr) == [], "\(arguments)")
      }
      let output = try await run(arguments: words)
      let own = arguments.contains("github") ? ["::error title=", "::warning title=", "::notice title="] : []
      #expect(HostileReport.acting(in: output.stdout + output.stderr) == [], "\(arguments)")
      #expect(HostileReport.commands(in: output.stdout + output.stderr, own: own) == [], "\(arguments)")
    }
  }

  @Test func `what is wrong is told without what a file or an argument would do to a terminal`() async throws {
    let folder = try TemporaryFolder()
    try "\u{1B}[2J\u{202E}: [\n::error::owned".write(
      toFile: folder.path + "/x.yaml", atomically: true, encoding: .utf8)
    let text = HostileReport.text.replacing("\0", with: "")
    for arguments in [
      ["explain", text], ["render", text], ["check", "--config", folder.path + "/x.yaml"], ["check", "--\(text)"],
      ["check", "--method", text], ["check", "--source", text], [text],
    ] {
      let output = try await run(arguments: arguments)
      #expect(output.status == .exited(64), "\(arguments)")
      #expect(HostileReport.acting(in: output.stdout + output.stderr) == [], "\(arguments)")
      #expect(HostileReport.commands(in: output.stdout + output.stderr) == [], "\(arguments)")
    }
  }

  @Test func `a text without end in a report makes no reports without end`() async throws {
    let folder = try TemporaryFolder()
    let typical = Scenario.fixtures.appending(path: "reports/typical.json")
    let json = try String(contentsOf: typical, encoding: .utf8)
    let long = json.replacing(/"message" *: *"/, with: "\"message\": \"" + String(repeating: "x", count: 1 << 18))
    try long.write(toFile: folder.path + "/long.json", atomically: true, encoding: .utf8)
    #expect(long.utf8.count > 15 << 20)
    let output = try await run(
      arguments: ["render", folder.path + "/long.json"]
        + Self.formats.flatMap { ["--report", "\($0)=\(folder.path)/\($0)"] })
    #expect(output.status == .exited(0), "\(output.stderr)")
    for format in Self.formats {
      #expect(try folder.text(format).utf8.count < 10 << 20, "\(format)")
    }
  }
}
