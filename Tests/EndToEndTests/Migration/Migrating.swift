import Assessment
import Foundation
import TestSupport
import Testing

/// A migration that has ended.
struct MigrationRun: Sendable {
  var output: ProcessOutput
  /// nil where it was killed before it wrote one.
  var report: Report?

  func database(_ name: String) -> MigratedDatabase? {
    report?.migration?.databases.first { $0.name == name }
  }
}

/// Two clusters of a test's own, of which the source holds what is to be migrated.
struct Move: Sendable {
  let source: TestCluster
  let target: TestCluster

  static func start(to version: Int = 15, settings: [String: String] = [:]) async throws -> Move {
    let all = ["wal_level": "logical", "autovacuum": "off"].merging(settings) { $1 }
    async let source = TestCluster.start(settings: all)
    async let target = TestCluster.start(version: version, settings: all)
    return try await Move(source: source, target: target)
  }

  var connections: [String] { ["--source", source.connectionString(), "--target", target.connectionString()] }

  /// Runs a migration with the standard options and reads its report.
  func migrate(
    _ arguments: [String] = [], by method: String = "dump", connections: [String]? = nil, input: String? = nil,
    confirms: Bool = true,
    timeout: Duration = .seconds(300), whileRunning: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
  ) async throws -> MigrationRun {
    let folder = try TemporaryFolder()
    let file = folder.path + "/report.json"
    let output = try await run(
      arguments: ["migrate", "--method", method, "--target-free-space", "1TB", "--report", "json=\(file)"]
        + (confirms ? ["--yes"] : [])
        + (connections ?? self.connections) + arguments,
      input: input, timeout: timeout, whileRunning: whileRunning)
    let report = try FileManager.default.contents(atPath: file).map { try JSONDecoder().decode(Report.self, from: $0) }
    if let report { #expect(output.exitStatus == Int32(report.run.exitStatus)) }
    return MigrationRun(output: output, report: report)
  }

  /// Makes a table of the source whose row the target does not take before the file is gone that is returned, so that a
  /// copy surely runs while a test does something to it.
  func makeHeldTable(in database: String) async throws -> URL {
    let file = URL(filePath: target.dataDirectory).appending(path: "held")
    try await source.sql(
      """
      create function is_free() returns bool language plpgsql as $$begin
        while (pg_stat_file('\(file.path)', true)).size is not null loop execute 'select pg_sleep(0.02)'; end loop; return true; end$$;
      create table held (id int primary key check (is_free()));
      insert into held values (1);
      """, database: database)
    try Data().write(to: file)
    return file
  }

  /// The schema of a database as it should be and as it is, line by line.
  ///
  /// Servers of different versions write the same view or constraint in different words. Then what should be there is
  /// what the plain way brings to the same target, `pg_dump` of the source's version and `pg_restore`.
  private func schemas(of database: String) async throws -> (expected: [Substring], found: [Substring]) {
    guard source.version != target.version else {
      return try await (
        Self.schema(of: database, on: source, ["--create"]), Self.schema(of: database, on: target, ["--create"])
      )
    }
    try await target.sql("create database reference template template0")
    let folder = try TemporaryFolder()
    let file = folder.path + "/schema"
    for (program, arguments) in [
      ("pg_dump", ["-Fc", "-s", "-f", file, "-d", source.connectionString(database: database)]),
      ("pg_restore", ["-d", target.connectionString(database: "reference"), file]),
    ] {
      let output = try await run(executable: "\(source.binDirectory)/\(program)", arguments: arguments)
      guard output.status == .exited(0) else { throw TestSupportError("\(program): \(output.stderr)") }
    }
    let schemas = try await (Self.schema(of: "reference", on: target), Self.schema(of: database, on: target))
    try await target.sql("drop database reference")
    return schemas
  }

  /// By the server's own `pg_dump`, less a random word in it.
  private static func schema(
    of database: String, on cluster: TestCluster, _ arguments: [String] = []
  ) async throws -> [Substring] {
    let output = try await run(
      executable: "\(cluster.binDirectory)/pg_dump",
      arguments: ["--schema-only", "--dbname", cluster.connectionString(database: database)] + arguments)
    guard output.status == .exited(0) else { throw TestSupportError("pg_dump: \(output.stderr)") }
    return output.stdout.split(separator: "\n")
      .filter { !$0.hasPrefix("\\restrict ") && !$0.hasPrefix("\\unrestrict ") }
  }

  /// Number and sum of hashes of the rows of each table of users, in the order of their names. In which partition a row
  /// is may differ: a hash of an enum's value is another one in each database.
  func contents(of database: String, on cluster: TestCluster) async throws -> String {
    let queries = try await cluster.sql(
      """
      select format('select %L, count(*), sum(hashtextextended((x.*)::text, 0)::numeric) from %s %s x;',
                    c.oid::regclass::text, case when c.relkind = 'r' then 'only' end, c.oid::regclass)
        from pg_class c where c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relispopulated
         and c.relnamespace::regnamespace::text !~ '^"?(pg_|information_schema)' order by c.oid::regclass::text
      """, database: database)
    return try await cluster.sql(queries, database: database)
  }

  /// That a database has arrived as it is, by means other than the program's own.
  func expectSame(_ database: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let schemas = try await schemas(of: database)
    let changes = schemas.found.difference(from: schemas.expected).map { change in
      switch change {
      case .insert(_, let line, _): "+ \(line)"
      case .remove(_, let line, _): "- \(line)"
      }
    }
    #expect(changes == [], sourceLocation: sourceLocation)
    let contents = try await (contents(of: database, on: source), contents(of: database, on: target))
    #expect(contents.0 == contents.1, sourceLocation: sourceLocation)
    #expect(!contents.0.isEmpty, sourceLocation: sourceLocation)
  }

  /// Sessions of migrations that are left on both servers.
  func sessions() async throws -> Int {
    let sql = "select count(*) from pg_stat_activity where application_name ~ '^(pgpreflight|pg_dump|pg_restore)'"
    return try await (Int(source.value(sql)) ?? -1) + (Int(target.value(sql)) ?? -1)
  }

  /// What journals are left on the target.
  func journals(in database: String) async throws -> String {
    try await target.value(
      "select count(*) from pg_namespace where nspname like 'pgpreflight%'", database: database)
  }
}

/// The folder of the schemas that are migrated.
let migrationFixtures = URL(filePath: #filePath).appending(path: "../../../../fixtures/migration").standardizedFileURL

extension Move {
  /// A database with every kind of object, of a name that is hard to write.
  static let everything = "every \"thing\" %s <b>'\\ 🐘"

  func makeEverything(icu: Bool, xml: Bool) async throws {
    try await source.sql("create role \"owner of <things>\"; create role reader")
    try await source.sql(
      "create database :\"name\" owner \"owner of <things>\"", variables: ["name": Self.everything])
    try await source.sql(
      """
      alter database :"name" set work_mem = '5MB'; comment on database :"name" is 'it''s all';
      grant create on database :"name" to reader; alter role reader in database :"name" set datestyle = 'German';
      """, variables: ["name": Self.everything])
    let text = try String(contentsOf: migrationFixtures.appending(path: "everything.sql"), encoding: .utf8)
    try await source.sql(text, database: Self.everything, variables: ["icu": "\(icu)", "xml": "\(xml)"])
  }

  /// Something of which the copy takes a moment: tables of several sizes with indexes and foreign keys.
  func makeShop(rows: Int = 100_000) async throws {
    try await source.sql("create database shop")
    try await source.sql(
      """
      create table customers (id int primary key, name text not null, at timestamptz default now());
      create table orders (id int primary key, customer int references customers, total numeric, note text);
      create index on orders (customer); create index on orders (total, id); create index on customers (name);
      create table small (id serial primary key); insert into small select from generate_series(1, 7);
      insert into customers select i, 'customer ' || i from generate_series(1, \(rows / 10)) i;
      insert into orders select i, 1 + i % \(rows / 10), i * 0.37, repeat('note', i % 20)
        from generate_series(1, \(rows)) i;
      create materialized view sums as select customer, sum(total) from orders group by 1;
      create unique index on sums (customer);
      select lo_from_bytea(4711, 'large');
      """, database: "shop")
  }
}
