/// A row of `pg_language`.
public struct Language: CatalogRow {
  public var lanname: String

  /// Those that every database has: the built-in ones, and `plpgsql`, which `template0` brings.
  ///
  /// Source: PostgreSQL documentation, "Procedural Languages".
  public static let everywhere: Set<String> = ["internal", "c", "sql", "plpgsql"]

  public static let subject = "the procedural languages"

  // Read in every database: see `InstalledExtension`.
  public static func sql(_ server: ServerVersion) -> String {
    "SELECT lanname FROM pg_catalog.pg_language"
  }
}

/// What hangs on a language; read only in source databases that have one of their own.
public struct LanguageUse: CatalogRow {
  public var lanname: String
  /// The extension that brought it, where one did.
  public var `extension`: String?
  /// User functions written in it, not counting those of extensions.
  public var functions: Int
  /// A user's function handles calls, so that pg_dump writes the language out with it; else it writes out neither.
  public var hasOwnHandler: Bool

  public static let subject = "what is written in the procedural languages"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT l.lanname,
           (SELECT x.extname FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid
             WHERE e.classid = 'pg_catalog.pg_language'::regclass AND e.objid = l.oid AND e.deptype = 'e') AS extension,
           (SELECT count(*) FROM pg_catalog.pg_proc p WHERE p.prolang = l.oid AND p.oid >= 16384
               AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::regclass
                                  AND e.objid = p.oid AND e.deptype = 'e')) AS functions,
           l.lanplcallfoid >= 16384
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::regclass
                                AND e.objid = l.lanplcallfoid AND e.deptype = 'e') AS has_own_handler
      FROM pg_catalog.pg_language l
     WHERE l.lanname NOT IN ('internal', 'c', 'sql', 'plpgsql')
    """
  }
}
