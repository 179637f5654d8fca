import Catalog
import Postgres

/// A table of the source whose rows are to be copied.
struct SourceTable: Decodable, Sendable, Equatable {
  var oid: Int
  /// Qualified, quoted.
  @QuotedName var name: String
  /// Quoted, without those that are generated; nil for a table without columns.
  @QuotedName var columnNames: [String]?
  /// Of the main part alone, in blocks.
  var blocks: Int
  /// With what is stored out of line.
  var sizeBytes: Int
  /// Whether all columns are of types whose binary form is the same on every server.
  var isBinary: Bool
  /// Whether a value of those types may be text, which is in an encoding.
  var hasText = false
  /// The partitioned table through which the rows go, where the target may route them to other partitions.
  @QuotedName var routedThrough: String?
  /// Of an extension's configuration table: which rows are the user's own (`WHERE …`, or nothing for all).
  var condition: String?
  /// Whether an extension brings the table along.
  var isOfExtension: Bool
  /// Columns of which single values may be large, where anything is stored out of line: their names, the identifiers
  /// of their types (of a domain's, the one below), and the types' names.
  @QuotedName var wideColumns: [String]?
  var wideTypes: [Int]?
  var wideTypeNames: [String]?
  /// The column that takes least to send, quoted: to count rows by.
  @QuotedName var narrowColumn: String? = nil
  /// Whether code of somebody who is no superuser would run, with this role's rights, when the server plans a query over
  /// it: COPY of the table as a whole plans nothing.
  var hasCode = false
  /// Generated columns that are stored, quoted, which code of users computes: the target does so once more.
  var computedColumns: [String]? = nil

  /// Whether it has rows of the user's own.
  var hasRows: String { "SELECT EXISTS (SELECT FROM ONLY \(name) \(condition ?? ""))" }
  /// Separated by commas.
  var columns: String? { columnNames?.joined(separator: ", ") }

  /// - Parameter version: the source's.
  ///
  /// `$1` are the tables that the dump of the schema holds, `$2` the extensions that are left out. A hash of an enum's
  /// value depends on identifiers that differ on the target (release notes of pg_dump 16.0, `--load-via-partition-root`).
  static func sql(_ version: ServerVersion) -> String {
    let generated = version.major >= 12 ? "AND a.attgenerated = ''" : ""
    let computed =
      version.major >= 12
      ? """
      (SELECT array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attgenerated = 's' AND a.attname::text IN (
               SELECT o.name FROM own o WHERE o.relation = c.oid AND o.kind = 'generated column'))
      """ : "NULL::text[]"
    return """
      WITH RECURSIVE \(codeOfTables(version))
      SELECT c.oid, c.oid::pg_catalog.regclass::text AS name,
             (SELECT array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \(generated)) AS column_names,
             pg_catalog.pg_relation_size(c.oid)
               / pg_catalog.current_setting('block_size')::int8 AS blocks,
             pg_catalog.pg_table_size(c.oid) AS size_bytes,
             NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                 AND NOT a.atttypid = ANY ('{\(Self.listed(Self.plainTypes + Self.textTypes))}'::oid[])) AS is_binary,
             EXISTS (SELECT FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                 AND a.atttypid = ANY ('{\(Self.listed(Self.textTypes))}'::oid[])) AS has_text,
             \(routedThrough(version)) AS routed_through,
             (SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \(generated)
               ORDER BY a.attlen <= 0, a.attlen, a.attnum LIMIT 1) AS narrow_column,
             x.condition, x.condition IS NOT NULL AS is_of_extension, w.wide_columns, w.wide_types, w.wide_type_names,
             EXISTS (SELECT FROM code d JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
                      WHERE d.relation = c.oid AND (d.is_planted OR NOT r.rolsuper)) AS has_code,
             \(computed) AS computed_columns
        FROM pg_catalog.pg_class c
        LEFT JOIN LATERAL (
             SELECT array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attnum) AS wide_columns,
                    array_agg(b.oid ORDER BY a.attnum) AS wide_types,
                    array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) AS wide_type_names
               FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
               JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \(generated)
                AND b.oid = ANY ('{\(WideRows.types.keys.sorted().map(String.init).joined(separator: ","))}'::oid[])) w
          ON c.reltoastrelid <> 0 AND pg_catalog.pg_relation_size(c.reltoastrelid) > \(WideRows.leastOutOfLine)
        LEFT JOIN (SELECT k.tableoid, coalesce(e.extcondition[k.n], '') AS condition
                     FROM pg_catalog.pg_extension e CROSS JOIN unnest(e.extconfig) WITH ORDINALITY AS k(tableoid, n)
                    WHERE NOT e.extname = ANY ($2::text[])) x ON x.tableoid = c.oid
       WHERE c.relkind = 'r' AND (c.oid = ANY ($1::oid[]) OR x.condition IS NOT NULL)
       ORDER BY pg_catalog.pg_table_size(c.oid) DESC, c.oid
      """
  }

  /// Of a table `c`: the partitioned table through which its rows go, where that is partitioned by the hash of an enum.
  static func routedThrough(_ version: ServerVersion) -> String {
    // Partitioning by hash is new in 11.
    guard version.major >= 11 else { return "NULL" }
    return """
      CASE WHEN c.relispartition THEN (
        WITH RECURSIVE up AS (
          SELECT i.inhparent AS oid, 1 AS level FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid
          UNION ALL SELECT i.inhparent, u.level + 1 FROM up u JOIN pg_catalog.pg_inherits i ON i.inhrelid = u.oid)
        SELECT u.oid::pg_catalog.regclass::text FROM up u JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = u.oid
         WHERE p.partstrat = 'h' AND EXISTS (
               SELECT FROM unnest(p.partattrs::int2[]) k(attnum) JOIN pg_catalog.pg_attribute ka
                   ON ka.attrelid = u.oid AND ka.attnum = k.attnum JOIN pg_catalog.pg_type kt ON kt.oid = ka.atttypid
                   LEFT JOIN pg_catalog.pg_type kb ON kt.typtype = 'd' AND kb.oid = kt.typbasetype
                WHERE kt.typtype = 'e' OR kb.typtype = 'e')
         ORDER BY u.level DESC LIMIT 1) END
      """
  }

  /// Types of the core whose binary form no version has changed since 10, and the arrays of them. Not among them: those
  /// that hold identifiers of objects (`regclass` and its kin), and those whose form has a version of its own.
  ///
  /// Source: `pg_type.dat` and the types' send functions.
  private static let plainTypes = [
    // bool, bytea, "char", int8, int2, int4, oid, tid
    16, 17, 18, 20, 21, 23, 26, 27,
    // point, lseg, path, box, polygon, line, float4, float8, circle, money, macaddr, inet, cidr, macaddr8
    600, 601, 602, 603, 604, 628, 700, 701, 718, 790, 829, 869, 650, 774,
    // date, time, timestamp, timestamptz, interval, timetz, bit, varbit, numeric, uuid
    1082, 1083, 1114, 1184, 1186, 1266, 1560, 1562, 1700, 2950,
    // their arrays
    1000, 1001, 1002, 1016, 1005, 1007, 1028, 1010, 1017, 1018, 1019, 1020, 1027, 629, 1021, 1022, 719, 791, 1040,
    1041, 651, 775, 1182, 1183, 1115, 1185, 1187, 1270, 1561, 1563, 1231, 2951,
  ]

  /// The same of text: name, text, json, bpchar, varchar, jsonb, and their arrays.
  private static let textTypes = [19, 25, 114, 1042, 1043, 3802, 1003, 1009, 199, 1014, 1015, 3807]

  private static func listed(_ types: [Int]) -> String { types.map(String.init).joined(separator: ",") }
}

/// A foreign key of the target.
struct ForeignKey: Decodable, Sendable, Equatable {
  /// The table that others refer to, qualified, quoted.
  @QuotedName var referenced: String
  /// The one that it belongs to; of several partitions, the partitioned one.
  @QuotedName var table: String
  /// Quoted.
  @QuotedName var name: String
  var definition: String

  /// Those by which other tables refer to a table. What a partition has from its parent is its parent's.
  static func sql(_ version: ServerVersion) -> String {
    let parent = version.major >= 11 ? "k.conparentid" : "0::oid"
    return """
      WITH RECURSIVE up AS (
        SELECT k.oid, k.confrelid AS referenced, \(parent) AS parent FROM pg_catalog.pg_constraint k
         WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
        UNION ALL
        SELECT k.oid, u.referenced, \(parent) FROM up u JOIN pg_catalog.pg_constraint k ON k.oid = u.parent)
      SELECT DISTINCT u.referenced::pg_catalog.regclass::text AS referenced,
             k.conrelid::pg_catalog.regclass::text AS "table", pg_catalog.quote_ident(k.conname) AS name,
             pg_catalog.pg_get_constraintdef(k.oid) AS definition
        FROM up u JOIN pg_catalog.pg_constraint k ON k.oid = u.oid
       WHERE u.parent = 0::oid
      """
  }
}

/// A trigger or a rule of a table of the target that acts on rows that are copied or removed.
struct FiringTrigger: Decodable, Sendable, Equatable {
  /// `TRIGGER` or `RULE`.
  var kind: String
  /// Qualified, quoted.
  @QuotedName var table: String
  /// Quoted.
  @QuotedName var name: String
  /// `pg_trigger.tgenabled` or `pg_rewrite.ev_enabled`: `O`, `R` or `A`.
  var enabled: String

  // Before 15, a partition's copies of its parent's triggers are marked as internal (release notes of 15). Those of
  // foreign keys are the server's own.
  static let sql = """
    SELECT 'TRIGGER' AS kind, t.tgrelid::pg_catalog.regclass::text AS table, pg_catalog.quote_ident(t.tgname) AS name,
           t.tgenabled::text AS enabled
      FROM pg_catalog.pg_trigger t
     WHERE t.tgenabled <> 'D' AND (NOT t.tgisinternal OR t.tgparentid <> 0 AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype = 'f'))
    UNION ALL
    SELECT 'RULE', r.ev_class::pg_catalog.regclass::text, pg_catalog.quote_ident(r.rulename), r.ev_enabled::text
      FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
     WHERE r.ev_enabled <> 'D' AND c.relkind IN ('r', 'p') AND c.oid >= 16384
    """

  // ONLY: partitions may have the same trigger in another state.
  var disabling: String { "ALTER TABLE ONLY \(table) DISABLE \(kind) \(name)" }

  var enabling: String {
    let way = enabled == "A" ? "ALWAYS " : enabled == "R" ? "REPLICA " : ""
    return "ALTER TABLE ONLY \(table) ENABLE \(way)\(kind) \(name)"
  }
}

/// A range of a table's blocks, or all of it.
struct TablePart: Sendable, Equatable {
  var table: SourceTable
  /// From 0.
  var number: Int
  var count: Int
  /// The first block; the last part has no end, as a table grows.
  var blocks: Range<Int>?
  var sizeBytes: Int
  /// Whether foreign keys are not looked at while its rows are written: all rows that they ask for come too.
  var isReplica = false
  /// Whether it replaces rows that others refer to, so that the table can't be truncated.
  var replacesReferencedRows = false
  /// Those by which others refer to it, to be dropped for as long as its rows are replaced.
  var suspendedForeignKeys: [ForeignKey] = []
  /// Those that would act on the rows: their functions are not to run with this role's rights, nor to change rows.
  var suspendedTriggers: [FiringTrigger] = []
  /// Whether all rows of the partitioned table through which its rows go are replaced: by those of this part and of the
  /// others that are copied in the same transaction.
  var replacesRowsOfRoot = false
  /// Quoted names of tables whose row security holds for their owners too, and is lifted for the load.
  var forcedRowSecurity: [String] = []
  /// Whether rows of a table of an extension have been copied before.
  var replacesExtensionRows = false

  var isWhole: Bool { count == 1 }
  /// The table that COPY names on the target.
  var destination: String { table.routedThrough ?? table.name }
  /// As the journal names it. A table that has grown since is divided otherwise.
  var step: String {
    let range = blocks.map { "\($0.lowerBound)-\($0.upperBound) " } ?? ""
    return "rows \(table.oid) \(range)\(number)/\(count)"
  }

  /// Which rows: of a range, of an extension's table those that are the user's.
  var condition: String {
    guard let blocks, !isWhole else { return table.condition ?? "" }
    let end = number == count - 1 ? "" : " AND ctid < '(\(blocks.upperBound),0)'::pg_catalog.tid"
    return "WHERE ctid >= '(\(blocks.lowerBound),0)'::pg_catalog.tid\(end)"
  }

  /// What reads it on the source.
  ///
  /// - Parameter wide: rows that go another way.
  func copyOut(_ format: RowFormat, excluding wide: WideRows? = nil) -> String {
    let options = format.options(isBinary: format.isBinary(table))
    guard condition.isEmpty, wide == nil else {
      let rows = "SELECT \(table.columns ?? "") FROM ONLY \(table.name) \(condition)"
      guard let wide else { return "COPY (\(rows)) TO STDOUT WITH \(options)" }
      // What is not known to be too wide is copied as all the others are.
      let joint = condition.isEmpty ? "WHERE" : "AND"
      return "COPY (\(rows) \(joint) (\(wide.isWide)) IS NOT TRUE) TO STDOUT WITH \(options)"
    }
    return "COPY \(table.name)\(table.columns.map { " (\($0))" } ?? "") TO STDOUT WITH \(options)"
  }

  /// What writes it on the target.
  ///
  /// A table that one transaction empties and fills can be frozen at once (documentation of COPY, `FREEZE`): nobody
  /// else sees it before the commit, and it needs no vacuum afterwards.
  func copyIn(_ format: RowFormat) -> String {
    let columns = table.columns.map { " (\($0))" } ?? ""
    let options = format.options(isBinary: format.isBinary(table), more: isFrozen ? ", FREEZE" : "")
    return "COPY \(destination)\(columns) FROM STDIN WITH \(options)"
  }

  var isFrozen: Bool { isWhole && table.routedThrough == nil && !table.isOfExtension && !replacesReferencedRows }

  fileprivate var emptying: [String] {
    if let root = table.routedThrough {
      guard replacesRowsOfRoot else { return [] }
      // One that others refer to can't be truncated, whether or not their foreign keys are looked at.
      return [replacesReferencedRows ? "DELETE FROM \(root)" : "TRUNCATE \(root)"]
    }
    if replacesReferencedRows || replacesExtensionRows {
      return ["DELETE FROM ONLY \(table.name) \(table.condition ?? "")"]
    }
    return isFrozen ? ["TRUNCATE ONLY \(table.name)"] : []
  }
}

extension [TablePart] {
  /// What comes before the rows of these parts in their transaction: nothing is emptied before triggers and rules are
  /// suspended.
  ///
  /// - Parameter setsReplica: whether the session is not in replica mode anyway.
  func preparation(setsReplica: Bool = true) -> [String] {
    var statements: [String] = []
    if setsReplica, contains(where: \.isReplica) {
      statements.append("SET LOCAL session_replication_role = replica")
    }
    statements += flatMap(\.forcedRowSecurity).uniqued.map { "ALTER TABLE \($0) NO FORCE ROW LEVEL SECURITY" }
    statements += flatMap(\.suspendedTriggers).map(\.disabling).uniqued
    let keys = flatMap(\.suspendedForeignKeys)
    statements += keys.map { "ALTER TABLE \($0.table) DROP CONSTRAINT \($0.name)" }.uniqued
    return statements + flatMap(\.emptying).uniqued
  }

  /// What comes after the rows, which it looks at.
  var completion: [String] {
    let keys = flatMap(\.suspendedForeignKeys)
    var statements = keys.map { "ALTER TABLE \($0.table) ADD CONSTRAINT \($0.name) \($0.definition)" }.uniqued
    statements += flatMap(\.suspendedTriggers).map(\.enabling).uniqued
    statements += flatMap(\.forcedRowSecurity).uniqued.map { "ALTER TABLE \($0) FORCE ROW LEVEL SECURITY" }
    return statements
  }
}

/// The order in which the rows of a database are copied: the largest parts first.
struct CopyPlan: Sendable, Equatable {
  var parts: [TablePart]

  /// - Parameters:
  ///   - jobs: how many parts are copied at the same time.
  ///   - canSplit: whether the source reads a range of blocks without reading the table (14 and newer: TID range scan).
  init(tables: [SourceTable], jobs: Int, canSplit: Bool) {
    let total = tables.sum(of: \.sizeBytes)
    // A table that is smaller than its share of the work holds up nobody.
    let share = max(total / max(jobs, 1), Self.minimumPart)
    parts = tables.flatMap { table -> [TablePart] in
      // Rounded: a table of nearly two shares is split too.
      let pieces = min((table.sizeBytes + share / 2) / share, table.blocks, jobs)
      guard canSplit, pieces > 1, !table.isOfExtension, !table.hasCode, table.columns != nil else {
        return [TablePart(table: table, number: 0, count: 1, blocks: nil, sizeBytes: table.sizeBytes)]
      }
      return (0..<pieces).map { number in
        TablePart(
          table: table, number: number, count: pieces,
          blocks: table.blocks * number / pieces..<table.blocks * (number + 1) / pieces,
          sizeBytes: table.sizeBytes / pieces)
      }
    }
    parts.sort { ($0.sizeBytes, -$0.table.oid, -$0.number) > ($1.sizeBytes, -$1.table.oid, -$1.number) }
  }

  /// Below that a part of its own costs more than it spares.
  static let minimumPart = 256 << 20
}
