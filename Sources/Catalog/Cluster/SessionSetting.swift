/// What a session started with, for the settings that we ask it to start with: a connection pooler may leave them out.
public struct SessionSetting: CatalogRow {
  public var name: String
  /// It is a time limit, in milliseconds, so short that it could end the session between two statements, or before a
  /// transaction has set another one.
  public var isShortLimit: Bool {
    name.hasSuffix("_timeout") && name != "lock_timeout" && (1..<60_000).contains(resetVal.flatMap { Int($0) } ?? 0)
      && (name != "statement_timeout" || (1..<1000).contains(resetVal.flatMap { Int($0) } ?? 0))
  }

  /// As `RESET` would set it (`pg_settings.reset_val`), which `SET LOCAL` does not change.
  public var resetVal: String?

  public static let subject = "the settings that the session started with"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT name, reset_val FROM pg_catalog.pg_settings
     WHERE name IN ('search_path', 'lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout',
                    'idle_session_timeout', 'transaction_timeout')
    """
  }
}
