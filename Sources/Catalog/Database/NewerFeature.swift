/// Something that servers have learnt since version 10, and that a dump writes in a way which older ones refuse.
public struct NewerFeature: CatalogRow {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    case virtualColumn, notEnforced, temporalKey, notNullOption
    case nullsNotDistinct, securityInvoker, publicationFilter, setColumns
    case multirange, rangeType, sqlBody, compression, outParameter
    case storedColumn, hashPartitions, procedure
  }

  public var kind: Kind
  /// How many of the kind there are in all; without a table filter rows are given for some of them only.
  public var nTotal: Int
  /// As SQL names it: a table, its column, constraint or index, a view, type or function.
  public var object: String
  /// Of the table, where it is one's.
  public var nspname: String?
  public var relname: String?

  public static let subject = "what older versions do not know"

  // `$1` is the target's major version. Measured with dumps of 18.6, restored on 13.16, 15.20, 16.14 and 17.10.
  public static func sql(_ server: ServerVersion) -> String {
    let since: [(Int, [String])] = [
      (
        18,
        [
          columns("virtualColumn", "a.attgenerated = 'v'::\"char\""),
          constraints("notEnforced", "NOT k.conenforced"), constraints("temporalKey", "k.conperiod"),
          constraints("notNullOption", "k.contype = 'n'::\"char\" AND (k.connoinherit OR NOT k.convalidated)"),
        ]
      ),
      (
        15,
        [
          constraints("setColumns", "k.confdelsetcols IS NOT NULL"),
          """
          SELECT 'nullsNotDistinct', pg_catalog.format('%I.%I', n.nspname, x.relname), n.nspname, c.relname,
                 1259::oid, c.oid
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
            JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE i.indnullsnotdistinct AND c.oid >= 16384::oid
          """,
          """
          SELECT 'securityInvoker', pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname,
                 1259::oid, c.oid
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'v'::"char" AND c.oid >= 16384::oid
             AND EXISTS (SELECT 1 FROM pg_catalog.unnest(c.reloptions) o WHERE o LIKE 'security_invoker=%')
          """,
          """
          SELECT 'publicationFilter', pg_catalog.quote_ident(p.pubname), NULL, NULL, 6104::oid, p.oid
            FROM pg_catalog.pg_publication p
           WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid)
              OR EXISTS (SELECT 1 FROM pg_catalog.pg_publication_rel r
                          WHERE r.prpubid = p.oid AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL))
          """,
        ]
      ),
      (
        14,
        [
          columns("compression", "a.attcompression <> ''::\"char\" AND c.relkind <> 'f'::\"char\""),
          columns(
            "multirange", "a.atttypid IN (SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typtype = 'm'::\"char\")"),
          functions("sqlBody", "p.prosqlbody IS NOT NULL"),
          functions("outParameter", "p.prokind = 'p'::\"char\" AND 'o'::\"char\" = ANY (p.proargmodes)"),
          """
          SELECT 'rangeType', t.oid::pg_catalog.regtype::text, NULL, NULL, 1247::oid, t.oid FROM pg_catalog.pg_type t
           WHERE t.typtype = 'r'::"char" AND t.oid >= 16384::oid
          """,
        ]
      ),
      (12, [columns("storedColumn", "a.attgenerated = 's'::\"char\"")]),
      (
        11,
        [
          functions("procedure", "p.prokind = 'p'::\"char\""),
          """
          SELECT 'hashPartitions', pg_catalog.format('%I.%I', n.nspname, c.relname), n.nspname, c.relname,
                 1259::oid, c.oid
            FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE p.partstrat = 'h'::"char"
          """,
        ]
      ),
    ]
    let branches = since.filter { $0.0 <= server.major }.flatMap { major, branches in
      branches.map {
        "SELECT x.* FROM (\($0)) x (kind, object, nspname, relname, catalog, oid) WHERE $1::int4 < \(major)"
      }
    }
    let all = branches.isEmpty ? ["SELECT '', '', '', '', 0::oid, 0::oid WHERE $1::int4 < 0"] : branches
    return """
      SELECT y.kind, y.n_total, y.object, y.nspname, y.relname FROM (
        SELECT x.*, count(*) OVER (PARTITION BY x.kind) AS n_total,
               row_number() OVER (PARTITION BY x.kind ORDER BY x.object COLLATE "C") AS n
          FROM (\(all.joined(separator: "\nUNION ALL\n"))) x (kind, object, nspname, relname, catalog, oid)
         WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = x.catalog AND e.objid = x.oid
                              AND e.objsubid = 0 AND e.deptype = 'e'::"char")) y
       WHERE y.n <= $2::int8 ORDER BY y.kind COLLATE "C", y.object COLLATE "C"
      """
  }

  private static func columns(_ kind: String, _ condition: String) -> String {
    """
    SELECT '\(kind)', pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname), n.nspname, c.relname,
           1259::oid, c.oid
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384::oid AND a.attnum > 0 AND NOT a.attisdropped AND \(condition)
       AND c.relkind IN ('r'::"char", 'p'::"char", 'f'::"char", 'm'::"char", 'c'::"char")
    """
  }

  private static func constraints(_ kind: String, _ condition: String) -> String {
    """
    SELECT '\(kind)', pg_catalog.format('%I.%I.%I', n.nspname, c.relname, k.conname), n.nspname, c.relname,
           1259::oid, c.oid
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.oid >= 16384::oid AND \(condition)
    """
  }

  private static func functions(_ kind: String, _ condition: String) -> String {
    """
    SELECT '\(kind)', p.oid::pg_catalog.regprocedure::text, NULL, NULL, 1255::oid, p.oid FROM pg_catalog.pg_proc p
     WHERE p.oid >= 16384::oid AND \(condition)
    """
  }
}

extension NewerFeature.Kind {
  /// The first version that knows it.
  public var since: Int {
    switch self {
    case .virtualColumn, .notEnforced, .temporalKey, .notNullOption: 18
    case .nullsNotDistinct, .securityInvoker, .publicationFilter, .setColumns: 15
    case .multirange, .rangeType, .sqlBody, .compression, .outParameter: 14
    case .storedColumn: 12
    case .hashPartitions, .procedure: 11
    }
  }
}
