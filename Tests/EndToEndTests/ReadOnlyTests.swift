import Assessment
import Foundation
import TestSupport
import Testing

/// Nobody but these tests uses the two servers, which write down everything that they are asked.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct ReadOnlyTests {
  private static let pair = Task {
    let settings = [
      "wal_level": "logical", "autovacuum": "off", "log_statement": "all", "log_line_prefix": "%m %u@%d %p ",
      "log_temp_files": "0", "checkpoint_timeout": "1h",
    ]
    async let source = TestCluster.start(settings: settings)
    async let target = TestCluster.start(settings: settings)
    let pair = try await ClusterPair(source: source, target: target)
    for cluster in [pair.source, pair.target] { try await prepare(cluster) }
    return pair
  }

  /// Everything that a check may call by a name without a schema is a trap here: it raises an error.
  private static func prepare(_ cluster: TestCluster) async throws {
    try await cluster.sql("create database app; create database \"two words\"; create role inspector superuser login")
    try await cluster.sql(
      """
      create table orders (id int primary key, note text);
      insert into orders select g, 'x' from generate_series(1, 1000) g;
      create schema trap;
      create function trap.raise() returns bool language plpgsql as $$ begin raise exception 'trapped'; end $$;
      do $$
      declare f record;
      begin
        for f in select distinct p.proname, oidvectortypes(p.proargtypes) as arguments, p.prorettype::regtype as result
          from pg_proc p where p.prokind = 'f' and not p.proretset and p.proname in ('version', 'current_setting',
            'pg_is_in_recovery', 'to_char', 'clock_timestamp', 'host', 'inet_server_addr', 'inet_server_port', 'left',
            'split_part', 'timezone', 'set_config', 'pg_postmaster_start_time', 'has_database_privilege', 'lower', 'now')
        loop
          execute format('create function trap.%I(%s) returns %s language plpgsql as
            $f$ begin raise exception ''trapped''; end $f$', f.proname, f.arguments, f.result);
        end loop;
      end $$;
      create view trap.pg_database as select 1 as oid where trap.raise();
      create view trap.pg_roles as select 1 as oid where trap.raise();
      create function trap.same(name, name) returns bool language plpgsql as
        $$ begin raise exception 'trapped'; end $$;
      create operator trap.= (leftarg = name, rightarg = name, function = trap.same);
      create function trap.same(text, text) returns bool language plpgsql as
        $$ begin raise exception 'trapped'; end $$;
      create operator trap.= (leftarg = text, rightarg = text, function = trap.same);
      alter database app set search_path = trap, pg_catalog;
      """, database: "app")
    for database in ["app", "postgres", "two words", "template1"] {
      try await cluster.sql("vacuum freeze", database: database)
    }
    try await cluster.sql("checkpoint")
  }

  private static func connections(_ pair: ClusterPair, database: String = "app") -> [String] {
    [
      "--source", pair.source.connectionString(database: database, user: "inspector"),
      "--target", pair.target.connectionString(database: database, user: "inspector"),
    ]
  }

  @Test func `both servers log nothing but reading, in transactions that are read-only`() async throws {
    let pair = try await Self.pair.value
    let run = try await check(Self.connections(pair) + ["--skip-table", "none", "--jobs", "2"])
    // Both sides have the same tables, so that names are compared too.
    #expect(run.report.outcomes.filter(\.isBlocker).map(\.rule) == ["target-tables-empty"])
    #expect(run.undetermined.isEmpty, "\(run.undetermined)")
    for cluster in [pair.source, pair.target] {
      let log = try cluster.logText()
      #expect(!log.contains("ERROR:  trapped"))
      let lines = log.split(separator: "\n").compactMap { $0.wholeMatch(of: logged)?.output }
      let sessions = Dictionary(grouping: lines, by: \.session).mapValues { $0.map { String($0.statement) } }
      #expect(sessions.count >= 3)
      for statements in sessions.values {
        var isOpen = false
        for statement in statements {
          switch statement {
          case "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY":
            #expect(!isOpen)
            isOpen = true
          case "ROLLBACK": isOpen = false
          default:
            let isReading = ["SELECT ", "WITH ", "SET LOCAL ", "SAVEPOINT ", "ROLLBACK TO SAVEPOINT "].contains {
              statement.hasPrefix($0)
            }
            #expect(isReading && isOpen, "\(statement)")
          }
        }
        #expect(!isOpen)
      }
    }
  }

  @Test(.needsPooler) func `nor does a pooler that takes no settings lead into a trap`() async throws {
    let pair = try await Self.pair.value
    let pooler = try await TestPooler.start(for: pair.source, mode: .transaction)
    let run = try await check([
      "--source", pooler.connectionString(database: "app"),
      "--target", pair.target.connectionString(database: "app", user: "inspector"),
    ])
    #expect(run.report.source.reachable)
    #expect(run.undetermined.isEmpty, "\(run.undetermined)")
    #expect(!(try pair.source.logText()).contains("ERROR:  trapped"))
  }

  private var logged: Regex<(Substring, session: Substring, statement: Substring)> {
    /.* inspector@.* (?<session>[0-9]+) LOG:  (?:statement|execute [^:]*): (?<statement>.*)/
  }

  @Test func `no row, no WAL, no transaction id and no temporary file comes of a check`() async throws {
    let pair = try await Self.pair.value
    // What a first session after a start reads into memory for good.
    _ = try await check(Self.connections(pair))
    let before = (try await Traces(of: pair.source), try await Traces(of: pair.target))
    let run = try await check(Self.connections(pair) + ["--skip-table", "none"])
    #expect(run.report.outcomes.filter(\.isBlocker).map(\.rule) == ["target-tables-empty"])
    let after = (try await Traces(of: pair.source), try await Traces(of: pair.target))
    for (cluster, before, after) in [(pair.source, before.0, after.0), (pair.target, before.1, after.1)] {
      #expect(before.counters == after.counters)
      #expect(before.nextTransaction == after.nextTransaction)
      for record in try await cluster.walRecords(from: before.lsn, to: after.lsn) {
        // The server's own, every 15 seconds at most: which transactions are running.
        #expect(record.contains("RUNNING_XACTS"), "\(record)")
      }
      #expect(!(try cluster.logText()).contains("temporary file"))
    }
  }

  private struct Traces {
    var counters: String
    var nextTransaction: String
    var lsn: String

    init(of cluster: TestCluster) async throws {
      try await eventually("the sessions are gone") { try await cluster.inspectingSessions() == 0 }
      counters = try await cluster.sql(
        """
        select datname, tup_inserted, tup_updated, tup_deleted, temp_files, temp_bytes, deadlocks, conflicts
          from pg_stat_database where datname is not null order by 1;
        select count(*) from pg_replication_slots; select count(*) from pg_stat_replication;
        select count(*) from pg_prepared_xacts; select count(*) from pg_largeobject_metadata;
        """)
      nextTransaction = try await cluster.value("select pg_snapshot_xmax(pg_current_snapshot())")
      lsn = try await cluster.value("select pg_current_wal_insert_lsn()")
    }
  }

  @Test func `no lock but ACCESS SHARE is needed, on any catalog or table`() async throws {
    let pair = try await Self.pair.value
    // EXCLUSIVE conflicts with every lock but ACCESS SHARE.
    let locking = """
      do $$
      declare r regclass;
      begin
        for r in select oid from pg_class where relkind in ('r', 'p', 'm') loop
          execute format('lock table %s in exclusive mode', r);
        end loop;
      end $$
      """
    let run = try await pair.source.staying(in: ["begin", locking], of: ["app"]) {
      try await pair.target.staying(in: ["begin", locking], of: ["app"]) {
        try await check(Self.connections(pair) + ["--skip-table", "none", "--statement-timeout", "4"])
      }
    }
    #expect(run.report.outcomes.filter(\.isBlocker).map(\.rule) == ["target-tables-empty"])
    #expect(run.undetermined.isEmpty, "\(run.undetermined)")
  }

  @Test func `the same clusters give the same report, with one job or many`() async throws {
    let pair = try await Self.pair.value
    let first = try await check(Self.connections(pair) + ["--jobs", "1"]).json
    let second = try await check(Self.connections(pair) + ["--jobs", "16"]).json
    #expect(withoutRun(first) == withoutRun(second))
  }

  /// Without the run, and without how long each rule took.
  private func withoutRun(_ json: String) -> [Substring] {
    var isRun = false
    return json.split(separator: "\n").filter { line in
      if line.hasPrefix("  \"run\"") { isRun = true }
      defer { if line == "  }," { isRun = false } }
      return !isRun && !line.contains("\"durationSeconds\"")
    }
  }
}

/// What somebody may see who may do nothing but log in.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct PrivilegeTests {
  @Test func `a role that may only log in gets a whole report`() async throws {
    let pair = try await ClusterPair.shared.value
    for cluster in [pair.source, pair.target] { try await cluster.sql("create role looker login") }
    let run = try await check([
      "--source", pair.source.connectionString(user: "looker"), "--target",
      pair.target.connectionString(user: "looker"),
    ])
    #expect([1, 2].contains(run.report.run.exitStatus))
    #expect(run.report.source.reachable && run.report.target.reachable)
    expectReasons(run)
  }

  @Test func `catalogs that a role may not read leave its rules undetermined`() async throws {
    let hard = try await TestCluster.start(settings: ["wal_level": "logical"])
    let target = try await ClusterPair.shared.value.target
    try await hard.sql("create role looker login; create database open; create database closed")
    try await hard.sql(
      "revoke connect on database closed from public; revoke select on pg_settings, pg_roles from public")
    try await hard.sql("revoke select on pg_extension from public", database: "open")
    let run = try await check([
      "--source", hard.connectionString(user: "looker"), "--target", target.connectionString(),
    ])
    #expect(run.report.run.exitStatus == 1)
    expectReasons(run)
    #expect(run.outcome("connection-source-databases", database: "closed")?.outcome == .failed)
    let extensions = try #require(run.outcome("extensions-available", database: "open"))
    #expect(extensions.outcome == .undetermined)
    #expect(extensions.message.contains("permission denied for table pg_extension"))
    #expect(extensions.findings.first?.remediation?.text.contains("Grant") == true)
    #expect(run.outcome("wal-level-logical")?.outcome == .undetermined)
  }
}

/// Whatever is not known says why, and what would let it be known.
func expectReasons(_ run: CheckRun, sourceLocation: SourceLocation = #_sourceLocation) {
  for outcome in run.undetermined {
    let isExplained =
      !outcome.findings.isEmpty
      && outcome.findings.allSatisfy { finding in
        !finding.message.isEmpty && finding.remediation?.text.isEmpty == false
      }
    #expect(isExplained, "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.message.hasPrefix("Not known: "), "\(outcome)", sourceLocation: sourceLocation)
  }
}
