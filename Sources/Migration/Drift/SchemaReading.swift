import Catalog
import Postgres

/// Reads the objects of a database.
enum SchemaReading {
  /// All objects in the format of COPY, as they are kept: nobody looks at them before something has changed.
  struct Rows: Sendable {
    var encoding: String
    var parts: [CopyData] = []
  }

  /// How long it waits for whoever alters a view: the server locks what it writes down.
  private static let lockTimeout = "5s"
  private static let attempts = 3

  // MARK: At set-up

  /// - Parameter connection: in a transaction, which may go on afterwards.
  static func rows(of side: Side, over connection: Connection) async throws -> Rows {
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    var left = attempts
    while true {
      left -= 1
      _ = try await connection.query("SAVEPOINT reading")
      do {
        try await connection.beginCopyOut(
          """
          COPY (SELECT '\(side.rawValue)', a.name, a.kind, a.identity, a.relation, a.digest, a.detail
                  FROM (\(ObjectStatements.all(version))) a) TO STDOUT
          """)
        var rows = Rows(encoding: connection.session.clientEncoding)
        while let part = try await connection.readCopyData(atLeast: 1 << 17) { rows.parts.append(part) }
        _ = try await connection.endCopyOut()
        _ = try await connection.query("RELEASE reading")
        return rows
      } catch let error as PostgresError where !error.isConnectionLost && left > 0 {
        _ = try await connection.query("ROLLBACK TO SAVEPOINT reading")
      }
    }
  }

  // MARK: Later

  /// Columns `name`, `oid`, `digest` of all objects.
  static func digests(over connection: Connection) async throws -> Postgres.Rows {
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    return try await reading(Statement(ObjectStatements.digests(version)), over: connection)
  }

  /// Columns `name`, `oid`, `digest` of all objects, the same on all servers.
  static func fingerprints(over connection: Connection) async throws -> Postgres.Rows {
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    return try await reading(Statement(ObjectStatements.fingerprints(version)), over: connection)
  }

  /// Objects by their numbers, as far as they are still there.
  static func objects(numbered oids: [Int], over connection: Connection) async throws -> [String: SchemaObject] {
    guard !oids.isEmpty else { return [:] }
    let version = ServerVersion(rawValue: connection.session.serverVersion)
    let statement = Statement(ObjectStatements.some(version), [arrayLiteral(oids)])
    return objects(try await reading(statement, over: connection))
  }

  /// - Parameter rows: of columns `name`, `kind`, `identity`, `relation`, `detail`.
  static func objects(_ rows: Postgres.Rows) -> [String: SchemaObject] {
    var objects: [String: SchemaObject] = [:]
    for row in 0..<rows.count {
      guard let name = rows.text(row, 0), let kind = rows.text(row, 1), let identity = rows.text(row, 2),
        let detail = rows.text(row, 4)
      else { continue }
      objects[name] = SchemaObject(kind: kind, identity: identity, relation: rows.text(row, 3), detail: detail)
    }
    return objects
  }

  /// Something may be dropped between the look at it and its definition, which is an error then.
  private static func reading(_ statement: Statement, over connection: Connection) async throws -> Postgres.Rows {
    let statements = [
      Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
      Statement("SET LOCAL lock_timeout = '\(lockTimeout)'"), statement, Statement("ROLLBACK"),
    ]
    var left = attempts
    while true {
      left -= 1
      switch try await connection.pipeline([statements])[0] {
      case .success(let results): return results[2]
      case .failure(let error):
        guard !error.isConnectionLost else { throw error }
        _ = try await connection.query("ROLLBACK")
        guard left > 0 else { throw error }
      }
    }
  }
}
