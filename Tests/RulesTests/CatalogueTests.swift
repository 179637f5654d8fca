import Testing

@testable import Catalog
@testable import Rules

@Suite struct CatalogueTests {
  @Test func `rules are sorted by group and id, and no id comes twice`() {
    let groups = Rule.Group.allCases
    let keys = Rule.all.map { (groups.firstIndex(of: $0.group) ?? -1, $0.id) }
    #expect(keys.map(\.1) == keys.sorted { $0 < $1 }.map(\.1))
    #expect(Set(Rule.all.map(\.id)).count == Rule.all.count)
  }

  @Test(arguments: Rule.all) func `a rule is described`(rule: Rule) {
    #expect(rule.id.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
    #expect(!rule.methods.isEmpty)
    #expect(rule.documentation.hasPrefix("https://www.postgresql.org/docs/"))
    // A statement that holds or does not, without a full stop.
    #expect(rule.title.first?.isUppercase == true)
    #expect(rule.title.last?.isPunctuation == false || rule.title.hasSuffix(")"))
    #expect(rule.title.count <= 100)
    for text in [rule.explanation.why, rule.explanation.decides, rule.explanation.fix] {
      #expect(text.count > 10)
      #expect(text.hasSuffix("."), "\(text)")
      #expect(!text.contains("  "))
    }
  }

  @Test func `only rules of replication concern replication alone`() {
    for rule in Rule.all where rule.methods == [.replication] {
      #expect([.connection, .capacity, .privileges, .replication, .plan].contains(rule.group), "\(rule.id)")
    }
  }
}

extension Rule: CustomTestStringConvertible {
  public var testDescription: String { id }
}
