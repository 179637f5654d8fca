import Postgres

extension DatabaseMigration {
  /// The source's objects, for later comparisons; nil where they are not wanted, or could not be read.
  func readObjects(_ snapshot: SourceSnapshot, if isWanted: Bool) async -> SchemaReading.Rows? {
    guard isWanted else { return nil }
    do {
      return try await attempting("listing the objects", source, database: name) {
        try await SchemaReading.rows(of: .source, over: snapshot.connection)
      }
    } catch {
      record.note(Self.noObjects(error))
      return nil
    }
  }

  /// Keeps what both sides have at set-up. Where that fails, the replication is as good as without it.
  ///
  /// - Parameters:
  ///   - source: nil where they could not be read.
  ///   - connection: in the target database.
  func keepObjects(_ source: SchemaReading.Rows?, over connection: Connection) async throws {
    guard let source else { return }
    do {
      let start = [Statement("BEGIN"), journal.objectsCreation, journal.objectsRemoval]
      _ = try await connection.pipeline([start])[0].get()
      try await journal.keep(source, over: connection)
      try await journal.keep(try await SchemaReading.rows(of: .target, over: connection), over: connection)
      _ = try await connection.query("COMMIT")
    } catch let error as PostgresError where !error.isConnectionLost {
      _ = try await connection.query("ROLLBACK")
      record.note(Self.noObjects(error))
    }
  }

  static func noObjects(_ error: any Error) -> String {
    "the objects of both sides could not be kept, so that later changes of the schema are not noticed: \(error)"
  }
}
