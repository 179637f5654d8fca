import Postgres

extension SourceSnapshot {
  /// The source's objects, for later comparisons.
  func readObjects() async throws -> SchemaReading.Rows {
    try await attempting("listing the objects", source, database: database) {
      try await SchemaReading.rows(of: .source, over: connection)
    }
  }
}

extension DatabaseMigration {
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
