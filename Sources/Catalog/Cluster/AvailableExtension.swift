/// A version of an extension whose files lie on the server.
public struct AvailableExtension: CatalogRow {
  public var name: String
  public var version: String
  public var isDefault: Bool
  /// Only a superuser may create it, unless it is trusted or an allow list names it.
  public var superuser: Bool
  /// Whoever may CREATE in the database may create it (13 and newer).
  public var trusted: Bool
  public var requires: [String]?

  public static let subject = "the extensions that the server offers"

  // The functions, not the views of the same names, which also look up what is installed.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT v.name, v.version, v.version IS NOT DISTINCT FROM e.default_version AS is_default, v.superuser,
           \(server.major >= 13 ? "v.trusted" : "false") AS trusted, v.requires::text[] AS requires
      FROM pg_catalog.pg_available_extension_versions() v
      JOIN pg_catalog.pg_available_extensions() e ON e.name = v.name
    """
  }
}

/// A row of `pg_pltemplate`: languages that `CREATE LANGUAGE` makes without an extension (below 13).
public struct LanguageTemplate: CatalogRow {
  public var tmplname: String

  public static let subject = "the language templates"

  public static func sql(_ server: ServerVersion) -> String {
    server.major >= 13
      ? "SELECT ''::text AS tmplname WHERE false" : "SELECT tmplname::text FROM pg_catalog.pg_pltemplate"
  }
}
