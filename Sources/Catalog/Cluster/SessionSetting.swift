/// What a session started with, for the settings that we ask it to start with: a connection pooler may leave them out.
public struct SessionSetting: CatalogRow {
  public var name: String
  /// As `RESET` would set it (`pg_settings.reset_val`), which `SET LOCAL` does not change.
  public var resetVal: String?

  public static let subject = "the settings that the session started with"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT name, reset_val FROM pg_catalog.pg_settings
     WHERE name IN ('search_path', 'lock_timeout')
    """
  }
}
