import Testing

@testable import Migration

/// What counts as a difference between an object of the source and the same one of the target.
struct ObjectComparisonTests {
  private static func table(
    _ own: [String: String], columns: [String: [String: String]] = [:], kind: String = "table",
    identity: String = "public.t"
  ) -> SchemaObject {
    SchemaObject(kind: kind, identity: identity, parts: columns.merging(["": own]) { one, _ in one })
  }

  private static func differences(
    _ source: SchemaObject, _ target: SchemaObject, from: Int = 15, to: Int = 15, missing: Set<String> = []
  ) -> [String] {
    ObjectComparison(source: from, target: to, missingRoles: missing).differences(source, target)
  }

  @Test func `who owns it, what is said of it and what is in it is told in words`() {
    let source = Self.table(
      ["owner": "app", "comment": "all of it"], columns: ["column a": ["type": "integer"], "column b": [:]])
    let target = Self.table(["owner": "admin"], columns: ["column a": ["type": "bigint"], "column c": [:]])
    #expect(
      Self.differences(source, target) == [
        "comment all of it on the source, none on the target", "owner app on the source, admin on the target",
        "column a: type integer on the source, bigint on the target", "column b: not on the target",
        "column c: not on the source",
      ])
    #expect(Self.differences(source, source).isEmpty)
  }

  @Test func `words of a definition are compared within a version alone`() {
    let one = Self.table(["definition": "SELECT t.a FROM t"], kind: "view")
    let other = Self.table(["definition": "SELECT a FROM t"], kind: "view")
    #expect(Self.differences(one, other).count == 1)
    #expect(Self.differences(one, other, to: 17).isEmpty)
    #expect(Self.differences(one, Self.table([:], kind: "view"), to: 17).count == 1)
  }

  @Test func `a privilege that one version has not is no difference`() {
    let before = Self.table(["privileges": #"[["reader", "SELECT", "false", null]]"#])
    let after = Self.table([
      "privileges": #"[["", "MAINTAIN", "false", null], ["reader", "SELECT", "false", null]]"#
    ])
    #expect(Self.differences(before, after, to: 17).isEmpty)
    #expect(Self.differences(before, after) == ["privileges differ"])
    #expect(Self.differences(before, Self.table([:]), to: 17) == ["privileges differ"])
  }

  @Test func `what hangs on a role that the target has not is no difference`() {
    let here = Self.table([
      "owner": "left out", "privileges": #"[["left out", "SELECT", "false", null], ["b", "SELECT", "false", null]]"#,
      "roles": #"a, "left out""#,
    ])
    let there = Self.table([
      "owner": "b", "privileges": #"[["b", "SELECT", "false", null]]"#, "roles": "a",
    ])
    #expect(Self.differences(here, there, missing: ["left out"]).isEmpty)
    #expect(Self.differences(here, there).count == 3)
    let comparison = ObjectComparison(source: 15, target: 15, missingRoles: ["left out"])
    #expect(comparison.skips(#"default privileges FOR ROLE "left out" ON TABLES"#))
    #expect(!comparison.skips(#"default privileges FOR ROLE left ON TABLES"#))
  }

  @Test func `the schema public belongs to each database's owner`() {
    let here = Self.table(["owner": "postgres"], kind: "schema", identity: "public")
    let there = Self.table(["owner": "pg_database_owner"], kind: "schema", identity: "public")
    #expect(Self.differences(here, there).isEmpty)
    let own = Self.table(["owner": "app"], kind: "schema", identity: "app")
    #expect(Self.differences(own, Self.table(["owner": "b"], kind: "schema", identity: "app")).count == 1)
  }
}
