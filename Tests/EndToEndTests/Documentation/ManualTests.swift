import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(30))) struct ManualTests {
  private static let pages: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: Page.repository.appending(path: "docs/man").path)
    return (names ?? []).filter { $0.hasSuffix(".1") }.sorted()
  }()

  private static let man = "/usr/bin/man"

  @Test func `the pages are those of the commands`() async throws {
    let output = try await run(
      executable: "/usr/bin/env",
      arguments: ["python3", Page.repository.appending(path: "scripts/manual").path, "--check", pgpreflight])
    #expect(output.status == .exited(0), "\(output.stderr)")
  }

  @Test func `every command has a page with what people look for`() async throws {
    let commands = try await CommandInterface.ofExecutable().command.subcommands ?? []
    for command in commands where command.commandName != "help" {
      let page = try String(
        contentsOf: Page.repository.appending(path: "docs/man/pgpreflight-\(command.commandName).1"), encoding: .utf8)
      for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"] {
        #expect(page.contains("\n.SH \(section)\n"), "\(command.commandName): \(section)")
      }
    }
    let first = try String(contentsOf: Page.repository.appending(path: "docs/man/pgpreflight.1"), encoding: .utf8)
    for section in ["COMMANDS", "ENVIRONMENT", "FILES"] { #expect(first.contains("\n.SH \(section)\n")) }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: man), "man is not installed"), arguments: pages)
  func `man shows it without a complaint`(page: String) async throws {
    let output = try await run(
      executable: Self.man,
      arguments: ["--warnings=w", "-l", Page.repository.appending(path: "docs/man/\(page)").path],
      environment: ["MANPAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"])
    #expect(output.status == .exited(0))
    #expect(output.stderr == "")
    #expect(output.stdout.contains("EXIT STATUS"))
    #expect(output.stdout.contains("pgpreflight"))
  }
}
