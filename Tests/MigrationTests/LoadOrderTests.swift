import Testing

@testable import Catalog
@testable import Migration

@Suite struct LoadOrderTests {
  private func reading(
    _ name: String, _ reads: [String], mayRead: [String] = [], opaque: [String] = []
  ) -> LoadReading {
    LoadReading(name: name, reads: reads, mayRead: mayRead, opaque: opaque)
  }

  @Test func `each comes after what it reads, whatever their order`() {
    let order = LoadOrder(
      [reading("a", ["b"]), reading("b", ["c", "d"]), reading("e", ["elsewhere"])], of: ["a", "b", "c", "d", "e"])
    #expect(order.cycles == [])
    #expect(order.predecessors == ["a": ["b"], "b": ["c", "d"]])
    #expect(order.sorted(["a", "b", "c", "d", "e"]) == ["c", "d", "b", "a", "e"])
    #expect(order.sorted(["e", "b"]) == ["e", "b"])
  }

  @Test func `a mere word orders, and makes no cycle`() {
    let order = LoadOrder(
      [reading("a", ["b"], mayRead: ["a"]), reading("b", [], mayRead: ["a", "c"])], of: ["a", "b", "c"])
    #expect(order.cycles == [])
    #expect(order.predecessors == ["a": ["b"], "b": ["c"]])
  }

  @Test func `what reads itself, or one another, is told, and what follows is not`() {
    let order = LoadOrder(
      [
        reading("self", ["self"]), reading("a", ["b"]), reading("b", ["c"]), reading("c", ["a"]), reading("d", ["a"]),
        reading("x", ["y"]), reading("y", ["x", "a"]),
      ], of: ["self", "a", "b", "c", "d", "x", "y"])
    #expect(order.cycles == [["self"], ["a", "b", "c"], ["x", "y"]])
    #expect(order.predecessors == ["d": ["a"]] || order.predecessors["d"] == ["a"])
  }

  @Test func `what could read anything comes last, but not what reads it`() {
    let order = LoadOrder(
      [reading("o", [], opaque: ["f()"]), reading("p", [], opaque: ["f()"]), reading("a", ["o"])],
      of: ["o", "p", "a", "b", "c"])
    #expect(order.predecessors == ["o": ["b", "c"], "p": ["b", "c"], "a": ["o"]])
  }

  @Test func `a large table waits for a small one, which does not wait for others`() async {
    func table(_ oid: Int, mebibytes: Int) -> SourceTable {
      SourceTable(
        oid: oid, name: "t\(oid)", columnNames: ["a"], blocks: 1, sizeBytes: mebibytes << 20, isBinary: true,
        isOfExtension: false)
    }
    let tables = [table(1, mebibytes: 900), table(2, mebibytes: 100), table(3, mebibytes: 1), table(4, mebibytes: 2)]
    let order = LoadOrder([reading("t1", ["t3"])], of: tables.map(\.name))
    let queue = WorkQueue(
      parts: CopyPlan(tables: tables, jobs: 1, canSplit: false).parts, indexes: [:], complete: [],
      predecessors: order.predecessors(of: tables))
    var copied: [Int] = []
    while let work = await queue.next() {
      if case .copy(let part) = work { copied.append(part.table.oid) }
      await queue.finished(work)
    }
    #expect(copied == [3, 1, 2, 4])
    let waves = LateCopying.waves(CopyPlan(tables: tables, jobs: 1, canSplit: false).parts.map { [$0] }, order)
    #expect(waves.map { $0.flatMap { $0.map(\.table.oid) } } == [[2, 4, 3], [1]])
  }
}

extension LoadReading {
  fileprivate init(name: String, reads: [String], mayRead: [String], opaque: [String]) {
    self.init(
      nTotal: 1, nspname: "public", relname: name, oid: 1, name: name, isMaterializedView: false, isIndex: false,
      hasRows: true, sizeBytes: 0, code: ["check c"], functions: ["f()"], reads: reads, views: [], mayRead: mayRead,
      opaque: opaque)
  }
}
