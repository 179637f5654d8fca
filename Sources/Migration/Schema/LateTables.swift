import Catalog
import Postgres

/// Tables of which the server evaluates functions of users when it creates them: those with generated columns, and those
/// that are partitioned by expressions. To see whether such an expression is immutable it is simplified, with the bodies of
/// functions in SQL, and functions of constants are executed (`contain_mutable_functions_after_planning` in PostgreSQL's
/// source). What the functions name has to be there, and no catalog records it: pg_dump orders tables by their names.
///
/// So they are created last, each with all that needs it.
struct LateTables: Sendable, Equatable {
  /// What the catalogs identify.
  struct Object: Hashable, Sendable, Decodable {
    var classid: Int
    var objid: Int
  }

  /// One of these tables, or what needs it, directly or through others.
  struct Needed: Sendable, Equatable, Decodable {
    var root: Int
    var classid: Int
    var objid: Int
    /// Qualified, of a relation.
    @QuotedName var name: String?

    var object: Object { Object(classid: classid, objid: objid) }
  }

  /// When each is created: the place of the last table that it needs, in their order.
  private let places: [Object: Int]

  /// - Parameter source: a session in the database that is dumped.
  init(of source: Connection) async throws {
    let version = ServerVersion(rawValue: source.session.serverVersion)
    // Tables have been partitioned since 10.
    let needed = version.major >= 10 ? try await source.query(Self.sql(version)).decode(Needed.self) : []
    let readings =
      Set(needed.map(\.root)).count > 1
      ? try await source.query(LoadReading.sql(version), LoadReading.noLimit).decode(LoadReading.self) : []
    self.init(needed, readings)
  }

  init(_ needed: [Needed], _ readings: [LoadReading]) {
    let groups = Dictionary(grouping: needed, by: \.root)
    let roots = groups.keys.sorted()
    let rootsOfName = Dictionary(
      needed.compactMap { each in each.name.map { ($0, [each.root]) } }, uniquingKeysWith: +)
    let readingsOfTable = Dictionary(grouping: readings.filter { !$0.isIndex && !$0.isMaterializedView }, by: \.oid)
    // The code of a partition is that of what it is a partition of.
    var earlier: [Int: Set<Int>] = [:]
    for root in roots {
      let relations = (groups[root] ?? []).filter { $0.classid == Self.relation }.map(\.objid)
      let read = relations.flatMap { readingsOfTable[$0] ?? [] }.flatMap { $0.reads + $0.views + $0.mayRead }
      earlier[root] = Set(read.flatMap { rootsOfName[Quoting.requoted($0)] ?? [] }).subtracting([root])
      for other in roots where other != root && groups[other]?.contains(where: { $0.objid == root }) == true {
        earlier[root]?.insert(other)
      }
    }
    var order: [Int] = []
    var seen: Set<Int> = []
    func add(_ root: Int) {
      guard seen.insert(root).inserted else { return }
      for other in (earlier[root] ?? []).sorted() { add(other) }
      order.append(root)
    }
    for root in roots { add(root) }
    let ranks = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    places = Dictionary(needed.map { ($0.object, ranks[$0.root] ?? 0) }, uniquingKeysWith: max)
  }

  /// The same entries of the part before the data, these tables and what needs them at the end.
  func last(of entries: [ArchiveEntry]) -> [ArchiveEntry] {
    guard !places.isEmpty else { return entries }
    var first: [ArchiveEntry] = []
    var late: [Int: [ArchiveEntry]] = [:]
    var attached: [ArchiveEntry] = []
    // What has no identifier of its own follows what it belongs to.
    var place: Int?
    for entry in entries {
      if entry.isKind("TABLE ATTACH") {
        attached.append(entry)
        continue
      }
      if entry.catalog != 0 {
        place = places[Object(classid: entry.catalog, objid: entry.oid)]
      } else if !Self.parts.contains(where: entry.isKind) {
        place = nil
      }
      if let place { late[place, default: []].append(entry) } else { first.append(entry) }
    }
    return first + late.keys.sorted().flatMap { late[$0] ?? [] } + attached
  }

  private static let parts = ["COMMENT", "ACL", "SECURITY LABEL", "SEQUENCE OWNED BY"]
  /// `pg_class`.
  private static let relation = 1259

  // 1247 is pg_type, 1255 pg_proc, 1259 pg_class, 2604 pg_attrdef, 2605 pg_cast, 2606 pg_constraint, 2617 pg_operator, 2618
  // pg_rewrite. Defaults, checks and rules are dumped with what they belong to. Before 15 the dependency of a generated column
  // is the column's, not its expression's.
  static func sql(_ version: ServerVersion) -> String {
    let code = "d.refclassid IN (1255::oid, 2605::oid, 2617::oid) AND d.refobjid >= 16384::oid"
    let generated =
      version.major >= 12
      ? """
      SELECT a.adrelid FROM pg_catalog.pg_attrdef a
        JOIN pg_catalog.pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated <> ''::"char"
        JOIN pg_catalog.pg_depend d ON \(code)
         AND (d.classid = 2604::oid AND d.objid = a.oid
              OR d.classid = 1259::oid AND d.objid = a.adrelid AND d.objsubid = a.adnum)
      UNION
      """ : ""
    return """
      WITH RECURSIVE roots (oid) AS (
        \(generated)
        SELECT p.partrelid FROM pg_catalog.pg_partitioned_table p JOIN pg_catalog.pg_depend d ON \(code)
           AND d.classid = 1259::oid AND d.objid = p.partrelid AND d.objsubid = 0
         WHERE p.partexprs IS NOT NULL
      ), needed (root, classid, objid) AS (
        SELECT r.oid, 1259::oid, r.oid FROM roots r
        UNION
        SELECT n.root, x.classid, x.objid FROM needed n CROSS JOIN LATERAL (
          SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
           WHERE d.refclassid = n.classid AND d.refobjid = n.objid AND d.deptype <> 'e'::"char"
          UNION ALL
          SELECT 1259::oid, w.ev_class FROM pg_catalog.pg_rewrite w WHERE n.classid = 2618::oid AND w.oid = n.objid
          UNION ALL
          SELECT 1259::oid, a.adrelid FROM pg_catalog.pg_attrdef a WHERE n.classid = 2604::oid AND a.oid = n.objid
          UNION ALL
          SELECT 1259::oid, k.conrelid FROM pg_catalog.pg_constraint k
           WHERE n.classid = 2606::oid AND k.oid = n.objid AND k.contype = 'c'::"char" AND k.conrelid <> 0::oid
          UNION ALL
          SELECT 1247::oid, k.contypid FROM pg_catalog.pg_constraint k
           WHERE n.classid = 2606::oid AND k.oid = n.objid AND k.contypid <> 0::oid) x
      )
      SELECT n.root, n.classid, n.objid, c.oid::pg_catalog.regclass::text AS name
        FROM needed n LEFT JOIN pg_catalog.pg_class c ON n.classid = 1259::oid AND c.oid = n.objid
       ORDER BY n.root, n.classid, n.objid
      """
  }
}
