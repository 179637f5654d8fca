import Assessment
import Foundation
import Rules
import Testing

@Suite struct MarkdownTests {
  @Test(arguments: Fixtures.all.map(\.name))
  func `it fits into a comment, and nothing in it acts`(name: String) throws {
    let report = Fixtures.named(name)
    let text = try render("markdown", report)
    #expect(text.hasPrefix("<!-- pgpreflight -->\n"))
    #expect(text.utf16.count <= 60_000)
    let prose = prose(text)
    let tags = prose.matches(of: /<[^>\n]*>?/).map { String($0.output) }
    let known: Set = ["<!-- pgpreflight -->", "<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>"]
    #expect(Set(tags).subtracting(known) == [])
    #expect(tags.count { $0 == "<details>" } == tags.count { $0 == "</details>" })
    // A mention or a reference would tell people who have nothing to do with it.
    #expect(!prose.contains("@") && prose.replacing(/&#[0-9]+;/, with: "").firstMatch(of: /#[0-9]/) == nil)
    for blocker in report.outcomes.filter(\.isBlocker).prefix(20) { #expect(text.contains("[\(blocker.rule)]")) }
  }

  /// Less what is code, in fences and between backticks, and the addresses of links.
  private func prose(_ text: String) -> String {
    var fence: String?
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let bare = line.drop { $0 == " " }
      let ticks = String(bare.prefix { $0 == "`" })
      if let open = fence {
        if bare == open { fence = nil }
      } else if ticks.count >= 3, !bare.dropFirst(ticks.count).contains("`") {
        fence = ticks
      } else {
        let text = String(line).replacing(/\\./, with: "")
        lines.append(
          text.replacing(/(?<ticks>`+)(?:[^`]|(?!\k<ticks>(?!`))`)+\k<ticks>(?!`)/, with: "")
            .replacing(/\]\(https:[^)]*\)/, with: "]"))
      }
    }
    #expect(fence == nil)
    return lines.joined(separator: "\n")
  }

  @Test func `what gets too long loses its evidence first`() throws {
    let text = try render("markdown", Fixtures.huge)
    #expect(text.contains("### Blockers"))
    #expect(!text.contains("relreplident"))
  }

  @Test func `annotations are those that GitHub shows`() throws {
    for (name, report) in Fixtures.all {
      let lines = try render("github", report).split(separator: "\n", omittingEmptySubsequences: true)
      #expect(lines.allSatisfy { $0.firstMatch(of: /^::(error|warning|notice) title=[^:,]+::./) != nil }, "\(name)")
      for kind in ["error", "warning"] { #expect(lines.count { $0.hasPrefix("::\(kind) ") } <= 10, "\(name)") }
    }
    let typical = try render("github", Fixtures.typical)
    #expect(typical.contains("::error title=extensions-available ("))
    #expect(typical.contains("%0A"))
  }
}
