/// A row of `pg_language`.
public struct Language: CatalogRow {
  public var lanname: String
  public var lanpltrusted: Bool
  /// The extension that brought it, where one did.
  public var `extension`: String?
  /// User functions written in it, not counting those of extensions.
  public var functions: Int

  public static let subject = "the procedural languages"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT l.lanname, l.lanpltrusted,
           (SELECT x.extname FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid
             WHERE e.classid = 'pg_catalog.pg_language'::regclass AND e.objid = l.oid AND e.deptype = 'e') AS extension,
           (SELECT count(*) FROM pg_catalog.pg_proc p WHERE p.prolang = l.oid AND p.oid >= 16384
               AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::regclass
                                  AND e.objid = p.oid AND e.deptype = 'e')) AS functions
      FROM pg_catalog.pg_language l ORDER BY l.lanname COLLATE "C"
    """
  }
}
