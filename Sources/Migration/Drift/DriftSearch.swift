import Catalog
import Postgres

extension Replication {
  /// What has changed on either side since the replication was set up.
  ///
  /// - Parameter tables: of which the cutover takes care itself.
  /// - Returns: nil where it is not known what there was then.
  func drift(_ tables: ReplicatedTables, source: Connection, target: Connection) async throws -> SchemaDrift? {
    let journal = Journal(run: name.run)
    guard let here = try await DriftSearch(of: .source, journal, over: source, kept: target),
      let there = try await DriftSearch(of: .target, journal, over: target, kept: target)
    else { return nil }
    let names = Set(here.changed).union(there.changed)
    guard !names.isEmpty else { return SchemaDrift() }
    let now = try await (here.objects(named: names, over: source), there.objects(named: names, over: target))
    let before = try await (
      journal.objects(of: .source, named: Array(names), over: target),
      journal.objects(of: .target, named: Array(names), over: target)
    )
    func changes(
      _ names: [String], _ before: [String: SchemaObject], _ now: [String: SchemaObject],
      _ other: [String: SchemaObject]
    ) -> [ChangedObject] {
      names.map { ChangedObject(before: before[$0], after: now[$0], other: other[$0]) }
    }
    let versions = [source, target].map { ServerVersion(rawValue: $0.session.serverVersion).major }
    return SchemaDrift(
      source: changes(here.changed, before.0, now.0, now.1),
      target: changes(there.changed, before.1, now.1, now.0),
      handled: Set((tables.new.map(\.name) + tables.onlyOnSource).map(Quoting.withoutUnequalQuotes)),
      isSameVersion: versions[0] == versions[1])
  }
}

/// The names of what has changed on one side.
private struct DriftSearch {
  var changed: [String] = []
  private let rows: Rows

  /// - Parameter target: where it is kept what there was.
  init?(of side: Side, _ journal: Journal, over connection: Connection, kept target: Connection) async throws {
    guard var before = try await journal.digests(of: side, over: target) else { return nil }
    rows = try await SchemaReading.digests(over: connection)
    for row in 0..<rows.count {
      guard let name = rows.text(row, 0) else { continue }
      if before.removeValue(forKey: name) != rows.text(row, 2) { changed.append(name) }
    }
    changed += before.keys
    changed.sort()
  }

  func objects(named names: Set<String>, over connection: Connection) async throws -> [String: SchemaObject] {
    let oids = (0..<rows.count).filter { rows.text($0, 0).map(names.contains) ?? false }
      .compactMap { rows.text($0, 1).flatMap { Int($0) } }
    return try await SchemaReading.objects(numbered: oids, over: connection).filter { names.contains($0.key) }
  }
}
