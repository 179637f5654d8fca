// What servers up to some version take, and later ones refuse; read where a move crosses that version.

/// An aggregate or operator over a built-in function whose arguments are no longer `anyarray` and `anyelement` from 14.
public struct PolymorphicUse: CatalogRow {
  public enum Kind: String, Codable, Sendable {
    case aggregate, `operator`
  }

  public var kind: Kind
  /// As DROP takes it.
  public var object: String
  /// What it is made of, with arguments.
  public var uses: [String]

  public static let subject = "the aggregates and operators over functions of arrays"

  // Source: release notes of 14, "array_append() …, width_bucket()".
  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH old AS (
      SELECT p.oid, p.oid::pg_catalog.regprocedure::text AS name FROM pg_catalog.pg_proc p
       WHERE p.pronamespace = 11::oid AND p.oid < 16384::oid
         AND p.proname IN ('array_append', 'array_prepend', 'array_cat', 'array_remove', 'array_replace',
                           'array_position', 'array_positions', 'width_bucket')
         AND p.proargtypes::oid[] && '{2277,2283}'::oid[])
    SELECT 'aggregate' AS kind, pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
             pg_catalog.pg_get_function_identity_arguments(p.oid)) AS object,
           ARRAY(SELECT o.name FROM old o WHERE o.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn,
                   a.aggminvtransfn, a.aggmfinalfn) ORDER BY 1) AS uses
      FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE p.oid >= 16384::oid
       AND (a.aggtranstype IN (2277::oid, 2283::oid) OR a.aggmtranstype IN (2277::oid, 2283::oid))
       AND EXISTS (SELECT 1 FROM old o WHERE o.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn,
                     a.aggminvtransfn, a.aggmfinalfn))
       AND \(isNoMember("p.oid", of: "pg_proc"))
    UNION ALL
    SELECT 'operator', \(operatorName), ARRAY[f.name]
      FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      JOIN old f ON f.oid = o.oprcode
     WHERE o.oid >= 16384::oid
       AND (o.oprleft IN (2277::oid, 2283::oid) OR o.oprright IN (2277::oid, 2283::oid))
       AND \(isNoMember("o.oid", of: "pg_operator"))
     ORDER BY 1, 2
    """
  }
}

/// A user's operator behind its operand.
public struct PostfixOperator: CatalogRow {
  /// As DROP OPERATOR takes it.
  public var object: String
  /// What computes it, as SQL names it.
  public var function: String

  public static let subject = "the postfix operators"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT \(operatorName) AS object, o.oprcode::pg_catalog.regprocedure::text AS function
      FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
     WHERE o.oid >= 16384::oid AND o.oprright = 0::oid AND o.oprleft <> 0::oid
       AND \(isNoMember("o.oid", of: "pg_operator"))
     ORDER BY 1
    """
  }
}

/// A user's encoding conversion by a function that is not built in.
public struct EncodingConversion: CatalogRow {
  /// As DROP CONVERSION takes it.
  public var object: String
  /// As SQL names it.
  public var function: String

  public static let subject = "the encoding conversions"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT pg_catalog.format('%I.%I', n.nspname, c.conname) AS object,
           c.conproc::pg_catalog.regprocedure::text AS function
      FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
     WHERE c.oid >= 16384::oid AND c.conproc >= 16384::oid
       AND \(isNoMember("c.oid", of: "pg_conversion"))
     ORDER BY 1
    """
  }
}

/// A function that takes or returns `opaque`, which 13 took away.
public struct OpaqueFunction: CatalogRow {
  public var function: String

  public static let subject = "the functions with the type opaque"

  // 2282 was opaque.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT p.oid::pg_catalog.regprocedure::text AS function FROM pg_catalog.pg_proc p
     WHERE p.oid >= 16384::oid AND (p.prorettype = 2282::oid OR 2282::oid = ANY (p.proargtypes::oid[]))
       AND \(isNoMember("p.oid", of: "pg_proc"))
     ORDER BY 1
    """
  }
}

/// A column of a type that a later version took away, be it within a domain, an array or a composite type.
public struct RemovedTypeColumn: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var attname: String
  /// `abstime`, `reltime`, `tinterval`, `unknown` or `smgr`.
  public var type: String
  /// As it is declared.
  public var declared: String

  public static let subject = "the columns of types that later versions lack"

  public static func sql(_ server: ServerVersion) -> String {
    """
    WITH RECURSIVE gone(oid, root) AS (
      SELECT t.oid, t.typname::text FROM pg_catalog.pg_type t
       WHERE t.typnamespace = 11::oid AND t.typname IN ('abstime', 'reltime', 'tinterval', 'smgr', 'unknown')
      UNION
      SELECT t.oid, g.root FROM gone g JOIN pg_catalog.pg_type t
          ON (t.typtype = 'd'::"char" AND t.typbasetype = g.oid) OR (t.typcategory = 'A'::"char" AND t.typelem = g.oid)
          OR (t.typtype = 'c'::"char" AND EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = t.typrelid AND a.atttypid = g.oid AND NOT a.attisdropped)))
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname, a.attname, g.root AS type,
           pg_catalog.format_type(a.atttypid, a.atttypmod) AS declared
      FROM pg_catalog.pg_attribute a JOIN gone g ON g.oid = a.atttypid
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384::oid AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_'
       AND n.nspname <> 'information_schema'::name AND c.relkind IN ('r', 'p', 'm', 'f', 'v', 'c')
       AND (g.root <> 'unknown' OR c.relkind IN ('r', 'p', 'm', 'f'))
       AND \(isNoMember("c.oid", of: "pg_class"))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum LIMIT $1::int8
    """
  }
}

/// A table whose rows have an OID in a hidden column.
public struct TableWithOIDs: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String

  public static let subject = "the tables with OIDs"

  // The column ends with 12, and so does the question.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, n.nspname, c.relname
      \(userRelations(where: server.major < 12 ? "c.relhasoids" : "false"))
     ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// The name of the operator `o` in the schema `n`, as DROP OPERATOR takes it.
private let operatorName = """
  pg_catalog.format('%I.%s (%s, %s)', n.nspname, o.oprname,
    CASE o.oprleft WHEN 0::oid THEN 'NONE' ELSE o.oprleft::pg_catalog.regtype::text END,
    CASE o.oprright WHEN 0::oid THEN 'NONE' ELSE o.oprright::pg_catalog.regtype::text END)
  """

/// The condition that an object of a catalog is no member of an extension.
func isNoMember(_ oid: String, of catalog: String) -> String {
  """
  NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.\(catalog)'::pg_catalog.regclass
                 AND e.objid = \(oid) AND e.objsubid = 0 AND e.deptype = 'e'::"char")
  """
}
