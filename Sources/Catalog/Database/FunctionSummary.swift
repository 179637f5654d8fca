/// What kinds of functions users and extensions have added: to tell what has to be looked at more closely.
public struct FunctionSummary: CatalogRow {
  /// In the languages `c` and `internal`, whose functions are found by the name of a library or a symbol.
  public var linked = 0
  /// In other languages, without a setting of their own: these find what they name by the `search_path` of the caller.
  public var withoutSettings = 0
  /// Something that is kept or checked for rows may run some of them: an index, a constraint, a default or a view.
  public var areRunByRelations = false
  /// In `pg_catalog` or `information_schema`.
  public var inSystemSchemas = 0

  public init() {}

  public static let subject = "the kinds of functions"

  // 12 and 13 are the languages internal and c; 1255 is pg_proc, 2605 pg_cast and 2617 pg_operator, by which functions
  // are called too. Aggregates are written in internal too. The operator is dearer to plan
  // than a function would be, but finds the index, which spares reading thousands of functions.
  public static func sql(_ server: ServerVersion) -> String {
    let isAggregate = server.major >= 11 ? "prokind = 'a'::\"char\"" : "proisagg"
    return """
      SELECT count(*) FILTER (WHERE prolang IN (12::oid, 13::oid) AND NOT \(isAggregate)) AS linked,
             count(*) FILTER (WHERE prolang NOT IN (12::oid, 13::oid) AND proconfig IS NULL) AS without_settings,
             EXISTS (SELECT 1 FROM pg_catalog.pg_depend
                      WHERE refclassid IN (1255::oid, 2605::oid, 2617::oid) AND refobjid >= 16384::oid
                        AND classid IN (1259::oid, 2604::oid, 2606::oid, 2618::oid, 3381::oid)) AS are_run_by_relations,
             count(*) FILTER (WHERE \(isInSystemSchema("pronamespace"))) AS in_system_schemas
        FROM pg_catalog.pg_proc
       WHERE oid >= 16384::oid
      """
  }
}

/// The condition that `column` names `pg_catalog` or `information_schema`, whose OID is not the same everywhere.
/// Of the schemas that `initdb` makes, 99 is `pg_toast` and 2200 `public`.
func isInSystemSchema(_ column: String) -> String {
  "\(column) < 16384::oid AND \(column) NOT IN (99::oid, 2200::oid)"
}

/// Functions in C or `internal`, not counting members of extensions: all of one library, or of one symbol.
public struct LinkedFunctions: CatalogRow {
  /// Else they are in C.
  public var isInternal: Bool
  /// The library as the functions name it, or the symbol in the server.
  public var name: String
  public var functions: Int
  /// Some of them, as SQL names them.
  public var examples: [String]

  public static let subject = "the functions in C and internal"

  // Constructors of range types are internal functions too, which come with their type.
  public static func sql(_ server: ServerVersion) -> String {
    let isAggregate = server.major >= 11 ? "p.prokind = 'a'::\"char\"" : "p.proisagg"
    return """
      SELECT x.is_internal, x.name, count(*) AS functions,
             (array_agg(x.function ORDER BY x.function COLLATE "C"))[1:10] AS examples
        FROM (SELECT p.prolang = 12::oid AS is_internal,
                     CASE p.prolang WHEN 12::oid THEN p.prosrc ELSE coalesce(p.probin::text, '') END AS name,
                     p.oid::pg_catalog.regprocedure::text AS function
                FROM pg_catalog.pg_proc p
               WHERE p.oid >= 16384::oid AND p.prolang IN (12::oid, 13::oid) AND NOT \(isAggregate)
                 AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 1255::oid AND e.objid = p.oid
                                    AND e.deptype IN ('e'::"char", 'i'::"char"))) x
       GROUP BY x.is_internal, x.name ORDER BY x.is_internal, x.name COLLATE "C"
      """
  }
}
