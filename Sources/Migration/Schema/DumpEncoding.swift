import Catalog
import Postgres
import Rules

extension SchemaArchive {
  /// The encoding for `pg_dump`: that in which this program's sessions read the source, so that both name an object alike.
  /// A target that knows no encoding gets the source's own bytes, as it gets them in rows.
  ///
  /// - Parameter target: of the database that the dump is for; nil: it is created as the source's.
  static func encoding(from source: Session, into target: String?) -> String {
    let target = target ?? source.encoding
    return source.isOfBytes || !Session.isOfBytes(target) ? source.clientEncoding : source.encoding
  }
}

extension Session {
  /// Whether what is sent is the database's bytes, whatever they mean.
  var isOfBytes: Bool { Self.isOfBytes(encoding) }

  static func isOfBytes(_ encoding: String) -> Bool { clientEncoding(for: encoding) == "SQL_ASCII" }
}

extension DatabaseMigration {
  /// Of the database on the target; nil where the migration creates it, with the source's.
  var targetEncoding: String? {
    try? context.pair.databasePairs.first { $0.name.isSameName(as: name) }?.database(on: .target)?.encoding
  }

  /// Where one side has only bytes and the other one an encoding that is not this program's, a name in other letters than
  /// ASCII is not the same for both: its table would be missing on the target, its sequence be left as it was created.
  func requireCommonNames(_ snapshot: SourceSnapshot) async throws {
    let encodings = [snapshot.connection.session.encoding, targetEncoding ?? snapshot.connection.session.encoding]
    guard encodings.count(where: Session.isOfBytes) == 1, !encodings.contains("UTF8") else { return }
    let names = try await attempting("looking at names", source, database: name) {
      try await snapshot.connection.query(
        """
        SELECT pg_catalog.format('%s %I', x.kind, x.name) FROM (
          SELECT 'schema' AS kind, n.nspname AS name FROM pg_catalog.pg_namespace n WHERE n.oid >= 16384
          UNION ALL
          SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, c.relname FROM pg_catalog.pg_class c
           WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'S')
          UNION ALL
          SELECT 'column', a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
           WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped) x
         WHERE x.name::text ~ '[^\\u0001-\\u007f]' ORDER BY 1
        """)
    }
    guard let first = names.text(0, 0) else { return }
    let more = names.count > 1 ? " and \(names.count - 1) more" : ""
    throw MigrationError(
      "\(first)\(more): names with characters other than ASCII cannot be migrated from a database of encoding "
        + "\(encodings[0]) to one of encoding \(encodings[1]); let the target database be created with \(encodings[0])")
  }
}
