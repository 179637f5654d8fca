import Assessment
import Foundation
import Migration
import TestSupport
import Testing

/// Replication by roles that are no superusers.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct ReplicationRoleTests {
  private static let password = "p@ss: /#'\\ word"

  private func move(
    from version: Int, to other: Int, offering extensions: [TestExtension] = [], target: [String: String] = [:]
  ) async throws -> Move {
    let settings = ["wal_level": "logical", "autovacuum": "off"]
    // A password counts only where the server asks for it.
    let hba = ["host all mover,lander all scram-sha-256", "host all all all trust"]
    let move = try await Move(
      source: TestCluster.start(version: version, settings: settings, hba: hba, offering: extensions),
      target: TestCluster.start(
        version: other, settings: settings.merging(target) { $1 }, hba: hba, offering: extensions))
    try await move.makeReplicable("shop")
    let literal = Self.password.replacing("'", with: "''")
    try await move.source.sql(
      "create role app; create role \"ot'her\"; create role mover login replication password '\(literal)'")
    try await move.target.sql("create role lander login createdb createrole password '\(literal)'")
    return move
  }

  private func connections(_ move: Move) -> [String] {
    [
      "--source", move.source.connectionString(user: "mover", password: Self.password),
      "--target", move.target.connectionString(user: "lander", password: Self.password),
    ]
  }

  /// Hands everything of the database to roles of which the source's role is a member.
  private func giveAway(_ move: Move) async throws {
    try await move.source.sql(
      """
      grant app, "ot'her" to mover; alter database shop owner to app; grant create on schema public to "ot'her";
      """)
    try await move.source.sql(
      """
      do $$ declare r record; begin
        for r in select c.oid::regclass as name from pg_class c
                  where c.relkind in ('r', 'p', 'm', 'S') and c.relnamespace = 'public'::regnamespace
                    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
        loop execute format('alter table %s owner to app', r.name); end loop;
        for r in select t.oid::regtype as name from pg_type t where t.typtype in ('e', 'd')
                    and t.typnamespace = 'public'::regnamespace
        loop execute format('alter type %s owner to app', r.name); end loop;
      end $$;
      alter type pair owner to app; alter table keyed owner to "ot'her"; grant select on keyed to app; alter schema public owner to app;
      """, database: "shop")
  }

  @Test(arguments: [(16, 16), (16, 17), (17, 18)])
  func `a role that may create subscriptions replicates what belongs to others`(from: Int, to: Int) async throws {
    guard TestCluster.available(from) != nil, TestCluster.available(to) != nil else { return }
    let move = try await move(from: from, to: to)
    // A table without a replica identity that others refer to, one of which has none either.
    try await move.source.sql(
      """
      create table coded (code text unique); create table coding (id int primary key, code text references coded (code));
      create table recoded (code text references coded (code));
      insert into coded values ('a'), ('b'); insert into coding values (1, 'a'), (2, 'b');
      insert into recoded values ('a'), ('b');
      """, database: "shop")
    try await giveAway(move)
    try await move.target.sql("grant pg_create_subscription to lander")
    let connections = connections(move)
    let migrated = try await move.migrate(
      ["--include-database", "shop"], by: "replication", connections: connections)
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(migrated.database("shop")?.status == .inStep)
    #expect(
      migrated.database("shop")?.message == """
        copied again at cutover: table public.unlogged, as it is unlogged; copied again at cutover: table public.coded \
        and 1 more, as it has no replica identity
        """)
    try await move.source.sql(
      """
      insert into coded values ('later'); insert into coding values (3, 'later'); delete from coding where id = 2;
      delete from recoded where code = 'b'; insert into recoded values ('later'); delete from coded where code = 'b';
      insert into keyed values (-1, -1, 'later'); update t1 set v = -1 where id = 1; truncate emptied;
      insert into child values (-1, 1); update unlogged set t = 'late';
      """, database: "shop")
    let status = try await move.command("status", ["--format", "json"], connections: connections)
    #expect([.exited(0), .exited(2)].contains(status.status), "\(status.stdout)\(status.stderr)")
    let cutover = try await move.command(
      "cutover", ["--yes", "--block-writes", "--verify", "full"], connections: connections)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    try await move.openSource("shop")
    try await move.source.sql("refresh materialized view counted", database: "shop")
    let contents = try await (move.contents(of: "shop", on: move.source), move.contents(of: "shop", on: move.target))
    #expect(contents.0 == contents.1)
    #expect(
      try await move.target.value(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'coding'::regclass and contype = 'f'",
        database: "shop") == "FOREIGN KEY (code) REFERENCES coded(code)")
    #expect(
      try await move.target.value("select relowner::regrole from pg_class where relname = 'keyed'", database: "shop")
        == "\"ot'her\"")
    // It has no more of the owners than who has created them.
    #expect(
      try await move.target.value(
        "select count(*) from pg_auth_members where member = 'lander'::regrole and (set_option or inherit_option) and roleid >= 16384"
      )
        == "0")
    try await move.expectNothingLeft()
  }

  /// As on Aiven: the target lets the role create the extension, and opens its schema to it.
  @Test func `aiven_extras makes what the role may not make itself`() async throws {
    guard FileManager.default.fileExists(atPath: "/usr/lib/postgresql/15/lib/pgextwlist.so") else { return }
    let scripts = try TemporaryFolder()
    let folder = URL(filePath: scripts.path).appending(path: "aiven_extras")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try "GRANT USAGE ON SCHEMA aiven_extras TO lander;".write(
      to: folder.appending(path: "after--create.sql"), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scripts.path)
    let extensions = try TestExtension.all(in: Scenario.fixtures.appending(path: "installations/rich/extension").path)
    let move = try await move(
      from: 15, to: 15, offering: extensions,
      target: [
        "session_preload_libraries": "pgextwlist", "extwlist.extensions": "aiven_extras",
        "extwlist.custom_path": scripts.path,
      ])
    try await move.source.sql("create schema aiven_extras; create extension aiven_extras", database: "shop")
    try await move.source.sql("grant usage on schema aiven_extras to mover", database: "shop")
    try await move.source.sql("grant pg_read_all_data to mover")
    try await move.target.sql("create role avnadmin")
    let connections = connections(move)
    let migrated = try await move.migrate(
      ["--include-database", "shop"], by: "replication", connections: connections)
    #expect(migrated.output.status == .exited(0), "\(migrated.output.stdout)\(migrated.output.stderr)")
    #expect(migrated.database("shop")?.status == .inStep)
    #expect(migrated.database("shop")?.message.contains("published through aiven_extras") == true)
    #expect(migrated.database("shop")?.message.contains("subscribed through aiven_extras") == true)
    try await move.source.sql(
      "insert into keyed values (-1, -1, 'later'); update t1 set v = -1 where id = 1", database: "shop")
    let cutover = try await move.command("cutover", ["--yes", "--verify", "full"], connections: connections)
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    #expect(try await move.target.value("select count(*) from keyed where note = 'later'", database: "shop") == "1")
    try await move.expectNothingLeft()
  }
}
