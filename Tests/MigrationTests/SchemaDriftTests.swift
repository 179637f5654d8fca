import Testing

@testable import Migration

@Suite struct SchemaDriftTests {
  private static func view(_ definition: String, owner: String = "app") -> SchemaObject {
    SchemaObject(kind: "view", identity: "public.v", parts: ["": ["definition": definition, "owner": owner]])
  }

  private static func table(
    _ columns: [String: [String: String]] = [:], _ own: [String: String] = [:], named name: String = "public.orders"
  ) -> SchemaObject {
    var parts = columns
    parts[""] = own
    return SchemaObject(kind: "table", identity: name, parts: parts)
  }

  private func drift(
    _ source: [ChangedObject], _ target: [ChangedObject] = [], handled: Set<String> = [], isSameVersion: Bool = true
  ) -> SchemaDrift {
    SchemaDrift(source: source, target: target, handled: handled, isSameVersion: isSameVersion)
  }

  @Test func `what the server writes is read`() throws {
    let object = try #require(
      SchemaObject(
        kind: "table", identity: "public.\"<b>\"", relation: nil,
        detail: #"[{"owner":"a"}, {"column v": {"type":"text"}}, "say \"it\"\n", null]"#))
    #expect(object.parts == ["": ["owner": "a", "comment": "say \"it\"\n"], "column v": ["type": "text"]])
    #expect(SchemaObject(kind: "table", identity: "t", relation: nil, detail: "[") == nil)
  }

  @Test func `a change is told as what it is`() {
    let before = Self.table(["column v": ["type": "text"], "column n": ["type": "integer"]])
    let after = Self.table(
      ["column v": ["type": "text", "default": "'new'::text"], "column m": ["type": "date", "NOT NULL": "true"]],
      ["row security": "true"])
    let drift = drift([ChangedObject(before: before, after: after, other: before)])
    #expect(
      drift.source.map(\.words) == [
        "table public.orders: row security changed", "table public.orders: column m: created",
        "table public.orders: column n: dropped", "table public.orders: column v: default changed",
      ])
    #expect(
      drift.source.map(\.statement) == [
        "ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;",
        "ALTER TABLE public.orders ADD COLUMN m date NOT NULL;", "ALTER TABLE public.orders DROP COLUMN n;",
        "ALTER TABLE public.orders ALTER COLUMN v SET DEFAULT 'new'::text;",
      ])
  }

  @Test func `what is the same on both sides is no drift`() {
    let (old, new) = (Self.view("SELECT 1;"), Self.view("SELECT 2;"))
    let both = ChangedObject(before: old, after: new, other: new)
    #expect(drift([both], [both]) == SchemaDrift())
    #expect(drift([ChangedObject(before: nil, after: new, other: new)]) == SchemaDrift())
    #expect(drift([ChangedObject(before: old, after: nil, other: nil)]) == SchemaDrift())
    let here = drift([ChangedObject(before: old, after: new, other: old)])
    #expect(here.source.map(\.words) == ["view public.v: definition changed"])
    #expect(here.source.map(\.statement) == ["CREATE OR REPLACE VIEW public.v AS\nSELECT 2;"])
    #expect(here.obstacle() != nil)
  }

  @Test func `servers of other versions write definitions in other words`() {
    let (here, there) = (Self.view("SELECT t.a FROM t;"), Self.view("SELECT a FROM t;"))
    let created = ChangedObject(before: nil, after: here, other: there)
    #expect(drift([created], isSameVersion: false) == SchemaDrift())
    #expect(drift([created]).source.map(\.words) == ["view public.v: definition changed"])
    let owner = ChangedObject(before: nil, after: here, other: Self.view("SELECT a FROM t;", owner: "other"))
    #expect(drift([owner], isSameVersion: false).source.map(\.statement) == ["ALTER VIEW public.v OWNER TO app;"])
    // Nobody knows whether it is the same, so that it is told.
    let changed = ChangedObject(before: Self.view("SELECT 1;"), after: here, other: there)
    #expect(drift([changed], isSameVersion: false).source.count == 1)
  }

  @Test func `what goes with a table comes and goes with it`() {
    let table = Self.table()
    let index = SchemaObject(
      kind: "index", identity: "public.i", relation: "public.orders", parts: ["": ["definition": "CREATE INDEX"]])
    let dropped = drift([
      ChangedObject(before: table, after: nil, other: table), ChangedObject(before: index, after: nil, other: index),
    ])
    #expect(dropped.source.map(\.words) == ["table public.orders: dropped"])
    #expect(dropped.source.map(\.statement) == ["DROP TABLE public.orders;"])
    let created = [
      ChangedObject(before: nil, after: table, other: nil), ChangedObject(before: nil, after: index, other: nil),
    ]
    #expect(drift(created, handled: ["public.orders"]) == SchemaDrift())
    #expect(drift(created).source.map(\.words) == ["table public.orders: created", "index public.i: created"])
  }

  @Test func `a partition is attached and detached`() {
    let name = "public.\"p 3\""
    let part = Self.table([:], ["partition of": "public.parts", "partition bound": "FOR VALUES IN (1)"], named: name)
    let alone = Self.table(named: name)
    let detached = drift([ChangedObject(before: part, after: alone, other: part)])
    #expect(detached.source.map(\.words) == ["partition public.\"p 3\" of public.parts: detached"])
    #expect(detached.source.map(\.statement) == ["ALTER TABLE public.parts DETACH PARTITION public.\"p 3\";"])
    let attached = drift([ChangedObject(before: alone, after: part, other: alone)])
    #expect(attached.source.map(\.words) == ["partition public.\"p 3\" of public.parts: attached"])
    #expect(
      attached.source.map(\.statement) == [
        "ALTER TABLE public.parts ATTACH PARTITION public.\"p 3\" FOR VALUES IN (1);"
      ])
    #expect(attached.obstacle(AcceptedDrift(["partition public.\"p 3\" of public.parts"])) == nil)
    #expect(attached.obstacle(AcceptedDrift(["public.\"p 3\""])) == nil)
  }

  @Test func `what somebody has made on the target is told, and what is gone there is in the way`() {
    let index = SchemaObject(
      kind: "index", identity: "public.i", relation: "public.orders", parts: ["": ["definition": "CREATE INDEX"]])
    let made = drift([], [ChangedObject(before: nil, after: index, other: nil)])
    #expect(made.target.map(\.words) == ["index public.i: created"])
    #expect(made.obstacle() == nil)
    let gone = drift([], [ChangedObject(before: index, after: nil, other: index)])
    #expect(
      gone.obstacle() == """
        the schema has changed since the replication was set up, on the target: index public.i: dropped; make the same \
        changes on the other side, or accept them by --accept-drift
        """)
    #expect(gone.obstacle(AcceptedDrift(["index public.i"])) == nil)
    #expect(gone.obstacle(AcceptedDrift(["all"])) == nil)
    #expect(gone.obstacle(AcceptedDrift(["index public.j"])) != nil)
  }

  @Test func `what is not known is no yes`() {
    #expect(SchemaDrift.obstacle(nil, AcceptedDrift())?.contains("--accept-drift all") == true)
    #expect(SchemaDrift.obstacle(nil, AcceptedDrift(["view v"])) != nil)
    #expect(SchemaDrift.obstacle(nil, AcceptedDrift(["all"])) == nil)
  }

  @Test func `privileges are granted and revoked by name`() {
    let before = #"[["", "SELECT", "false", null], [null, "SELECT", "false", null], ["app", "UPDATE", "true", null]]"#
    let after =
      #"[["", "SELECT", "false", null], ["app", "UPDATE", "false", null], ["<script>\"", "SELECT", "true", null]]"#
    func table(_ privileges: String?) -> SchemaObject {
      Self.table([:], ["owner": "me"].merging(privileges.map { ["privileges": $0] } ?? [:]) { $1 })
    }
    let changed = drift([ChangedObject(before: table(before), after: table(after), other: table(before))])
    #expect(changed.source.map(\.words) == ["table public.orders: privileges changed"])
    #expect(
      changed.source.first?.statement == """
        REVOKE SELECT ON TABLE public.orders FROM PUBLIC;
        REVOKE GRANT OPTION FOR UPDATE ON TABLE public.orders FROM app;
        GRANT SELECT ON TABLE public.orders TO "<script>\"\"" WITH GRANT OPTION;
        """)
    let function = SchemaObject(
      kind: "function", identity: "public.f()",
      parts: ["": ["definition": "CREATE FUNCTION", "privileges": "[]", "owner": "me"]])
    let created = drift([ChangedObject(before: nil, after: function, other: nil)])
    #expect(
      created.source.first?.statement
        == "CREATE FUNCTION;\nALTER FUNCTION public.f() OWNER TO me;\nREVOKE EXECUTE ON FUNCTION public.f() FROM PUBLIC;"
    )
  }

  @Test func `labels are added where they belong`() {
    func mood(_ labels: String) -> SchemaObject {
      SchemaObject(kind: "type", identity: "public.mood", parts: ["": ["labels": labels]])
    }
    let old = mood(#"["b", "d"]"#)
    let added = drift([ChangedObject(before: old, after: mood(#"["a", "b", "it's", "d"]"#), other: old)])
    #expect(
      added.source.first?.statement == """
        ALTER TYPE public.mood ADD VALUE 'a' BEFORE 'b';
        ALTER TYPE public.mood ADD VALUE 'it''s' AFTER 'b';
        """)
    #expect(added.source.map(\.words) == ["type public.mood: labels changed"])
    #expect(drift([ChangedObject(before: old, after: mood(#"["d"]"#), other: old)]).source.first?.statement == nil)
  }

  @Test func `many changes are few words`() {
    let views = (1...5).map { number in
      var view = Self.view("SELECT 1;")
      view.identity = "public.v\(number)"
      return ChangedObject(before: nil, after: view, other: nil)
    }
    #expect(
      SchemaDrift.listed(drift(views).source)
        == "view public.v1: created, view public.v2: created, view public.v3: created and 2 more")
  }
}
