import Testing

@testable import Catalog
@testable import Rules

@Suite struct SelectionTests {
  private func selection(
    _ names: [String], including: [String] = [], excluding: [String] = []
  ) -> DatabaseSelection {
    var options = CheckOptions()
    options.includedDatabases = including
    options.excludedDatabases = excluding
    return DatabaseSelection(of: names.map { .named($0) }, options: options)
  }

  @Test func `templates and providers' databases are left out`() {
    let selection = selection(["a", "template0", "template1", "rdsadmin", "postgres", "Template1", "_aiven"])
    #expect(selection.selected.map(\.datname) == ["a", "postgres", "Template1"])
    #expect(
      selection.excluded.map(\.reason) == [.template, .template, .provider, .provider])
  }

  @Test func `a provider's database is part of it when it is named`() {
    let selection = selection(["a", "rdsadmin", "template1"], including: ["rdsadmin", "template1"])
    #expect(selection.selected.map(\.datname) == ["rdsadmin"])
    #expect(selection.excluded.map(\.reason) == [.notIncluded, .template])
    #expect(selection.missing.isEmpty)
  }

  @Test func `names are compared letter by letter`() {
    let selection = selection(["A", "é"], including: ["a", "e\u{301}", "A"])
    #expect(selection.selected.map(\.datname) == ["A"])
    #expect(selection.missing == ["a", "e\u{301}"])
  }

  @Test func `what is excluded is out, included or not`() {
    #expect(selection(["a", "b"], excluding: ["a", "nope"]).selected.map(\.datname) == ["b"])
    #expect(selection(["a", "b"], including: ["a", "b"], excluding: ["a"]).selected.map(\.datname) == ["b"])
    #expect(selection([]).selected.isEmpty)
  }

  @Test func `pairs are those of the selection and what is missing, by bytes`() {
    var situation = Situation(databases: ["b", "a", "Z", "é"])
    #expect(situation.pair.databasePairs.map(\.name) == ["Z", "a", "b", "é"])
    situation.options.includedDatabases = ["b", "nope"]
    #expect(situation.pair.databasePairs.map(\.name) == ["b", "nope"])
    situation.source.databases = .missing
    #expect(situation.pair.databasePairs.map(\.name) == ["b", "nope"])
    situation.options.includedDatabases = ["b", "a", "b"]
    #expect(situation.pair.databasePairs.map(\.name) == ["a", "b"])
    situation.options.includedDatabases = []
    #expect(situation.pair.databasePairs.isEmpty)
  }

  @Test(arguments: [
    (TablePattern(table: "t"), true), (TablePattern(table: "T"), false), (TablePattern(schema: "s", table: "t"), true),
    (TablePattern(schema: "x", table: "t"), false), (TablePattern(database: "d", schema: "s", table: "t"), true),
    (TablePattern(database: "x", schema: "s", table: "t"), false),
  ])
  func `a table filter matches what it names`(pattern: TablePattern, matches: Bool) {
    let table = Table(nspname: "s", relname: "t", kind: "r", sizeBytes: 1, otherOwner: nil, readable: true)
    #expect(pattern.matches(table, in: "d") == matches)
    #expect(TableFilter.only([pattern]).selects(table, in: "d") == matches)
    #expect(TableFilter.without([pattern]).selects(table, in: "d") != matches)
    #expect(TableFilter.all.selects(table, in: "d"))
    #expect(!TableFilter.only([]).selects(table, in: "d"))
  }

  @Test(arguments: [
    ("app", "app"), ("App", "\"App\""), ("a b", "\"a b\""), ("a\"b", "\"a\"\"b\""), ("select", "\"select\""),
    ("1a", "\"1a\""), ("a1_", "a1_"), ("", "\"\""), ("é", "\"é\""), ("a-b", "\"a-b\""), ("user", "\"user\""),
    ("a\nb", "\"a\nb\""), ("e\u{301}\"", "\"e\u{301}\"\"\""), ("\"", "\"\"\"\""),
  ])
  func `identifiers are quoted where they have to be`(name: String, quoted: String) {
    #expect(quotedIdentifier(name) == quoted)
  }

  @Test(arguments: [
    ("a", "'a'"), ("it's", "'it''s'"), ("a\\b", "E'a\\\\b'"), ("", "''"), ("'\\", "E'''\\\\'"), ("a\nb", "'a\nb'"),
  ])
  func `constants are quoted`(text: String, quoted: String) {
    #expect(quotedLiteral(text) == quoted)
  }
}
