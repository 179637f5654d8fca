import Assessment
import TestSupport
import Testing

/// Memberships have grantors and options from 16 on: what a role may do by them is the same on the target, or is told.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct MembershipTests {
  private static func start(from source: Int, to target: Int) async throws -> Move {
    async let one = TestCluster.start(version: source, settings: ["autovacuum": "off"])
    async let other = TestCluster.start(version: target, settings: ["autovacuum": "off"])
    return try await Move(source: one, target: other)
  }

  /// Each with its grantor.
  private static let all = """
    select string_agg(concat_ws(' ', r.rolname, u.rolname, m.admin_option, m.inherit_option, m.set_option, g.rolname), '; '
                      order by r.rolname, u.rolname, g.rolname)
      from pg_auth_members m join pg_roles r on r.oid = m.roleid join pg_roles u on u.oid = m.member
      join pg_roles g on g.oid = m.grantor where m.member >= 16384 and u.rolname <> 'mover'
    """

  /// What each member has of each role, whoever granted it.
  private static let effective = """
    select string_agg(concat_ws(' ', r.rolname, u.rolname, pg_has_role(u.oid, r.oid, 'member with admin option'),
                                pg_has_role(u.oid, r.oid, 'usage'), pg_has_role(u.oid, r.oid, 'set')), '; '
                      order by r.rolname, u.rolname)
      from pg_roles r, pg_roles u where r.oid >= 16384 and u.oid >= 16384 and r.oid <> u.oid
       and 'mover' not in (r.rolname, u.rolname)
    """

  private static let ofTwoGrantors = """
    create role boss createrole; create role "m%gr 🐘" createrole; create role grp; create role worker login noinherit;
    grant grp to boss with admin true, inherit false, set false; grant grp to "m%gr 🐘" with admin option;
    grant grp to worker with inherit true, set false granted by boss;
    grant grp to worker with inherit false, set true granted by "m%gr 🐘";
    create role "chain '1"; create role chain2; grant grp to "chain '1" with admin true granted by boss;
    grant grp to chain2 with admin true, set false granted by "chain '1";
    grant pg_monitor to worker with inherit true, set false;
    """

  @Test(.needsPostgres(16, 18), arguments: [true, false])
  func `memberships of several grantors hold as they were`(isSuperuser: Bool) async throws {
    let move = try await Self.start(from: 16, to: 18)
    try await move.source.sql(Self.ofTwoGrantors)
    var connections = move.connections
    if !isSuperuser {
      try await move.target.sql(
        """
        create role mover login createdb createrole; grant pg_monitor to mover with admin true, inherit false, set false;
        grant create on schema public to mover; grant create on database postgres to mover
        """)
      connections = [
        "--source", move.source.connectionString(), "--target", move.target.connectionString(user: "mover"),
      ]
    }
    let done = try await move.migrate(isSuperuser ? [] : ["--exclude-role", "postgres"], connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let both = try await (move.source.value(Self.effective), move.target.value(Self.effective))
    #expect(both.0 == both.1)
    let (own, there) = try await (move.source.value(Self.all), move.target.value(Self.all))
    // What the superuser granted is granted by whoever migrates.
    #expect(there.replacing(" mover", with: " postgres") == own)
    let messages = (done.report?.migration?.roles ?? []).filter { $0.status == .created }.map(\.message)
    #expect(messages.filter { !$0.isEmpty } == [])
    // To grant in the name of others it was their member for a moment.
    #expect(
      try await move.target.value(
        "select count(*) from pg_auth_members where member = to_regrole('mover') and (inherit_option or set_option)")
        == "0")
  }

  @Test(.needsPostgres(16, 18))
  func `what a grantor that is left out has granted is granted by the target role, and told`() async throws {
    let move = try await Self.start(from: 16, to: 18)
    try await move.source.sql(Self.ofTwoGrantors)
    let done = try await move.migrate(["--exclude-role", "boss", "--exclude-role", "m%gr 🐘"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    #expect(
      try await move.target.value(
        """
        select concat_ws(' ', pg_has_role('worker', 'grp', 'usage'), pg_has_role('worker', 'grp', 'set'),
                         pg_has_role('chain2', 'grp', 'usage with admin option'))
        """) == "t t t")
    let worker = done.report?.migration?.roles.first { $0.name == "worker" }
    #expect(worker?.message == "member of grp as granted by postgres, not by boss and m%gr 🐘")
  }

  @Test(.needsPostgres(15, 18)) func `chains of ADMIN come to a version that has options`() async throws {
    let move = try await Self.start(from: 15, to: 18)
    try await move.source.sql(
      """
      create role a; create role b noinherit; create role c; create role d login; create role e login noinherit;
      grant a to b with admin option; set role b; grant a to c with admin option; set role c; grant a to d; reset role;
      grant c to e; grant pg_read_all_data to e with admin option;
      """)
    let done = try await move.migrate()
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let (own, there) = try await (
      move.source.value(Self.effective.replacing("'set'", with: "'member'")), move.target.value(Self.effective)
    )
    #expect(own == there)
    let messages = (done.report?.migration?.roles ?? []).map(\.message)
    #expect(messages.filter { !$0.isEmpty } == [])
  }

  @Test(.needsPostgres(15, 18)) func `options that an older version lacks are told`() async throws {
    let move = try await Self.start(from: 18, to: 15)
    try await move.source.sql(
      """
      create role grp; create role boss; create role maker createrole; create role no_set; create role sets;
      create role inherits noinherit; create role same; create role keeper; create role nothing;
      grant grp to boss, maker with admin true, inherit false, set false; grant grp to no_set with set false;
      grant grp to sets with inherit false; grant grp to inherits with inherit true; grant grp to same with admin true;
      grant pg_maintain to keeper; grant grp to nothing with inherit false, set false;
      """)
    // Whatever becomes of the database itself.
    let done = try await move.migrate(["--skip-version-check"])
    let messages = Dictionary(
      uniqueKeysWithValues: (done.report?.migration?.roles ?? []).map { ($0.name, $0.message) })
    #expect(messages["boss"] == "not a member of grp: before version 16, ADMIN cannot be granted alone")
    #expect(messages["maker"] == "")
    #expect(messages["no_set"] == "member of grp with SET, unlike on the source")
    #expect(messages["sets"] == "member of grp with INHERIT, unlike on the source")
    #expect(messages["inherits"] == "member of grp without INHERIT")
    #expect(messages["same"] == "" && messages["nothing"] == "")
    #expect(messages["keeper"]?.contains("not a member of pg_maintain: role \"pg_maintain\" does not exist") == true)
    let members = "select string_agg(member::regrole::text, ' ' order by member::regrole::text) from pg_auth_members"
    #expect(try await move.target.value("\(members) where roleid = 'grp'::regrole") == "inherits no_set same sets")
  }
}
