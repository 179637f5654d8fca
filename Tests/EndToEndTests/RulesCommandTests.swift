import Foundation
import Rules
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct RulesCommandTests {
  private static let repository = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  private func output(_ arguments: String..., environment: [String: String?] = [:]) async throws -> String {
    let output = try await run(arguments: arguments, environment: environment)
    #expect(output.status == .exited(0), "\(arguments)")
    #expect(output.stderr == "")
    return output.stdout
  }

  @Test func `the table holds every rule on lines of 80 columns`() async throws {
    let lines = try await output("rules").split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    #expect(lines[0].split(separator: " ") == ["RULE", "GROUP", "SEVERITY", "METHODS"])
    for rule in Rule.all {
      let index = try #require(lines.firstIndex { $0.hasPrefix(rule.id + " ") }, "\(rule.id)")
      let words = lines[index].split(separator: " ").map(String.init)
      let methods = rule.methods.count == 2 ? "both" : rule.methods.map(\.rawValue).joined()
      #expect(words == [rule.id, rule.group.rawValue, rule.severity.rawValue, methods])
      #expect(rule.title.hasPrefix(lines[index + 1].dropFirst(2)), "\(rule.id)")
    }
    #expect(lines.last?.hasPrefix("\(Rule.all.count) rules") == true)
  }

  @Test func `programs get the rules as JSON`() async throws {
    struct Listing: Decodable {
      struct Entry: Decodable {
        var id, group, severity, scope, title, why, decides, fix, documentation: String
        var methods: [String]
      }
      var rules: [Entry]
    }
    let json = try await output("rules", "--format", "json")
    let listing = try JSONDecoder().decode(Listing.self, from: Data(json.utf8))
    #expect(listing.rules.map(\.id) == Rule.all.map(\.id))
    #expect(listing.rules.map(\.title) == Rule.all.map(\.title))
    #expect(listing.rules.map(\.methods) == Rule.all.map { $0.methods.map(\.rawValue).sorted { $0 > $1 } })
    #expect(listing.rules.map(\.decides) == Rule.all.map(\.explanation.decides))
  }

  @Test func `the page of the rules in the documentation is that of the rules`() async throws {
    let page = try String(contentsOf: Self.repository.appending(path: "docs/rules.md"), encoding: .utf8)
    let isFresh = try await output("rules", "--format", "markdown") == page
    #expect(isFresh, "docs/rules.md is stale; its first lines say how to renew it")
  }

  @Test(arguments: Rule.all.map(\.id)) func `a rule is explained on lines of 80 columns`(id: String) async throws {
    let rule = try #require(Rule.all.first { $0.id == id })
    let page = try await output("explain", rule.id)
    let lines = page.split(separator: "\n")
    #expect(lines.first == rule.id[...])
    #expect(lines.allSatisfy { $0.count <= 80 || $0.hasPrefix("  https://") }, "\(page)")
    #expect(!page.contains("\u{1B}"))
    let flat = page.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let unicode = try await output("explain", rule.id, environment: ["LC_ALL": "C.UTF-8"])
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for text in [rule.title, rule.explanation.why, rule.explanation.decides, rule.explanation.fix] {
      let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(unicode.contains(words), "\(words)")
    }
    #expect(flat.contains(rule.documentation))
  }

  @Test func `colours can be had`() async throws {
    for arguments in [["rules"], ["explain", "wal-level-logical"]] {
      let plain = try await run(arguments: arguments)
      let coloured = try await run(arguments: arguments + ["--color", "always"])
      #expect(coloured.stdout.contains("\u{1B}[1m"))
      #expect(coloured.stdout.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain.stdout)
    }
  }

  static let unknown: [(word: String, near: String)] = [
    ("wal-level", "wal-level-logical"), ("wal-levle", "wal-level-logical"),
    ("extension-available", "extensions-available"), ("Not-Same-Server", "not-same-server"),
    ("zzz", "pgpreflight rules lists them"),
  ]

  @Test(arguments: unknown.indices) func `for a rule that is none, the nearest are named`(index: Int) async throws {
    let (word, near) = Self.unknown[index]
    let output = try await run(arguments: ["explain", word])
    #expect(output.status == .exited(64))
    #expect(output.stdout == "")
    #expect(output.stderr.count { $0 == "\n" } == 1)
    #expect(output.stderr.contains(word) && output.stderr.contains(near), "\(output.stderr)")
  }

  @Test func `a mistake is status 64`() async throws {
    for arguments in [["explain"], ["explain", "a", "b"], ["rules", "extra"], ["rules", "--format", "xml"]] {
      #expect(try await run(arguments: arguments).status == .exited(64), "\(arguments)")
    }
  }
}
