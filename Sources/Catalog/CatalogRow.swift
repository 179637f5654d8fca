/// A row of a catalog query, beside the SQL that reads it.
///
/// The columns of the result carry the properties' names in snake case. Everything runs with `search_path = ''` in a
/// transaction that is `REPEATABLE READ READ ONLY`; names come back raw, not quoted.
public protocol CatalogRow: Codable, Sendable, Equatable {
  /// What the query reads, in words that complete "could not read …".
  static var subject: String { get }

  /// The query for a server of that version.
  static func sql(_ server: ServerVersion) -> String
}
