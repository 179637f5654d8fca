/// Something in the target database that is neither the system's nor an extension's.
public struct UserObject: CatalogRow {
  public enum Kind: String, Codable, Sendable {
    case table
    case view
    case materializedView = "materialized view"
    case sequence
    case foreignTable = "foreign table"
    case type
    case function
    case schema
  }

  /// How many there are in all; rows are given for the first of them only.
  public var nTotal: Int
  public var kind: Kind
  public var nspname: String
  /// Of a function, with its arguments; of a schema, the same as `nspname`.
  public var name: String

  public static let subject = "the objects of the target database"
  public static let limit = 20_000

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, x.kind, x.nspname, x.name
      FROM (\(userObjects)) AS x
     ORDER BY x.kind <> 'table', x.nspname COLLATE "C", x.name COLLATE "C" LIMIT \(limit)
    """
  }
}

/// Whether there may be any `UserObject`, told at a fraction of what it costs to name them.
public struct UserObjectSigns: CatalogRow {
  public var areThere: Bool

  public static let subject = UserObject.subject

  // What users make depends on something, be it its schema or its language; only a schema need not. Members of
  // extensions are signs too. Functions in place of operators cost a new session less (see RelationSummary).
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_depend WHERE pg_catalog.oidge(objid, 16384::oid))
        OR EXISTS (SELECT 1 FROM pg_catalog.pg_namespace
                    WHERE pg_catalog.oidge(oid, 16384::oid)
                      AND pg_catalog.textne(pg_catalog.left(nspname::text, 3), 'pg_')) AS are_there
    """
  }
}

/// An object of the source database whose name the target database has given away already.
public struct TakenName: CatalogRow {
  public var kind: UserObject.Kind
  public var nspname: String
  public var name: String

  public static let subject = "the names that the target database has too"

  // The parameters are the names that the target has. Tables, views, sequences and types share one space of names.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT DISTINCT x.kind, x.nspname, x.name
      FROM (\(userObjects)) AS x
      JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))
        AS t (kind, nspname, name)
        ON t.nspname = x.nspname AND t.name = x.name
       AND CASE WHEN t.kind IN ('function', 'schema') THEN x.kind = t.kind
                ELSE x.kind NOT IN ('function', 'schema') END
    """
  }

  public static func parameters(_ objects: [UserObject]) -> [String] {
    [objects.map(\.kind.rawValue), objects.map(\.nspname), objects.map(\.name)].map(arrayLiteral)
  }
}

/// Schemas, relations, functions and types of users.
private let userObjects = """
  SELECT CASE c.relkind WHEN 'v'::"char" THEN 'view' WHEN 'm'::"char" THEN 'materialized view'
                        WHEN 'S'::"char" THEN 'sequence' WHEN 'f'::"char" THEN 'foreign table'
                        WHEN 'c'::"char" THEN 'type' ELSE 'table' END AS kind,
         n.nspname::text AS nspname, c.relname::text AS name
    \(userRelations(where: "c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')"))
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE c.relkind = 'c' AND e.objid = c.reltype
                        AND e.classid = 'pg_catalog.pg_type'::regclass AND e.deptype = 'e')
  UNION ALL
  SELECT 'function', n.nspname::text,
         p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')'
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE p.oid >= 16384 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::regclass
                        AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
  UNION ALL
  SELECT 'type', n.nspname::text, t.typname::text
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
   WHERE t.oid >= 16384 AND t.typtype IN ('d', 'e', 'r', 'b') AND n.nspname !~ '^pg_'
     AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::regclass
                        AND e.objid = t.oid AND e.deptype IN ('e', 'i'))
  UNION ALL
  SELECT 'schema', n.nspname::text, n.nspname::text
    FROM pg_catalog.pg_namespace n
   WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_namespace'::regclass
                        AND e.objid = n.oid AND e.deptype = 'e')
  """

/// The texts as a constant of type `text[]`.
public func arrayLiteral(_ texts: [String]) -> String {
  let elements = texts.map { text in
    var element = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { element.unicodeScalars.append("\\") }
      element.unicodeScalars.append(scalar)
    }
    return element + "\""
  }
  return "{" + elements.joined(separator: ",") + "}"
}
