/// Whether a dump of the database would create anything in it.
public struct DatabaseContents: CatalogRow, Equatable {
  /// Nothing but what every database has.
  public var isEmpty: Bool
  /// The schema `public` has another owner, other privileges or another comment than it is made with.
  public var changesPublic: Bool

  public init(isEmpty: Bool, changesPublic: Bool = false) {
    self.isEmpty = isEmpty
    self.changesPublic = changesPublic
  }

  public static let subject = "whether the database is empty"

  // What users make depends on something, be it its schema or its language, or belongs to a catalog of few rows. A
  // privilege that was granted on what is the server's own is a dependency on a role (PostgreSQL documentation,
  // "pg_shdepend"). `public` is 2200 in each database, until somebody drops it.
  public static func sql(_ server: ServerVersion) -> String {
    let publications = server.major >= 10 ? "OR EXISTS (SELECT 1 FROM pg_catalog.pg_publication)" : ""
    return """
      SELECT NOT (
               EXISTS (SELECT 1 FROM pg_catalog.pg_depend WHERE objid >= 16384)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_')
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_largeobject_metadata)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_default_acl)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_event_trigger)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_cast WHERE oid >= 16384)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_language WHERE oid >= 16384)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_foreign_data_wrapper)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_am WHERE oid >= 16384)
               OR EXISTS (SELECT 1 FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_database d ON d.oid = s.dbid
                           WHERE d.datname = pg_catalog.current_database() AND s.objid <> 2200::oid
                             AND s.deptype = 'a'::"char")
               \(publications)) AS is_empty,
             coalesce((SELECT n.nspacl::text IS DISTINCT FROM (
                         SELECT i.initprivs::text FROM pg_catalog.pg_init_privs i
                          WHERE i.objoid = n.oid AND i.classoid = 2615::oid AND i.objsubid = 0)
                       OR pg_catalog.pg_get_userbyid(n.nspowner) <> 'pg_database_owner'::name AND n.nspowner <> 10::oid
                       OR pg_catalog.obj_description(n.oid, 'pg_namespace') IS DISTINCT FROM 'standard public schema'
                  FROM pg_catalog.pg_namespace n WHERE n.oid = 2200::oid), true) AS changes_public
      """
  }
}

/// A schema in which the source database has objects of users, and whose they are.
public struct SchemaUse: CatalogRow, Equatable {
  public var nspname: String
  /// Of those objects, less the superuser that initdb made.
  public var owners: [String]

  public init(nspname: String, owners: [String]) {
    self.nspname = nspname
    self.owners = owners
  }

  public static let subject = "the owners of objects in schemas"

  // 1247 pg_type, 1255 pg_proc, 1259 pg_class, 2607 pg_conversion, 2616 pg_opclass, 2617 pg_operator, 2753 pg_opfamily,
  // 3381 pg_statistic_ext, 3456 pg_collation, 3600 to 3602 and 3764 those of text search.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname,
           coalesce(array_agg(DISTINCT r.rolname::text) FILTER (WHERE r.rolname IS NOT NULL), '{}') AS owners
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
      LEFT JOIN pg_catalog.pg_shdepend s ON s.classid = d.classid AND s.objid = d.objid AND s.objsubid = 0
       AND s.deptype = 'o'::"char"
       AND s.dbid = (SELECT b.oid FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database())
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
     WHERE d.refclassid = 2615::oid AND d.deptype = 'n'::"char" AND n.nspname !~ '^pg_'
       AND n.nspname <> 'information_schema'
       AND d.classid IN (1247, 1255, 1259, 2607, 2616, 2617, 2753, 3381, 3456, 3600, 3601, 3602, 3764)
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                        WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'::"char")
     GROUP BY n.nspname ORDER BY n.nspname COLLATE "C"
    """
  }
}

/// The schema `public` of the target database, or one in which an extension lies, and who may create in it.
public struct SchemaAccess: CatalogRow, Equatable {
  public var nspname: String
  public var owner: String
  /// Whether the connected role has the rights of the owner.
  public var isMine: Bool
  /// Whether every role may create in it.
  public var isOpen: Bool
  /// Whether the connected role may let others create in it.
  public var canGrant: Bool
  /// The roles, less superusers, that may create in it; none where every role may.
  public var creators: [String]

  public init(
    nspname: String, owner: String, isMine: Bool, isOpen: Bool = false, canGrant: Bool = false, creators: [String] = []
  ) {
    self.nspname = nspname
    self.owner = owner
    self.isMine = isMine
    self.isOpen = isOpen
    self.canGrant = canGrant
    self.creators = creators
  }

  public static let subject = "who may create in schemas"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname, pg_catalog.pg_get_userbyid(n.nspowner) AS owner,
           pg_catalog.pg_has_role(n.nspowner, 'USAGE') AS is_mine,
           o.is_open,
           pg_catalog.has_schema_privilege(n.oid, 'CREATE WITH GRANT OPTION') AS can_grant,
           CASE WHEN o.is_open THEN '{}' ELSE ARRAY(
             SELECT r.rolname::text FROM pg_catalog.pg_roles r
              WHERE NOT r.rolsuper AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE') ORDER BY 1 LIMIT 1000)
           END AS creators
      FROM pg_catalog.pg_namespace n
     CROSS JOIN LATERAL (
           SELECT EXISTS (SELECT 1 FROM pg_catalog.aclexplode(n.nspacl) x
                           WHERE x.grantee = 0::oid AND x.privilege_type = 'CREATE')) o(is_open)
     WHERE n.nspname = 'public' OR EXISTS (SELECT 1 FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid
                                              AND n.nspname !~ '^pg_')
     ORDER BY n.nspname COLLATE "C"
    """
  }
}
