import Assessment
import Foundation
import Migration
import Postgres
import Synchronization
import TestSupport
import Testing

extension Move {
  /// Runs a command for a running replication.
  func command(
    _ name: String, _ arguments: [String] = [], connections: [String]? = nil, timeout: Duration = .seconds(300),
    whileRunning: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
  ) async throws -> ProcessOutput {
    try await run(
      arguments: [name] + (connections ?? self.connections) + arguments, timeout: timeout, whileRunning: whileRunning)
  }

  func status(_ arguments: [String] = []) async throws -> (output: ProcessOutput, databases: [ReplicationStatus]) {
    let output = try await command("status", ["--format", "json"] + arguments)
    let databases = try? JSONDecoder().decode([ReplicationStatus].self, from: Data(output.stdout.utf8))
    return (output, databases ?? [])
  }

  func cutOver(_ arguments: [String] = []) async throws -> (output: ProcessOutput, databases: [Cutover.Result]) {
    let output = try await command("cutover", ["--yes", "--format", "json"] + arguments)
    let databases = try? JSONDecoder().decode([Cutover.Result].self, from: Data(output.stdout.utf8))
    return (output, databases ?? [])
  }

  /// A source that a cutover has closed, to look into it. Nothing but a superuser's statement does that.
  func openSource(_ database: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    #expect(
      try await source.value(
        "select datallowconn from pg_database where datname = \(Quoting.literal(database))") == "f",
      "nobody is let in after the switch", sourceLocation: sourceLocation)
    try await source.sql(
      "alter database :\"name\" allow_connections true", variables: ["name": database])
  }

  /// That nothing of a replication is left on either side.
  func expectNothingLeft(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let left = """
      select coalesce(string_agg(x, ', '), '') from (
        select slot_name::text from pg_replication_slots union all select subname from pg_subscription
        union all select pubname from pg_publication) y(x)
      """
    for cluster in [source, target] {
      let databases = try await cluster.value(
        "select string_agg(datname, chr(10) order by oid) from pg_database where not datistemplate and datallowconn")
      for database in databases.split(separator: "\n") {
        #expect(try await cluster.value(left, database: String(database)) == "", sourceLocation: sourceLocation)
      }
    }
    let output = try await command("cleanup", ["--dry-run"])
    #expect(output.stdout == "nothing is left\n", sourceLocation: sourceLocation)
    #expect(output.status == .exited(0), sourceLocation: sourceLocation)
  }

  /// A database whose tables can all be replicated: many small ones, one with columns of all kinds, hostile names.
  func makeReplicable(_ name: String, tables: Int = 10, rows: Int = 2_000) async throws {
    try await source.sql("create database :\"name\"", variables: ["name": name])
    try await source.sql(
      """
      create type mood as enum ('sad', 'it''s ok', 'happy'); create domain positive as int check (value > 0);
      create type pair as (a int, b text);
      create table kinds (
        id bigint generated always as identity primary key, b bool, i2 smallint, i4 int, f4 real, f8 double precision,
        n numeric, c char(5), v varchar(20), t text, by bytea, d date, ti time, tz timetz, ts timestamp, tsz timestamptz,
        iv interval, u uuid, j json, jb jsonb, x inet, cd cidr, ma macaddr, bi bit(4), vb varbit, p point, l line,
        ls lseg, bx box, pa path, po polygon, ci circle, mo money, m mood, pos positive, pr pair, r int4range,
        mr nummultirange, a int[], aa text[], tv tsvector, tq tsquery, g int generated always as (i4 * 2) stored);
      create table "odd ""name"" <b>%" (key text primary key, "a b" text, "it's" int);
      create table toasted (id serial primary key, wide text, other int);
      alter table toasted alter wide set storage external;
      create table keyed (a int, b int, note text, primary key (a, b));
      create table emptied (id int primary key, t text);
      create table full_identity (a int, t text); alter table full_identity replica identity full;
      create table parts (id int, t text, primary key (id)) partition by range (id);
      create table parts_1 partition of parts for values from (0) to (100000);
      create table parts_2 partition of parts for values from (100000) to (maxvalue);
      create table parent (id serial primary key); create table child (id int primary key, p int references parent);
      create unlogged table unlogged (id int primary key, t text); insert into unlogged select i, 't' from generate_series(1, 50) i;
      create sequence lonely; select setval('lonely', 4711);
      insert into toasted (wide, other) select repeat(md5(i::text), 200), i from generate_series(1, 50) i;
      insert into keyed select i, i, 'n' from generate_series(1, \(rows)) i;
      insert into full_identity select i, 't' from generate_series(1, 100) i;
      insert into parts select i * 100, 't' from generate_series(1, \(rows)) i;
      insert into parent select from generate_series(1, 100); insert into child select i, i from generate_series(1, 100) i;
      create materialized view counted as select count(*) from keyed;
      do $$ begin for i in 1..\(tables) loop
        execute format('create table t%s (id serial primary key, v int, t text)', i);
        execute format('insert into t%s (v, t) select j, repeat(''x'', 100) from generate_series(1, \(rows)) j', i);
      end loop; end $$;
      """, database: name)
  }
}

/// Sessions that write to a database of the source until they are told to stop, or the server lets them no more.
final class Load: Sendable {
  private let tasks: [Task<Int, any Error>]

  /// What was refused, by SQLSTATE and words, before the writes were blocked: that is never to happen.
  private let refusals = Refusals()
  var refused: [String] { refusals.texts.withLock { $0 } }

  private final class Refusals: Sendable {
    let texts = Mutex<[String]>([])
  }

  /// - Parameter statements: of a round of a session, both from 0; nil: those for `makeReplicable`.
  init(
    on cluster: TestCluster, database: String, tables: Int = 10, sessions: Int = 2,
    statements: (@Sendable (_ session: Int, _ round: Int) -> [String])? = nil
  ) async throws {
    var tasks: [Task<Int, any Error>] = []
    for session in 0..<sessions {
      let connection = try await Connection.connect(
        ConnectionString(cluster.connectionString(database: database)), options: .init(applicationName: "load"))
      tasks.append(
        Task { [refusals] in
          var written = 0
          do {
            while !Task.isCancelled {
              let round =
                statements?(session, written) ?? Self.statements(session: session, round: written, tables: tables)
              for statement in round {
                _ = try await connection.query(statement)
              }
              written += 1
            }
          } catch let error as PostgresError {
            // Only that the writes were blocked: a session that was ended.
            let isBlocked = ["57P01", nil].contains(error.sqlstate)
            if !isBlocked { refusals.texts.withLock { $0.append("\(error)") } }
          } catch is CancellationError {}
          await connection.close()
          return written
        })
    }
    self.tasks = tasks
  }

  /// - Returns: how many rounds were written.
  @discardableResult
  func stop() async throws -> Int {
    for task in tasks { task.cancel() }
    var sum = 0
    for task in tasks { sum += try await task.value }
    return sum
  }

  static func statements(session: Int, round: Int, tables: Int) -> [String] {
    let id = session * 1_000_000 + round
    let table = "t\(1 + (round + session) % tables)"
    var statements = [
      """
      insert into kinds (b, i2, i4, f4, f8, n, c, v, t, by, d, ti, tz, ts, tsz, iv, u, j, jb, x, cd, ma, bi, vb, p, l,
                         ls, bx, pa, po, ci, mo, m, pos, pr, r, mr, a, aa, tv, tq)
      values (\(round % 2 == 0), \(round % 30000), \(id), 'NaN', 'Infinity', '1234567890.0123456789', 'ab', 'v', 'ü😀',
        '\\\\x00ff', 'infinity', '12:00', '12:00+02', 'epoch', now(), '1 mon 2 days', gen_random_uuid(), '{"a": 1}',
        '{"b": [1, null]}', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', B'1010', B'101', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]',
        '(1,1),(0,0)', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),1>', '12.34', 'it''s ok', 1, row(1, 'x'),
        '[1,5)', '{[1,2),[3,4)}', '{1,null,3}', '{"a b","c\\"d"}', 'a:1 b:2', 'a & b')
      """,
      "insert into \(table) (v, t) values (\(round), repeat('y', 50))",
      "update \(table) set v = v + 1 where id = \(1 + round % 500)",
      "delete from \(table) where id = \(1500 + round % 400)",
      "update keyed set a = a + 1000000, note = 'k\(round)' where a = \(1 + round % 2000) and b % 2 = \(session % 2)",
      "update toasted set other = other + 1 where id = \(1 + (round * 2 + session) % 50)",
      "insert into parts values (\(500_000 + id), 'p'), (\(50_000_000 + id), 'q') on conflict do nothing",
      "update full_identity set t = 'round \(round)' where a = \(1 + round % 100)",
      """
      with p as (insert into parent default values returning id) insert into child select 1000 + id, id from p
      """,
      "insert into \"odd \"\"name\"\" <b>%\" values ('k \(id)', E'quote '' \\\\ newline\\n', 1)",
    ]
    if round % 20 == 0 {
      statements += ["truncate emptied", "insert into emptied values (\(session * 2), 'e') on conflict do nothing"]
    }
    if round % 10 == 0 {
      statements.append(
        "insert into toasted (wide, other) values (repeat(md5('\(id)'), 300), 1)")
    }
    return statements
  }
}
