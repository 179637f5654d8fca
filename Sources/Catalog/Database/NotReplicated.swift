// What logical replication leaves out; read where the summary says that there is some.

/// A table that is not logged, so that no change of it can be decoded.
public struct UnloggedTable: CatalogRow {
  /// How many there are that the table filter selects; rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  /// Heap, TOAST and indexes in bytes; nil where it has just been dropped.
  public var sizeBytes: Int?

  public static let subject = "the unlogged tables"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT c.n_total, c.nspname, c.relname,
           \(tableSize(server, areMany: "c.n_total > \(mostMeasured)")) AS size_bytes
      FROM (SELECT count(*) OVER () AS n_total, c.oid, n.nspname, c.relname, c.relpages, c.reltuples, c.reltoastrelid
              \(userRelations(where: "c.relkind = 'r' AND c.relpersistence = 'u'", isSelected: true))
             ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $4::int8) c
     ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C"
    """
  }
}

/// A view that keeps its rows.
public struct MaterializedView: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var isPopulated: Bool
  public var sizeBytes: Int

  public static let subject = "the materialized views"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, c.relispopulated AS is_populated,
           \(pages("c")) * pg_catalog.current_setting('block_size')::int8 AS size_bytes
      \(userRelations(where: "c.relkind = 'm'"))
     ORDER BY \(pages("c")) DESC, n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// A relation that the owner of a materialized view may not read: to fill the view fails, whoever does it.
public struct MaterializedViewSource: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  /// Of the materialized view.
  public var nspname: String
  public var relname: String
  public var owner: String
  /// As SQL names it, with its schema.
  public var relation: String

  public static let subject = "what materialized views read"

  // The query runs with the rights of the view's owner (documentation of REFRESH MATERIALIZED VIEW). A right on single
  // columns may be enough.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, y.* FROM (
      SELECT DISTINCT n.nspname, c.relname, r.rolname AS owner, d.refobjid::pg_catalog.regclass::text AS relation
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
        JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> c.oid
       WHERE c.relkind = 'm' AND c.relispopulated AND c.oid >= 16384
         AND NOT pg_catalog.has_any_column_privilege(c.relowner, d.refobjid, 'SELECT')) y
     ORDER BY y.nspname COLLATE "C", y.relname COLLATE "C", y.relation COLLATE "C" LIMIT $1::int8
    """
  }
}

/// The large objects, and those of them that the connected role may not read.
public struct LargeObjects: CatalogRow {
  /// Counted to a million and one.
  public var count: Int
  public var unreadable: Int
  /// One of those that may not be read, and who owns it.
  public var example: Int?
  public var owner: String?
  /// Of all of them in bytes; nil in an older snapshot.
  public var sizeBytes: Int?

  public init(count: Int, unreadable: Int = 0, example: Int? = nil, owner: String? = nil, sizeBytes: Int? = 0) {
    self.sizeBytes = sizeBytes
    self.count = count
    self.unreadable = unreadable
    self.example = example
    self.owner = owner
  }

  public static let subject = "the large objects"

  // Up to 18 pg_read_all_data does not cover them.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) AS count, count(*) FILTER (WHERE x.is_closed) AS unreadable,
           min(x.oid::int8) FILTER (WHERE x.is_closed) AS example,
           min(pg_catalog.pg_get_userbyid(x.lomowner)::text) FILTER (WHERE x.is_closed) AS owner,
           pg_catalog.pg_table_size('pg_catalog.pg_largeobject'::pg_catalog.regclass) AS size_bytes
      FROM (SELECT m.oid, m.lomowner,
                   NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')
                   AND pg_catalog.current_setting('lo_compat_privileges') <> 'on'
                   \(server.major >= 19 ? "AND NOT pg_catalog.pg_has_role('pg_read_all_data', 'USAGE')" : "")
                   AND NOT EXISTS (SELECT 1 FROM pg_catalog.aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT'
                                      AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))) AS is_closed
              FROM pg_catalog.pg_largeobject_metadata m LIMIT 1000001) x
    """
  }
}

/// A table of which row security would hide rows from the connected role.
public struct RowSecuredTable: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var owner: String
  /// It holds for the owner too.
  public var isForced: Bool
  /// The extension that it belongs to; empty for users' own.
  public var `extension` = ""

  public static let subject = "the tables with row security"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
           c.relforcerowsecurity AS is_forced, \(configuredExtension) AS extension
      \(userRelations(
        where: "c.relkind IN ('r', 'p') AND c.relrowsecurity AND pg_catalog.row_security_active(c.oid)",
        withConfiguration: true))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}
