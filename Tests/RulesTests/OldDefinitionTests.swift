import Testing

@testable import Catalog
@testable import Rules

/// What one version takes and a later one refuses.
@Suite struct OldDefinitionTests {
  /// A move in which every rule of the kind finds something.
  private static func broken(source: Int = 90_624, target: Int = 180_006) -> Situation {
    var situation = Situation(source: source, target: target)
    func column(_ type: String) -> RemovedTypeColumn {
      RemovedTypeColumn(
        nTotal: 2, nspname: "public", relname: "t", attname: "the \"column\"", type: type, declared: type)
    }
    situation.source.inspected[0].removedTypeColumns = .known([column("abstime"), column("tinterval")])
    situation.source.inspected[0].tablesWithOIDs = .known([
      TableWithOIDs(nTotal: 1, nspname: "public", relname: "it's")
    ])
    situation.source.inspected[0].opaqueFunctions = .known([OpaqueFunction(function: "public.f(opaque)")])
    situation.source.inspected[0].polymorphicUses = .known([
      PolymorphicUse(kind: .aggregate, object: "public.a(anyelement)", uses: ["array_append(anyarray,anyelement)"])
    ])
    situation.source.inspected[0].postfixOperators = .known([
      PostfixOperator(object: "public.! (bigint, NONE)", function: "public.f(bigint)")
    ])
    situation.source.inspected[0].encodingConversions = .known([
      EncodingConversion(object: "public.c", function: "public.f(integer,integer,cstring,internal,integer)")
    ])
    situation.source.inspected[0].nullableChildren = .known([
      NullableChild(
        nTotal: 1, nspname: "public", relname: "child", attname: "v", parent: "public.parent", hasNulls: false)
    ])
    situation.source.inspected[0].systemViewColumns = .known([
      SystemViewColumn(
        nspname: "public", relname: "v", isMaterialized: false,
        columns: ["pg_stat_replication.sent_location", "pg_stat_bgwriter.checkpoints_req"])
    ])
    situation.source.inspected[0].builtinReferences = .known([
      BuiltinReference(
        kind: "view", object: "public.v", nspname: "public", relname: "v", part: nil,
        names: ["pg_switch_xlog()", "!(bigint,NONE)"])
    ])
    return situation
  }

  @Test(arguments: [
    ("removed-types", 110_022, 120_000), ("tables-with-oids", 110_022, 120_000),
    ("internal-and-opaque-functions", 120_022, 130_000), ("polymorphic-functions", 130_016, 140_000),
    ("postfix-operators", 130_016, 140_000), ("encoding-conversions", 130_016, 140_000),
    ("not-null-inheritance", 170_010, 180_000),
  ])
  func `it fails from before a version to that or a later one only`(rule: String, before: Int, from: Int) throws {
    for (source, target, fails) in [
      (before, from, true), (90_624, 180_006, true), (90_624, before, false), (before, before, false),
      (from, from, false), (from, 190_000, false),
    ] {
      let conclusion = try Self.broken(source: source, target: target).decide(rule)
      #expect(conclusion.isFailed == fails, "\(rule), \(source) to \(target): \(conclusion)")
    }
  }

  @Test(arguments: [
    (90_624, 100_000, ["pg_stat_replication.sent_location"], ["pg_switch_xlog()"]),
    (100_023, 130_000, [], []), (130_016, 140_000, [], ["!(bigint,NONE)"]),
    (140_000, 160_000, [], []), (160_000, 170_000, ["pg_stat_bgwriter.checkpoints_req"], []),
    (
      90_624, 190_000, ["pg_stat_replication.sent_location", "pg_stat_bgwriter.checkpoints_req"],
      ["pg_switch_xlog()", "!(bigint,NONE)"]
    ),
    (170_010, 170_010, [], []), (180_006, 150_018, [], []),
  ])
  func `only what ended between the versions is told of`(
    source: Int, target: Int, columns: [String], names: [String]
  ) throws {
    let situation = Self.broken(source: source, target: target)
    #expect(try situation.decide("system-view-columns").findings.flatMap(\.evidence.keys).sorted() == columns.sorted())
    #expect(try situation.decide("builtin-references").findings.flatMap(\.evidence.keys).sorted() == names.sorted())
  }

  @Test func `what has a new type gets a statement that gives it that`() throws {
    let findings = try Self.broken().decide("removed-types").findings
    #expect(findings.first?.object == #"column public.t."the ""column""""#)
    #expect(
      findings.map(\.remediation?.sql) == [
        #"ALTER TABLE public.t ALTER "the ""column""" TYPE timestamptz USING "the ""column"""::timestamptz;"#, nil,
      ])
    var situation = Self.broken(source: 100_023)
    situation.source.inspected[0].removedTypeColumns.change { $0 = [$0[0]] }
    situation.source.inspected[0].removedTypeColumns.change { $0[0].type = "unknown" }
    #expect(try situation.decide("removed-types").isPassed)
    situation.source.server.change { $0.versionNum = 90_624 }
    #expect(try situation.decide("removed-types").isFailed)
  }

  @Test func `tables that are not selected do not count`() throws {
    var situation = Self.broken()
    situation.options.tables = .only([TablePattern(table: "other")])
    for id in ["removed-types", "tables-with-oids", "not-null-inheritance", "builtin-references"] {
      #expect(try situation.decide(id).isPassed, "\(id)")
    }
    for id in [
      "polymorphic-functions", "postfix-operators", "encoding-conversions", "system-view-columns",
      "internal-and-opaque-functions", "c-functions", "user-objects-in-system-schemas",
    ] {
      #expect(try situation.decide(id).message == "Only the named tables are moved.", "\(id)")
    }
  }

  @Test(arguments: [true, false])
  func `NULLs that are known of block, others may be there`(areThere: Bool) throws {
    var situation = Self.broken()
    situation.source.inspected[0].nullableChildren.change { $0[0].hasNulls = areThere }
    #expect(try situation.decide("not-null-inheritance").severity == (areThere ? .blocker : .warning))
  }

  @Test func `libraries and symbols are asked for where the role is a superuser`() throws {
    var situation = Situation(source: 130_016)
    situation.source.inspected[0].linkedFunctions = .known([
      LinkedFunctions(isInternal: false, name: "$libdir/a", functions: 2, examples: ["public.a()", "public.b()"]),
      LinkedFunctions(isInternal: true, name: "s", functions: 1, examples: ["public.s()"]),
    ])
    let rules = ["c-functions", "internal-and-opaque-functions"]
    for rule in rules { #expect(try situation.decide(rule).isFailed) }
    situation.target.libraryFiles = .known([LibraryFile(name: "$libdir/a", isThere: true)])
    situation.target.builtinSymbols = .known([BuiltinSymbol(name: "s", isThere: true)])
    for rule in rules { #expect(try situation.decide(rule).isPassed) }
    situation.target.libraryFiles = .missing
    situation.target.builtinSymbols = .missing
    for rule in rules { #expect(throws: Undetermined.self) { try situation.decide(rule) } }
    situation.target.me = .known(.named("me"))
    for rule in rules { #expect(try situation.decide(rule).isSkipped) }
  }

  @Test(arguments: [("sql", true, Severity.blocker), ("sql", false, .warning), ("plpgsql", true, .warning)])
  func `a function in SQL that runs for rows fails for certain`(
    language: String, hasRows: Bool, severity: Severity
  ) throws {
    var situation = Situation()
    situation.source.inspected[0].unqualifiedFunctions = .known([
      UnqualifiedFunction(
        nTotal: 1, function: "public.f()", language: language, usedBy: "check", nspname: "public", relname: "t",
        hasRows: hasRows, names: ["g"], schemas: ["My schema"])
    ])
    let conclusion = try situation.decide("functions-search-path")
    #expect(conclusion.severity == severity)
    let fix = "ALTER FUNCTION public.f() SET search_path = pg_catalog, \"My schema\";"
    #expect(conclusion.findings.first?.remediation?.sql == fix)
    situation.options.tables = .without([TablePattern(table: "t")])
    #expect(try situation.decide("functions-search-path").isPassed)
  }

  private static let holes: [(rule: String, make: @Sendable (inout DatabaseSnapshot) -> Void)] = [
    ("removed-types", { $0.removedTypeColumns = .missing }), ("tables-with-oids", { $0.tablesWithOIDs = .missing }),
    ("internal-and-opaque-functions", { $0.opaqueFunctions = .missing }),
    ("internal-and-opaque-functions", { $0.linkedFunctions = .missing }),
    ("polymorphic-functions", { $0.polymorphicUses = .missing }),
    ("postfix-operators", { $0.postfixOperators = .missing }),
    ("encoding-conversions", { $0.encodingConversions = .missing }),
    ("not-null-inheritance", { $0.nullableChildren = .missing }),
    ("system-view-columns", { $0.systemViewColumns = .missing }),
    ("builtin-references", { $0.builtinReferences = .missing }), ("c-functions", { $0.linkedFunctions = .missing }),
    ("functions-search-path", { $0.unqualifiedFunctions = .missing }),
    ("user-objects-in-system-schemas", { $0.misplacedObjects = .missing }),
  ]

  @Test(arguments: holes.indices) func `what can't be read is not known`(index: Int) {
    var situation = Self.broken()
    Self.holes[index].make(&situation.source.inspected[0])
    #expect(throws: Undetermined.self) { try situation.decide(Self.holes[index].rule) }
  }

  @Test func `what ended is listed once, with a version that is known`() {
    let all = RemovedBuiltin.all
    #expect(Set(all.map { "\($0.kind) \($0.name)" }).count == all.count)
    #expect(all.allSatisfy { $0.since >= 10 && $0.since <= RemovedBuiltin.newestKnown })
    #expect(RemovedBuiltin.between(ServerVersion(rawValue: 170_010), nil).allSatisfy { $0.since == 18 })
  }
}
