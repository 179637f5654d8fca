import Foundation
import TestSupport
import Testing

/// What people see, and what they see where there is no terminal.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct TerminalTests {
  private static let utf8: [String: String?] = ["LC_ALL": nil, "LC_CTYPE": nil, "LANG": "C.UTF-8", "NO_COLOR": nil]

  private func run(
    _ arguments: [String], environment: [String: String?] = [:]
  ) async throws -> ProcessOutput {
    let clusters = try await ClusterPair.shared.value.connections
    return try await TestSupport.run(
      arguments: ["check"] + clusters + arguments, environment: Self.utf8.merging(environment) { $1 })
  }

  /// On a terminal of its own, which `script` makes.
  private func runOnTerminal(
    _ arguments: [String], environment: [String: String?] = [:]
  ) async throws -> String {
    let clusters = try await ClusterPair.shared.value.connections
    let words = ([pgpreflight, "check"] + clusters + arguments).map { "'\($0.replacing("'", with: "'\\''"))'" }
    let output = try await TestSupport.run(
      executable: "/usr/bin/script", arguments: ["-qefc", words.joined(separator: " "), "/dev/null"],
      environment: Self.utf8.merging(["TERM": "xterm-256color", "SHELL": "/bin/sh"]) { $1 }.merging(environment) { $1 })
    return output.stdout
  }

  @Test func `a pipe gets neither colours nor progress`() async throws {
    let output = try await run([])
    #expect(output.status == .exited(0))
    #expect(output.stdout.contains("READY") && output.stdout.contains("✔"))
    #expect(output.stderr == "")
    for byte in ["\u{1B}", "\r"] { #expect(!output.stdout.contains(byte)) }
  }

  @Test func `colours can be had everywhere, and nowhere`() async throws {
    #expect(try await run(["--color", "always"]).stdout.contains("\u{1B}["))
    #expect(
      try await run(["--color=always"], environment: ["NO_COLOR": "1", "TERM": "dumb"]).stdout.contains("\u{1B}["))
    #expect(try await !run(["--color", "never"]).stdout.contains("\u{1B}"))
  }

  @Test func `a locale without UTF-8 gets ASCII alone`() async throws {
    let output = try await run(["--max-total-size", "1kB"], environment: ["LANG": "C"])
    #expect(output.status == .exited(1))
    #expect(output.stdout.utf8.allSatisfy { $0 < 0x80 }, "\(output.stdout)")
    #expect(output.stdout.contains("BLOCKED"))
  }

  @Test func `quiet is quiet, verbose tells more`() async throws {
    let quiet = try await run(["-q"])
    #expect(quiet.stdout == "" && quiet.stderr == "")
    let plain = try await run([])
    let verbose = try await run(["-v"])
    #expect(verbose.stdout.count > plain.stdout.count)
    let unreachable = try await TestSupport.run(
      arguments: ["check"] + CommandLineTests.clusters + ["-v", "--log-format", "json"])
    let lines = unreachable.stderr.split(separator: "\n")
    #expect(lines.count >= 2)
    for line in lines {
      let entry = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
      #expect(entry["message"] != nil && entry["level"] == "debug" && entry["time"] != nil)
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "there is no script(1)"))
  func `a terminal gets colours and progress, unless it is told not to`() async throws {
    let plain = try await runOnTerminal([])
    #expect(plain.contains("\u{1B}[3") || plain.contains("\u{1B}[1"), "\(plain.debugDescription)")
    #expect(plain.contains("databases"), "\(plain.debugDescription)")
    #expect(plain.contains("READY"))
    let colours = /\u{1B}\[[0-9;]*m/
    #expect(try await !runOnTerminal([], environment: ["NO_COLOR": "1"]).contains(colours))
    #expect(try await !runOnTerminal(["--color", "never"]).contains(colours))
    let dumb = try await runOnTerminal([], environment: ["TERM": "dumb"])
    #expect(dumb.contains("READY"))
    #expect(!dumb.contains("\u{1B}"), "\(dumb.debugDescription)")
    #expect(try await runOnTerminal(["-q"]) == "")
  }
}
