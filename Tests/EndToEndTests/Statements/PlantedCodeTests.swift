import Catalog
import Foundation
import Migration
import Postgres
import TestSupport
import Testing

/// Code of users on both servers, which runs when anybody plans, reads or writes what it hangs on. Whatever only looks
/// runs none of it.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct PlantedCodeTests {
  private static let fixtures = URL(filePath: #filePath).appending(path: "../../../../fixtures/planted")
    .standardizedFileURL
  private static let database = "planted"

  private static func start(_ version: Int) async throws -> Move {
    let settings = [
      "wal_level": "logical", "autovacuum": "off", "track_functions": "all", "log_statement": "all",
      "log_line_prefix": "%p %a %x|", "jit": "off",
    ]
    async let source = TestCluster.start(version: version, settings: settings)
    async let target = TestCluster.start(version: version, settings: settings)
    let move = try await Move(source: source, target: target)
    let code = try ["planted.sql", "superuser.sql"].map {
      try String(contentsOf: Self.fixtures.appending(path: $0), encoding: .utf8)
    }
    for cluster in [move.source, move.target] {
      try await cluster.sql("create role owner login; create role looker login; create database planted owner owner")
      // What the README grants to the role of a check.
      try await cluster.sql("grant pg_read_all_settings, pg_read_all_stats to looker")
      try await cluster.sql(code[0], database: database, user: "owner")
      // Somebody who may read all rows, but for those that row security hides.
      try await cluster.sql(
        "grant usage on schema m to looker; grant select on all tables in schema m to looker", database: database)
      try await cluster.sql(code[1], database: database, variables: ["port": "1"])
    }
    return move
  }

  private struct Traces: Equatable {
    /// Calls by function, as the server has counted them.
    var calls: String
    var planted: Int
    /// Transactions that have written got an identifier.
    var nextTransaction: String

    init(of cluster: TestCluster) async throws {
      let sessions = "select count(*) from pg_stat_activity where application_name like 'pgpreflight%'"
      try await eventually("the sessions are gone") { try await cluster.plainValue(sessions) == "0" }
      // Before 15, sessions hand over what they have counted a moment after they end.
      try await Task.sleep(for: .milliseconds(cluster.version < 15 ? 1200 : 100))
      calls = try await cluster.plainValue(
        "select coalesce(string_agg(schemaname || '.' || funcname || ' ' || calls, ', ' order by 1), '') "
          + "from pg_stat_user_functions where schemaname <> 'pg_catalog'", database: database)
      planted = try cluster.logText().matches(of: /PLANTED .* RAN AS/).count
      nextTransaction = try await cluster.plainValue("select txid_snapshot_xmax(txid_current_snapshot())")
    }
  }

  /// What runs, of which the exit status is not looked at: of what it says other tests assert more.
  private static let commands: [(name: String, arguments: @Sendable (TemporaryFolder) -> [String])] = [
    ("check", { _ in ["--target-free-space", "1TB"] }),
    ("check", { _ in ["--method", "dump", "--with-table", "m.indexed,m.checked", "--target-free-space", "1TB"] }),
    ("verify", { _ in ["--verify", "counts", "--include-database", "planted"] }),
    ("verify", { _ in ["--verify", "sample", "--include-database", "planted"] }),
    ("verify", { _ in ["--verify", "full", "--include-database", "planted"] }),
    ("status", { _ in [] }),
    ("cleanup", { _ in ["--dry-run"] }),
    // Nobody confirms the plan.
    ("migrate", { _ in ["--method", "dump", "--target-free-space", "1TB"] }),
  ]

  @Test(.needsPostgres(13, 15, 16, 17, 18), arguments: [13, 15, 16, 17, 18], ["postgres", "looker"])
  func `none of it runs, no transaction writes, no server is contacted`(version: Int, role: String) async throws {
    let move = try await Self.start(version)
    let folder = try TemporaryFolder()
    let clusters = [move.source, move.target]
    // The traps work: a mere query springs some of them.
    let armed = try move.source.logText().matches(of: /PLANTED .* RAN AS/).count
    try await move.source.sql("explain select * from m.indexed", database: Self.database)
    #expect(try move.source.logText().matches(of: /PLANTED (index|predicate|inlined) RAN AS postgres/).count > 0)
    #expect(try move.source.logText().matches(of: /PLANTED .* RAN AS/).count > armed)

    func connections(_ command: String) -> [String] {
      zip(["--source", "--target"], clusters).flatMap {
        [$0, $1.connectionString(database: Self.database, user: role)]
      }
    }
    // With a trigger on logins that the role may not switch off, it runs, and with the rights of the role alone.
    let runsOnLogin = version >= 17 && role != "postgres"
    if runsOnLogin {
      for cluster in clusters { try await cluster.sql("drop event trigger on_login", database: Self.database) }
    }
    for (name, arguments) in Self.commands {
      let before = try await [Traces(of: move.source), Traces(of: move.target)]
      let output = try await run(arguments: [name] + connections(name) + arguments(folder))
      #expect([0, 1, 2, 64].contains(output.exitStatus), "\(name): \(output.stdout)\(output.stderr)")
      let after = try await [Traces(of: move.source), Traces(of: move.target)]
      #expect(before == after, "\(name) as \(role) on \(version)")
    }
    let before = try await [Traces(of: move.source), Traces(of: move.target)]
    for (side, cluster) in zip(["source", "target"], clusters) {
      let output = try await run(arguments: [
        "snapshot", "--\(side)", cluster.connectionString(database: Self.database, user: role), "--output",
        "\(folder.path)/\(side).json",
      ])
      #expect(output.exitStatus == 0, "\(output.stdout)\(output.stderr)")
    }
    let after = try await [Traces(of: move.source), Traces(of: move.target)]
    #expect(before == after, "snapshot as \(role) on \(version)")
    for cluster in clusters {
      try Self.expectListed(cluster)
      // A sample is read where nothing of users hangs on the table, and the role may lock it.
      let log = try cluster.logText()
      #expect(log.contains("JOIN ONLY m.large t ON") == (role == "postgres"))
      #expect(!log.contains("JOIN ONLY m.large_indexed t ON") && !log.contains("JOIN ONLY m.large_part t ON"))
    }
  }

  /// Every statement that a session of ours has sent is one of those that are listed.
  private static func expectListed(_ cluster: TestCluster, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let found = try cluster.serverVersion
    let version = try #require(found)
    let listed = Set(StatementsTests.all(on: version).map { normalized($0.sql) })
    let patterns = try ReadingStatements.rows.map { try Regex("^(?:\($0))$") }
    var seen = 0
    for entry in try cluster.logText().split(separator: /\n(?=[0-9]+ [^|\n]*\|)/) {
      guard
        let match = entry.firstMatch(
          of: /(?s)^[0-9]+ pgpreflight[^|]*\|LOG:  (?:statement|execute [^:]*): (.*)$/)
      else { continue }
      let statement = normalized(String(match.output.1))
      seen += 1
      let isListed =
        listed.contains(statement) || patterns.contains { (try? $0.wholeMatch(in: statement)) != nil }
        || isSettings(statement)
      #expect(isListed, "\(statement)", sourceLocation: sourceLocation)
    }
    #expect(seen > 20, sourceLocation: sourceLocation)
  }

  /// What differs between two sessions' settings is the times and the name of the application.
  private static func isSettings(_ statement: String) -> Bool {
    statement.contains(/^SET (LOCAL )?(search_path = ''|statement_timeout = [0-9]+)$/)
      || statement.contains(
        /^SELECT (pg_catalog\.set_config\('[A-Za-z_]+', '[^']*', (true|false)\), )+CASE WHEN [^;]* END$/)
  }

  /// The server's log continues a statement on lines that begin with a tab.
  private static func normalized(_ sql: String) -> String {
    sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

extension TestCluster {
  /// The first value of the answer, from a session in which no event trigger runs.
  fileprivate func plainValue(_ sql: String, database: String = "postgres") async throws -> String {
    let connection = try await Connection.connect(
      ConnectionString(connectionString(database: database)), options: .init(applicationName: "tests"))
    let value = try await connection.query(sql).text(0, 0)
    await connection.close()
    return value ?? ""
  }

  fileprivate var serverVersion: ServerVersion? {
    get throws {
      let version = try logText().firstMatch(of: /starting PostgreSQL ([0-9]+)\.([0-9]+)/)
      return version.flatMap { match in
        Int(match.output.1).flatMap { major in
          Int(match.output.2).map { ServerVersion(rawValue: major * 10_000 + $0) }
        }
      }
    }
  }
}
