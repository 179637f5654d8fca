/// Whether a collation is defined or named.
public struct CollationSigns: CatalogRow {
  public var areThere: Bool

  public static let subject = UsedCollation.subject

  // 3456 is pg_collation, which has a thousand rows: what depends on a collation that is not pinned, and what a user's
  // own depends on, is found by the two indexes of pg_depend.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid = 3456::oid AND deptype <> 'p'::"char")
        OR EXISTS (SELECT FROM pg_catalog.pg_depend WHERE classid = 3456::oid) AS are_there
    """
  }
}

/// A collation that users have defined, or one of the system's that something names.
public struct UsedCollation: CatalogRow {
  public var nspname: String
  public var collname: String
  /// Else it is the system's.
  public var isUsers: Bool
  /// `c` for libc, `i` for ICU, `b` for the built-in provider (17 and newer).
  public var provider: String
  public var collate: String?
  public var ctype: String?
  public var locale: String? = nil
  public var hasRules: Bool
  public var isDeterministic: Bool
  /// The version that was recorded is not the one that the server's libraries have.
  public var versionDiffers: Bool
  /// What depends on it.
  public var nDependents: Int
  /// The first of the relations among it: their schemas and, in the same order, names.
  public var schemas: [String]
  public var relations: [String]
  public var nRelations: Int

  public static let subject = "the collations"

  // pg_collation is told apart by its version: `colliculocale` (15) became `colllocale` in 17; before 15 a locale of
  // ICU is in `collcollate`. What an administrator imports later is the system's too, though its OID is a user's.
  // Pinned collations are on every server; before 14 their pins are in pg_depend.
  public static func sql(_ server: ServerVersion) -> String {
    let major = server.major
    let version =
      major >= 10
      ? """
      coalesce(c.collversion <> CASE WHEN c.collversion IS NOT NULL
                                     THEN pg_catalog.pg_collation_actual_version(c.oid) END, false)
      """ : "false"
    let locale =
      major >= 17
      ? "c.colllocale"
      : major >= 15
        ? "c.colliculocale" : major >= 10 ? "CASE WHEN c.collprovider = 'i' THEN c.collcollate END" : "NULL::text"
    return """
      SELECT n.nspname, c.collname, n.nspname <> 'pg_catalog'::name AS is_users,
             \(major >= 10 ? "c.collprovider::text" : "'c'::text") AS provider,
             c.collcollate::text AS collate, c.collctype::text AS ctype, \(locale)::text AS locale,
             \(major >= 16 ? "c.collicurules IS NOT NULL" : "false") AS has_rules,
             \(major >= 12 ? "c.collisdeterministic" : "true") AS is_deterministic,
             \(version) AS version_differs,
             d.n_dependents, d.schemas, d.relations, d.n_relations
        FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
       CROSS JOIN LATERAL (
             SELECT count(*) AS n_dependents, count(r.oid) AS n_relations,
                    coalesce((array_agg(r.nspname::text ORDER BY r.oid) FILTER (WHERE r.oid IS NOT NULL))[1:1000], '{}')
                      AS schemas,
                    coalesce((array_agg(r.relname::text ORDER BY r.oid) FILTER (WHERE r.oid IS NOT NULL))[1:1000], '{}')
                      AS relations
               FROM (SELECT DISTINCT e.classid, e.objid FROM pg_catalog.pg_depend e
                      WHERE e.refclassid = 3456::oid AND e.refobjid = c.oid AND e.objid >= 16384::oid) e
               LEFT JOIN LATERAL (
                    SELECT t.oid, k.nspname, t.relname FROM pg_catalog.pg_class t
                      JOIN pg_catalog.pg_namespace k ON k.oid = t.relnamespace
                     WHERE e.classid = 1259::oid AND t.oid = coalesce(
                           (SELECT x.indrelid FROM pg_catalog.pg_index x WHERE x.indexrelid = e.objid), e.objid)) r
                 ON true) d
       WHERE CASE WHEN n.nspname = 'pg_catalog'::name
                  THEN d.n_dependents > 0 AND c.collname NOT IN ('default', 'C', 'POSIX') ELSE c.oid >= 16384::oid END
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 3456::oid AND e.objid = c.oid
                            AND e.deptype = 'e'::"char")
       ORDER BY n.nspname COLLATE "C", c.collname COLLATE "C" LIMIT 1000
      """
  }
}

/// A collation of the system by its name.
public struct SystemCollation: CatalogRow {
  public var collname: String

  public static let subject = "the system's collations"

  public static func parameter(_ names: [String]) -> String { arrayLiteral(names) }

  // `$1` holds the names that are looked for.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT DISTINCT c.collname FROM pg_catalog.pg_collation c
     WHERE c.collnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.collname = ANY ($1::name[])
     ORDER BY c.collname
    """
  }
}
