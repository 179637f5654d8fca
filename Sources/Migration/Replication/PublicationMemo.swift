import Catalog
import FoundationEssentials
import Postgres

/// What has to be known of a replication as long as it is there, whichever run of this program looks at it: the comment
/// of its publication, which is on the source, and goes with it.
struct PublicationMemo: Codable, Sendable, Equatable {
  /// A replica identity that a table of the source was given.
  struct Identity: Codable, Sendable, Equatable {
    /// Of the source.
    var oid: Int
    /// Qualified, quoted by the source's server.
    var name: String
    /// `d` or `n`, as in `pg_class.relreplident`: what it had.
    var before: String
    /// `d`, `f` or `i`: what it was given.
    var given: String
    /// As SQL has it: `USING INDEX "i"`.
    var clause: String
  }

  /// `default_transaction_read_only` of the database, as a cutover that is going on has found it.
  struct ReadOnly: Codable, Sendable, Equatable {
    /// nil where it had none.
    var before: String?
  }

  var tables = TableFilter.all
  var identities: [Identity] = []
  /// What the first copy made, in bytes a second; nil where it was too little to tell.
  var throughput: Int?
  var readOnly: ReadOnly?

  private static let prefix = "pgpreflight: "

  /// - Returns: nil where there is none, as `aiven_extras` has made the publication.
  static func read(of publication: ReplicationName, over connection: Connection) async throws -> PublicationMemo? {
    let rows = try await connection.query(ReadingStatements.publicationComment, ["\(publication)"])
    guard let text = rows.text(0, 0), text.hasPrefix(prefix) else { return nil }
    return try? JSONDecoder().decode(Self.self, from: Data(text.dropFirst(prefix.count).utf8))
  }

  func statement(on publication: ReplicationName) throws -> Statement {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = Self.prefix + String(decoding: try encoder.encode(self), as: UTF8.self)
    return Statement("COMMENT ON PUBLICATION \(publication) IS \(Quoting.literal(text))")
  }

  /// Changes what is kept, where something is.
  static func change(
    of publication: ReplicationName, over connection: Connection, _ change: (inout PublicationMemo) -> Void
  ) async throws {
    guard let memo = try await read(of: publication, over: connection) else { return }
    var changed = memo
    change(&changed)
    guard changed != memo else { return }
    _ = try await connection.pipeline([[changed.statement(on: publication)]])[0].get()
  }
}
