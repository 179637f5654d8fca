// What lies in tables of extensions; asked where the extension is there. Only the catalogs are read: that a table takes
// space tells that it holds rows, or held some.

/// A table of an extension that holds rows, which `pg_dump` takes along (`pg_extension_config_dump`).
public struct ExtensionTable: CatalogRow {
  public var extname: String
  public var nspname: String
  public var relname: String
  /// Only some of the rows are the database's own: the others come with the extension.
  public var hasCondition: Bool
  /// Whether there is a row of the database's own; nil where that was not looked at, or could not be.
  public var hasOwnRows: Bool? = nil

  public static let subject = "the configuration tables of extensions"

  // What a table holds is not looked at: its file is enough.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, n.nspname, c.relname, t.condition <> '' AS has_condition, NULL::bool AS has_own_rows
      FROM pg_catalog.pg_extension x
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(x.extconfig), pg_catalog.unnest(x.extcondition))
        AS t(relation, condition)
      JOIN pg_catalog.pg_class c ON c.oid = t.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r'::"char" AND pg_catalog.pg_relation_size(c.oid) > 0
     ORDER BY x.extname COLLATE "C", n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT 1000
    """
  }
}

/// Which rows of a table of an extension are the database's own.
public struct ExtensionTableCondition: CatalogRow {
  public var nspname: String
  public var relname: String
  /// `WHERE …`, or nothing.
  public var condition: String
  /// Extension and table are a superuser's.
  public var isGenuine: Bool

  public init(nspname: String, relname: String, condition: String, isGenuine: Bool) {
    self.nspname = nspname
    self.relname = relname
    self.condition = condition
    self.isGenuine = isGenuine
  }

  public static let subject = "the conditions of the configuration tables of extensions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname, c.relname, coalesce(t.condition, '') AS condition, r.rolsuper AND o.rolsuper AS is_genuine
      FROM pg_catalog.pg_extension x
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(x.extconfig), pg_catalog.unnest(x.extcondition))
        AS t(relation, condition)
      JOIN pg_catalog.pg_class c ON c.oid = t.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_roles r ON r.oid = c.relowner JOIN pg_catalog.pg_roles o ON o.oid = x.extowner
     WHERE c.relkind = 'r'::"char" AND pg_catalog.pg_relation_size(c.oid) > 0
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT 1000
    """
  }
}

/// A table of an extension of the target database that holds rows of the database's own, or could.
public struct ExtensionTableAccess: CatalogRow, Equatable {
  public var extname: String
  public var nspname: String
  public var relname: String
  /// Whether the connected role may replace its rows.
  public var canWrite: Bool

  public init(extname: String, nspname: String, relname: String, canWrite: Bool) {
    self.extname = extname
    self.nspname = nspname
    self.relname = relname
    self.canWrite = canWrite
  }

  public static let subject = "who may write to the configuration tables of extensions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, n.nspname, c.relname,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
             AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
             AS can_write
      FROM pg_catalog.pg_extension x CROSS JOIN LATERAL pg_catalog.unnest(x.extconfig) AS t(relation)
      JOIN pg_catalog.pg_class c ON c.oid = t.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r'::"char"
     ORDER BY x.extname COLLATE "C", n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT 1000
    """
  }
}

/// The jobs of pg_cron.
public struct CronJobs: Codable, Sendable, Equatable {
  public var jobs: Int
  public var active: Int
  /// Row security shows the role its own jobs only.
  public var areHidden = false

  public init(jobs: Int, active: Int) {
    self.jobs = jobs
    self.active = active
  }

}

/// The table in which pg_cron keeps its jobs.
public struct CronTable: CatalogRow {
  /// A table of the extension, which belongs to a superuser: nobody else can have put something in its place.
  public var isGenuine: Bool
  public var isReadable: Bool
  /// Row security would show the role its own jobs only.
  public var hidesRows: Bool

  public static let subject = "the jobs of pg_cron"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT c.relkind = 'r'::"char" AND r.rolsuper AND EXISTS (
             SELECT 1 FROM pg_catalog.pg_depend m JOIN pg_catalog.pg_extension x ON x.oid = m.refobjid
              WHERE m.classid = 1259::oid AND m.objid = c.oid AND m.refclassid = 3079::oid AND m.deptype = 'e'::"char"
                AND x.extname = 'pg_cron'::name) AS is_genuine,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
             AS is_readable,
           pg_catalog.row_security_active(c.oid) AS hides_rows
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
     WHERE n.nspname = 'cron'::name AND c.relname = 'job'::name
    """
  }
}

/// The hypertables of TimescaleDB, those under continuous aggregates among them.
public struct Hypertables: CatalogRow {
  /// Tables with chunks; 1 where there may be some, all of them empty.
  public var hypertables: Int

  public init(hypertables: Int) { self.hypertables = hypertables }

  public static let subject = "the hypertables of TimescaleDB"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT greatest(
             (SELECT count(DISTINCT i.inhparent) FROM pg_catalog.pg_inherits i
                JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = '_timescaledb_internal'::name AND c.relname::text LIKE '\\_hyper\\_%'),
             (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = '_timescaledb_catalog'::name AND c.relname = 'hypertable'::name
                 AND pg_catalog.pg_relation_size(c.oid) > 0)) AS hypertables
    """
  }
}

/// Whether tables and views have columns of PostGIS' type raster.
public struct RasterUse: CatalogRow {
  public var areThere: Bool

  public init(areThere: Bool) { self.areThere = areThere }

  public static let subject = "the columns of type raster"

  public static func sql(_ server: ServerVersion) -> String {
    func isMember(_ catalog: String, _ oid: String) -> String {
      """
      EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass
                 AND e.objid = \(oid) AND e.deptype = 'e')
      """
    }
    return """
      SELECT EXISTS (
        SELECT 1 FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.atttypid IN (t.oid, t.typarray)
          JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
         WHERE t.typname = 'raster' AND \(isMember("pg_type", "t.oid")) AND a.attnum > 0 AND NOT a.attisdropped
           AND c.relkind <> 'i' AND NOT \(isMember("pg_class", "c.oid"))) AS are_there
      """
  }
}
