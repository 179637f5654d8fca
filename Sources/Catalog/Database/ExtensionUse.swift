/// What hangs on an extension by the dependencies that the catalogs record; read only where it matters: in a source
/// database with one that the target does not offer, or offers in another version, or that is left out.
public struct ExtensionUse: CatalogRow {
  public var extname: String
  /// Whether the connected role may use what lies in its schema.
  public var schemaUsable: Bool
  /// User objects that would be lost with it.
  public var dependents: Int
  /// Extensions of the database that can't be created without it.
  public var requiredBy: [String]

  public static let subject = "what depends on the extensions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname, pg_catalog.has_schema_privilege(x.extnamespace, 'USAGE') AS schema_usable,
           (SELECT count(DISTINCT (d.classid, d.objid)) FROM (\(extensionMembers)) m
              JOIN pg_catalog.pg_depend d ON \(isUseOfMember)
             WHERE m.extension = x.oid) AS dependents,
           ARRAY(SELECT y.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension y ON y.oid = d.objid
                  WHERE d.refclassid = 3079::oid AND d.refobjid = x.oid AND d.classid = 3079::oid ORDER BY 1)
             AS required_by
      FROM pg_catalog.pg_extension x WHERE x.extname <> 'plpgsql'
    """
  }
}

/// The objects `classid`, `objid` of each `extension`, with the types of rows and arrays that go with them.
///
/// Servers before 14 do not record an array type as a member, nor any server the types of a relation's rows.
let extensionMembers = """
  SELECT m.refobjid AS extension, m.classid, m.objid FROM pg_catalog.pg_depend m
   WHERE m.refclassid = 3079::oid AND m.deptype = 'e'::"char"
   UNION SELECT m.refobjid, m.classid, t.typarray FROM pg_catalog.pg_depend m
    JOIN pg_catalog.pg_type t ON m.classid = 1247::oid AND t.oid = m.objid AND t.typarray <> 0::oid
   WHERE m.refclassid = 3079::oid AND m.deptype = 'e'::"char"
   UNION SELECT m.refobjid, 1247::oid, t.oid FROM pg_catalog.pg_depend m
    JOIN pg_catalog.pg_class c ON m.classid = 1259::oid AND c.oid = m.objid
    JOIN pg_catalog.pg_type r ON r.oid = c.reltype JOIN pg_catalog.pg_type t ON t.oid IN (r.oid, r.typarray)
   WHERE m.refclassid = 3079::oid AND m.deptype = 'e'::"char"
  """

/// Whether `pg_depend d` is that a user's object depends on the member `m`.
///
/// The operators and functions of an operator class are no members of its extension: 2602 and 2603 list them. Nor are the
/// constraints, defaults, rules, triggers and indexes of its tables, views and domains.
let isUseOfMember = """
  d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('n', 'a')
               AND d.objid >= 16384 AND d.classid NOT IN (2602, 2603)
               AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend y
                                WHERE y.classid = d.classid AND y.objid = d.objid AND y.deptype = 'e')
               AND NOT EXISTS (
                   SELECT 1 FROM (
                     SELECT 1259, k.conrelid FROM pg_catalog.pg_constraint k WHERE d.classid = 2606 AND k.oid = d.objid
                     UNION ALL SELECT 1247, k.contypid FROM pg_catalog.pg_constraint k WHERE d.classid = 2606 AND k.oid = d.objid
                     UNION ALL SELECT 1259, k.adrelid FROM pg_catalog.pg_attrdef k WHERE d.classid = 2604 AND k.oid = d.objid
                     UNION ALL SELECT 1259, k.ev_class FROM pg_catalog.pg_rewrite k WHERE d.classid = 2618 AND k.oid = d.objid
                     UNION ALL SELECT 1259, k.tgrelid FROM pg_catalog.pg_trigger k WHERE d.classid = 2620 AND k.oid = d.objid
                     UNION ALL SELECT 1259, k.indrelid FROM pg_catalog.pg_index k WHERE d.classid = 1259 AND k.indexrelid = d.objid
                   ) AS o(classid, objid)
                   JOIN pg_catalog.pg_depend y ON y.classid = o.classid AND y.objid = o.objid AND y.deptype = 'e')
  """
