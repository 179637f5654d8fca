import Testing

@testable import Migration

@Suite struct WorkQueueTests {
  private func entry(_ id: Int) -> ArchiveEntry {
    ArchiveEntry(line: "\(id); 1259 \(id) INDEX public i\(id) owner") ?? ArchiveEntry(line: "1; 0 0 X y")!
  }

  private func table(_ oid: Int, mebibytes: Int) -> SourceTable {
    SourceTable(
      oid: oid, name: "t\(oid)", columnNames: ["a"], blocks: 1, sizeBytes: mebibytes << 20, isBinary: true,
      isOfExtension: false)
  }

  private func queue(_ tables: [SourceTable], _ indexes: [Int: WorkQueue.Indexes]) -> WorkQueue {
    WorkQueue(
      parts: CopyPlan(tables: tables, jobs: 1, canSplit: false).parts, indexes: indexes, complete: [])
  }

  @Test func `indexes of a large table are built before more is copied, its keys first`() async {
    let large = table(1, mebibytes: 100)
    let small = table(2, mebibytes: 1)
    let queue = queue(
      [large, small],
      [
        1: WorkQueue.Indexes(constraints: [entry(10)], indexes: [entry(11), entry(12)]),
        2: WorkQueue.Indexes(constraints: [entry(20)], indexes: [entry(21)]),
      ])
    var order: [String] = []
    while let work = await queue.next() {
      switch work {
      case .copy(let part): order.append(part.table.name)
      case .build(let entries): order.append(entries.map { "\($0.id)" }.joined(separator: "+"))
      }
      await queue.finished(work)
    }
    #expect(order == ["t1", "10", "12", "11", "t2", "20+21"])
  }

  @Test func `who finds nothing to do waits for what follows from the work of others`() async {
    let queue = queue([table(1, mebibytes: 100)], [1: WorkQueue.Indexes(indexes: [entry(11), entry(12)])])
    let copy = await queue.next()
    async let waiting = queue.next()
    try? await Task.sleep(for: .milliseconds(50))
    if let copy { await queue.finished(copy) }
    let first = await waiting
    let second = await queue.next()
    #expect(first != nil && second != nil && first != second)
  }

  @Test func `after a failure nobody gets anything any more`() async {
    let queue = queue([table(1, mebibytes: 1), table(2, mebibytes: 1)], [:])
    _ = await queue.next()
    async let others = [queue.next(), queue.next()]
    await queue.cancel()
    _ = await others
    #expect(await queue.next() == nil)
  }
}
