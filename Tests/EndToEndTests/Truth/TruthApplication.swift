import Foundation
import Synchronization
import TestSupport

/// An application of a database: it writes to every table, and to its large objects, until it is stopped.
///
/// What it does, it has tried before anything is migrated: a statement that fails by itself is none of it.
final class TruthApplication: Sendable {
  private struct Statement {
    var table: String
    var sql: String
  }

  private struct State {
    var isStopped = false
    var hasEnded = false
    var faults: [String: String] = [:]
    var written = 0
  }

  private let state = Mutex(State())
  private let conninfo: String

  /// What failed because of the migration, in the server's words.
  var faults: [String] { state.withLock { $0.faults.values.sorted() } }
  /// How many statements were acknowledged.
  var written: Int { state.withLock { $0.written } }

  /// Tries its statements once; returns nil where there is nothing to write to.
  static func start(_ cluster: TestCluster, database: String) async throws -> TruthApplication? {
    let name = database.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    let conninfo =
      "host='\(cluster.socketDirectory)' port=\(cluster.port) user=postgres dbname='\(name)' application_name=application"
    return try await onThread {
      let session = try PlainSession(conninfo)
      try session.run("set statement_timeout to '30s'; set client_min_messages to error")
      let statements = try tables(of: session).flatMap { try self.statements(for: $0, session) } + largeObjects(session)
      let able = statements.filter { statement in
        do {
          try session.run(statement.sql)
          return true
        } catch PlainSession.Failure.refused(let sqlstate, _) {
          return isDatas(sqlstate)
        } catch {
          return false
        }
      }
      return able.isEmpty ? nil : TruthApplication(conninfo, able)
    }
  }

  private init(_ conninfo: String, _ statements: [Statement]) {
    self.conninfo = conninfo
    Thread.detachNewThread { [self] in
      work(statements)
      state.withLock { $0.hasEnded = true }
    }
  }

  /// Returns when its last statement has ended.
  func stop() async {
    state.withLock { $0.isStopped = true }
    _ = await within(40) { state.withLock { $0.hasEnded } ? true : nil }
  }

  private func work(_ statements: [Statement]) {
    var session: PlainSession?
    var round = 0
    while !state.withLock({ $0.isStopped }) {
      for statement in statements where !state.withLock({ $0.isStopped }) {
        do {
          if session == nil {
            session = try PlainSession(conninfo)
            try session?.run("set statement_timeout to '30s'; set client_min_messages to error")
          }
          try session?.run(statement.sql)
          state.withLock { $0.written += 1 }
        } catch PlainSession.Failure.refused(let sqlstate, let message) {
          if sqlstate == "08001" {
            session = nil
            Thread.sleep(forTimeInterval: 0.2)
          } else if sqlstate.hasPrefix("57P") {
            session = nil
          } else if !Self.isDatas(sqlstate) {
            let words = message.split(separator: "\n").first.map(String.init) ?? message
            state.withLock { $0.faults["\(statement.table) \(sqlstate)"] = "\(statement.sql.prefix(80))…: \(words)" }
          }
        } catch {
          session = nil
          Thread.sleep(forTimeInterval: 0.1)
        }
        Thread.sleep(forTimeInterval: 0.005)
      }
      round += 1
      // The first rounds as fast as they go: what is written before the initial copy is not what matters.
      Thread.sleep(forTimeInterval: min(0.2, 0.02 * Double(round)))
    }
  }

  /// Wrong values, broken integrity, and transactions that are in one another's way are an application's own.
  private static func isDatas(_ sqlstate: String) -> Bool {
    ["22", "23", "40", "P0"].contains(String(sqlstate.prefix(2)))
  }

  // MARK: - What it writes

  private struct Table {
    var name: String
    var oid: String
  }

  /// Ordinary tables and roots of partitioned ones, that no immutable function names, nor one of a constraint: who changes
  /// what such a function reads breaks his own indexes and checks.
  private static func tables(of session: PlainSession) throws -> [Table] {
    try session.run(
      """
      select c.oid::regclass::text, c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition and c.oid >= 16384 and c.relpersistence <> 't'
          and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
          and not exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
          and not exists (select from pg_proc f where f.oid >= 16384 and (f.provolatile = 'i' or exists (
            select from pg_depend d where d.classid = 'pg_constraint'::regclass and d.refclassid = 'pg_proc'::regclass
               and d.refobjid = f.oid))
            and position(c.relname in coalesce(f.prosrc, '') || coalesce(to_jsonb(f) ->> 'prosqlbody', '')) > 0)
        order by 1 limit 40
      """
    ).compactMap { row in
      guard let name = row[0], let oid = row[1] else { return nil }
      return Table(name: name, oid: oid)
    }
  }

  private static func statements(for table: Table, _ session: PlainSession) throws -> [Statement] {
    // Columns that can be written to; of those that a unique index or exclusion constraint has, new values.
    let columns = try session.run(
      """
      select quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), t.typcategory,
          exists (select from pg_index i where i.indrelid = a.attrelid and (i.indisunique or i.indisexclusion)
            and a.attnum = any (i.indkey)), b.typname, a.attidentity
        from pg_attribute a join pg_type t on t.oid = a.atttypid
          join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
        where a.attrelid = \(table.oid) and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
      """)
    var values: [String] = []
    var change: String?
    for column in columns {
      guard let name = column[0], let type = column[1], let category = column[2], let base = column[4] else { continue }
      let other: String? =
        switch category {
        case "N" where ["int2", "int4", "int8", "numeric", "float4", "float8"].contains(base):
          "(r.\(name) + 1)::\(type)"
        case "S": "reverse(r.\(name)::text)::\(type)"
        case "B": "not r.\(name)"
        default: nil
        }
      let new: String? =
        switch category {
        case "N" where ["int2", "int4", "int8", "numeric"].contains(base):
          "(select coalesce(max(x.\(name)), 0) + 1 from \(table.name) x)::\(type)"
        case "S": "left(md5(random()::text), greatest(1, length(r.\(name)::text)))::\(type)"
        case "U" where base == "uuid": "gen_random_uuid()::\(type)"
        case "D" where base != "time" && base != "timetz":
          "(r.\(name) + (random() * 1000)::int * interval '1 day')::\(type)"
        default: nil
        }
      let isKey = column[3] == "t"
      values.append(isKey ? new ?? "r.\(name)" : "r.\(name)")
      if !isKey, change == nil, column[5] == "", let other { change = "\(name) = \(other)" }
    }
    let names = columns.compactMap { $0[0] }
    let list = names.isEmpty ? "" : "(\(names.joined(separator: ", ")))"
    let one = "(r.tableoid, r.ctid) = (select x.tableoid, x.ctid from \(table.name) x order by random() limit 1)"
    var statements: [String] = []
    let isEmpty = try session.run("select 1 from \(table.name) limit 1").isEmpty
    if isEmpty || names.isEmpty {
      statements.append("insert into \(table.name) default values")
    } else {
      statements.append(
        "insert into \(table.name) \(list) overriding system value select \(values.joined(separator: ", ")) from \(table.name) r order by random() limit 1"
      )
    }
    if let change = change ?? names.first.map({ "\($0) = r.\($0)" }) {
      statements.append("update \(table.name) r set \(change) where \(one)")
    }
    // The table must not run empty.
    statements.append("delete from \(table.name) r where \(one) and (select count(*) from \(table.name)) > 20")
    return statements.map { Statement(table: table.name, sql: $0) }
  }

  private static func largeObjects(_ session: PlainSession) throws -> [Statement] {
    guard try session.run("select 1 from pg_largeobject_metadata limit 1").count == 1 else { return [] }
    return [
      "select lo_put(oid, 0, decode(md5(random()::text), 'hex')) from pg_largeobject_metadata order by random() limit 1",
      "select lo_from_bytea(0, 'new') where (select count(*) from pg_largeobject_metadata) < 30",
    ].map { Statement(table: "large objects", sql: $0) }
  }
}
