import Catalog
import FoundationEssentials
import Postgres

/// What has to be known on the source before the target has a manifest, and where the target is gone: the comment of the
/// publication, which goes with it.
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

  var identities: [Identity] = []

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
}
