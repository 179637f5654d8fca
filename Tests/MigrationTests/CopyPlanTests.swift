import Testing

@testable import Migration

@Suite struct CopyPlanTests {
  private static let utf8 = RowFormat(encoding: "UTF8", hasBinaryText: true, sharesText: true)
  private static let latin1 = RowFormat(encoding: "LATIN1", hasBinaryText: false, sharesText: true)

  private func table(_ oid: Int, mebibytes: Int) -> SourceTable {
    SourceTable(
      oid: oid, name: "public.t\(oid)", columnNames: ["a", "b"], blocks: mebibytes * 128, sizeBytes: mebibytes << 20,
      isBinary: true, isOfExtension: false)
  }

  @Test func `the largest parts come first, and a table that would hold up all is split`() {
    let tables = [table(1, mebibytes: 10), table(2, mebibytes: 4000), table(3, mebibytes: 900), table(4, mebibytes: 0)]
    let plan = CopyPlan(tables: tables, jobs: 4, canSplit: true)
    #expect(plan.parts.map(\.table.oid) == [2, 2, 2, 3, 1, 4])
    let split = plan.parts.prefix(3)
    #expect(split.map(\.number) == [0, 1, 2] && split.allSatisfy { $0.count == 3 })
    // No block is left out, none is read twice.
    #expect(split.first?.blocks?.lowerBound == 0)
    for (left, right) in zip(split, split.dropFirst()) { #expect(left.blocks?.upperBound == right.blocks?.lowerBound) }
    #expect(plan.parts.last?.isWhole == true)
  }

  @Test func `nothing is split by one job, or where a range is read by reading all`() {
    for (jobs, canSplit) in [(1, true), (4, false)] {
      let plan = CopyPlan(tables: [table(1, mebibytes: 9000)], jobs: jobs, canSplit: canSplit)
      #expect(plan.parts.map(\.count) == [1])
    }
  }

  @Test func `only a whole table is emptied and frozen`() {
    let plan = CopyPlan(tables: [table(1, mebibytes: 4000), table(2, mebibytes: 1)], jobs: 2, canSplit: true)
    let (part, whole) = (plan.parts[0], plan.parts[2])
    #expect(part.copyIn(Self.utf8) == "COPY public.t1 (a, b) FROM STDIN WITH (FORMAT binary, ENCODING 'UTF8')")
    #expect(
      part.copyOut(Self.utf8)
        == "COPY (SELECT a, b FROM ONLY public.t1 WHERE ctid >= '(0,0)'::pg_catalog.tid AND ctid < "
        + "'(256000,0)'::pg_catalog.tid) TO STDOUT WITH (FORMAT binary, ENCODING 'UTF8')")
    #expect(plan.parts[1].copyOut(Self.utf8).contains("WHERE ctid >= '(256000,0)'::pg_catalog.tid)"))
    #expect(
      whole.copyIn(Self.latin1)
        == "COPY public.t2 (a, b) FROM STDIN WITH (FORMAT binary, ENCODING 'LATIN1', FREEZE)")
    #expect(whole.copyOut(Self.latin1) == "COPY public.t2 (a, b) TO STDOUT WITH (FORMAT binary, ENCODING 'LATIN1')")
  }

  /// In binary form it would be in the encoding of the sessions.
  @Test func `text is not copied in binary form where the target's encoding is not that of the sessions`() {
    var texts = table(1, mebibytes: 1)
    texts.hasText = true
    let part = CopyPlan(tables: [texts], jobs: 1, canSplit: false).parts[0]
    #expect(part.copyOut(Self.latin1) == "COPY public.t1 (a, b) TO STDOUT WITH (FORMAT text, ENCODING 'LATIN1')")
    #expect(
      part.copyIn(Self.latin1) == "COPY public.t1 (a, b) FROM STDIN WITH (FORMAT text, ENCODING 'LATIN1', FREEZE)")
    #expect(part.copyOut(Self.utf8) == "COPY public.t1 (a, b) TO STDOUT WITH (FORMAT binary, ENCODING 'UTF8')")
  }

  @Test func `partitions whose rows may go elsewhere are written through the partitioned table`() {
    var leaf = table(1, mebibytes: 1)
    leaf.routedThrough = "public.root"
    let part = CopyPlan(tables: [leaf], jobs: 4, canSplit: true).parts[0]
    #expect(part.copyIn(Self.utf8).hasPrefix("COPY public.root (a, b) FROM STDIN"))
    #expect(!part.copyIn(Self.utf8).contains("FREEZE"))
  }

  @Test func `of an extension's table only the user's rows are copied`() {
    var configuration = table(1, mebibytes: 1)
    configuration.isOfExtension = true
    configuration.condition = "WHERE mine"
    let part = CopyPlan(tables: [configuration], jobs: 4, canSplit: true).parts[0]
    #expect(part.copyOut(Self.utf8).hasPrefix("COPY (SELECT a, b FROM ONLY public.t1 WHERE mine) TO STDOUT"))
    #expect(!part.isFrozen)
  }
}
