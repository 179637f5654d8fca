import Catalog
import Postgres

extension ClusterInspector {
  /// Asks the source databases what depends on what their target databases have: which names are given away there, and
  /// what uses the extensions that are otherwise there; and what uses xml, where the target takes none. As many at a time as databases could be inspected.
  func compare(_ source: inout ClusterSnapshot, with target: ClusterSnapshot) async throws {
    let others = Dictionary(
      target.inspected.map { ($0.name.nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
    let readsXML: Bool =
      if case .failed = target.connection { false } else { target.xmlSupport.ifKnown?.isBuiltIn != true }
    let sessions = await places.count
    try await withThrowingTaskGroup(of: (Int, DatabaseSnapshot).self) { group in
      var running = 0
      for index in source.inspected.indices {
        let database = source.inspected[index]
        guard case .connected = database.connection else { continue }
        let other = others[database.name.nameBytes]
        let objects = other?.objects.ifKnown ?? []
        let readsUses = other.map(database.hasExtensions(otherThanIn:)) ?? false
        guard !objects.isEmpty || string != nil && (readsUses || readsXML) else { continue }
        if running == sessions, let (done, compared) = try await group.next() {
          source.inspected[done] = compared
          running -= 1
        }
        group.addTask { (index, try await compared(database, with: objects, readsUses: readsUses, readsXML: readsXML)) }
        running += 1
      }
      for try await (done, compared) in group { source.inspected[done] = compared }
    }
  }

  private func compared(
    _ database: DatabaseSnapshot, with objects: [UserObject], readsUses: Bool, readsXML: Bool
  ) async throws -> DatabaseSnapshot {
    var database = database
    guard let string else {
      database.takenNames = .unknown(
        Undetermined(
          "a saved snapshot of the source can't be asked which of its names are given away in the target",
          remedy: "Check with a connection to the source, or empty the target database."))
      return database
    }
    guard let session = try await furtherSession(string, database: database.name) else {
      let reason = Undetermined(
        "the source database could not be connected to a second time, to compare it with the target",
        remedy: "Run the check again.")
      database.takenNames = .unknown(reason)
      if readsXML { database.xmlUses = .unknown(reason) }
      return database
    }
    let reader = session.reader(for: DatabaseSnapshot.self)
    if !objects.isEmpty { reader.all(\.takenNames, TakenName.parameters(objects)) }
    if readsUses { readExtensionUses(reader, of: database.name) }
    if readsXML { reader.all(\.xmlUses, [rowLimit]) }
    try await reader.read(into: &database)
    await session.close()
    return database
  }
}

extension DatabaseSnapshot {
  /// Whether some are in another schema or of another version there, and it was not read yet what uses them.
  fileprivate func hasExtensions(otherThanIn other: DatabaseSnapshot) -> Bool {
    let there = other.extensions.ifKnown ?? []
    return extensionMemberUses.ifKnown == nil
      && (extensions.ifKnown ?? []).contains { item in
        there.contains {
          $0.extname == item.extname
            && (!$0.schema.isSameName(as: item.schema) || $0.extversion != item.extversion)
        }
      }
  }
}
