/// A library that functions of the source name, and whether the target has such a file.
public struct LibraryFile: CatalogRow {
  public var name: String
  public var isThere: Bool

  public static let subject = "the files of libraries"

  // As the server finds them: in the folders of dynamic_library_path where the name has none, with the suffix of its
  // platform where it has none. Takes a superuser.
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH home AS (SELECT c.setting FROM pg_catalog.pg_config() c WHERE c.name = 'PKGLIBDIR')
    SELECT l.name, bool_or(coalesce(NOT (pg_catalog.pg_stat_file(
             pg_catalog.replace(f.folder || l.name, '$libdir', home.setting) || s.suffix, true)).isdir, false)) AS is_there
      FROM (SELECT DISTINCT name FROM pg_catalog.unnest($1::text[]) name) l CROSS JOIN home
      CROSS JOIN LATERAL (
        SELECT '' AS folder WHERE pg_catalog.strpos(l.name, '/') > 0
        UNION ALL
        SELECT d || '/' FROM pg_catalog.unnest(pg_catalog.string_to_array(
                 pg_catalog.current_setting('dynamic_library_path'), ':')) d
         WHERE pg_catalog.strpos(l.name, '/') = 0) f
      CROSS JOIN (VALUES (''), ('.so'), ('.dylib'), ('.dll')) s (suffix)
     GROUP BY l.name
    """
  }

  public static func parameters(_ functions: [LinkedFunctions]) -> [String] {
    [arrayLiteral(functions.filter { !$0.isInternal }.map(\.name))]
  }
}

/// A symbol that internal functions of the source name, and whether the target's server has it.
public struct BuiltinSymbol: CatalogRow {
  public var name: String
  public var isThere: Bool

  public static let subject = "the built-in functions"

  // The server's table of symbols is made of the built-in functions.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT l.name, EXISTS (SELECT 1 FROM pg_catalog.pg_proc p
                            WHERE p.oid < 16384::oid AND p.prolang = 12::oid AND p.prosrc = l.name) AS is_there
      FROM (SELECT DISTINCT name FROM pg_catalog.unnest($1::text[]) name) l
    """
  }

  public static func parameters(_ functions: [LinkedFunctions]) -> [String] {
    [arrayLiteral(functions.filter(\.isInternal).map(\.name))]
  }
}
