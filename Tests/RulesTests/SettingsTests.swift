import Testing

@testable import Catalog
@testable import Rules

/// What depends on versions, dates and values that no server here has.
@Suite struct SettingsTests {
  @Test func `of settings for a bulk load, only commits that wait for nobody are a warning`() throws {
    var situation = Situation()
    for (name, value) in [
      ("maintenance_work_mem", "65536"), ("max_wal_size", "1024"), ("checkpoint_timeout", "300"), ("fsync", "off"),
    ] { situation.target.set(name, value) }
    guard case .passed(_, let notices) = try situation.decide("target-bulk-settings") else {
      Issue.record("it fails")
      return
    }
    #expect(notices.count == 4)
    situation.target.set("synchronous_standby_names", "*")
    #expect(try situation.decide("target-bulk-settings").isFailed)
    situation.target.set("synchronous_commit", "local")
    #expect(try situation.decide("target-bulk-settings").isPassed)
    situation.target.set("synchronous_commit", "remote_apply")
    #expect(try situation.decide("target-bulk-settings").isFailed)
    situation.target.activity = .known(Activity(clientBackends: 1, ownBackends: 1, walsenders: 1))
    #expect(try situation.decide("target-bulk-settings").isPassed)
  }

  @Test func `a provider says itself how checksums are switched on`() throws {
    var situation = Situation()
    situation.target.set("data_checksums", "off")
    for (provider, isPasted) in [(Provider.selfManaged, true), (.rds, false)] {
      situation.target.provider = .known(ProviderRecognition(from: .of(provider)))
      guard case .passed(_, let notices) = try situation.decide("data-checksums") else {
        Issue.record("it fails")
        return
      }
      #expect(notices.map { $0.remediation?.sql != nil } == [isPasted])
    }
    situation.source.set("data_checksums", nil)
    #expect(throws: Undetermined.self) { try situation.decide("data-checksums") }
  }

  @Test func `a label provider is recognised by the library that the target loads`() throws {
    var situation = Situation()
    situation.source.inspected[0].labelProviders = .known([
      LabelProvider(provider: "selinux", labels: 2), LabelProvider(provider: "anon", labels: 1),
    ])
    situation.target.set("shared_preload_libraries", "$libdir/sepgsql.so, \"anon\"")
    #expect(try situation.decide("security-labels").isPassed)
    situation.target.set("shared_preload_libraries", "anonymous")
    #expect(try situation.decide("security-labels").findings.count == 2)
    situation.target.set("shared_preload_libraries", nil)
    #expect(throws: Undetermined.self) { try situation.decide("security-labels") }
  }

  @Test(arguments: [
    (90_507, true, false), (90_624, false, true), (120_022, false, true), (150_020, false, false),
    (180_006, false, false), (190_000, false, false), (200_000, true, false),
  ])
  func `a source's version is known or not, and past its last release or not`(
    version: Int, fails: Bool, isPast: Bool
  ) throws {
    var situation = Situation(source: version, target: version)
    situation.source.server.change { $0.takenAt = "2026-02-01T00:00:00Z" }
    let conclusion = try situation.decide("source-version-supported")
    #expect(conclusion.isFailed == fails)
    #expect(conclusion.message.contains("last release") == isPast)
  }

  @Test func `the date is the server's`() throws {
    var situation = Situation(source: 140_023, target: 140_023)
    for (date, isPast) in [("2026-11-12", false), ("2026-11-13", true)] {
      situation.target.server.change { $0.takenAt = "\(date)T10:00:00Z" }
      let conclusion = try situation.decide("target-version-supported")
      #expect(conclusion.isPassed)
      #expect(conclusion.message.contains("had its last release on 2026-11-12") == isPast)
    }
    #expect(try Situation(source: 90_624, target: 90_624).decide("target-version-supported").isFailed)
  }

  @Test(arguments: [
    (140_003, 2, 1), (140_004, 1, 0), (140_017, 1, 0), (140_018, 1, 0), (140_019, 0, 0), (150_012, 1, 0),
    (150_013, 1, 0), (150_014, 0, 0), (160_008, 1, 0), (170_005, 1, 0), (170_006, 0, 0), (180_000, 0, 0),
    (130_016, 0, 0),
  ])
  func `minor releases with known trouble`(version: Int, count: Int, countOfDump: Int) throws {
    var situation = Situation(source: version)
    #expect(try situation.decide("minor-current").findings.count == count)
    situation.options.method = .dump
    #expect(try situation.decide("minor-current").findings.count == countOfDump)
  }

  @Test func `an older target of the same major version gets a notice`() throws {
    guard case .passed(_, let notices) = try Situation(source: 150_020, target: 150_018).decide("minor-current") else {
      Issue.record("not passed")
      return
    }
    #expect(notices.count == 1)
  }

  @Test(arguments: [
    ("pgoutput, test_decoding", true), ("\"pgoutput\"", true), ("wal2json,pgoutput", true), ("", false),
    ("test_decoding", false), ("\"pgoutput, test_decoding\"", false), ("pgoutput2", false),
  ])
  func `the list of output plugins is read as the server reads it`(list: String, allows: Bool) throws {
    var situation = Situation()
    situation.source.set("output_plugin_libraries", list)
    #expect(try situation.decide("output-plugin-allowed").isPassed == allows)
  }

  @Test func `a hidden list of output plugins is told`() throws {
    var situation = Situation()
    #expect(try situation.decide("output-plugin-allowed").isSkipped)
    situation.source.me = .known(.named("me"))
    #expect(try situation.decide("output-plugin-allowed").isPassed)
    situation.source.me = .known(.named("me", inherits: ["pg_read_all_settings"]))
    #expect(try situation.decide("output-plugin-allowed").isSkipped)
  }

  @Test(arguments: [
    ("-1", nil), ("0", .blocker), ("122", .blocker), ("123", .warning), ("953", .warning), ("954", Severity?.none),
    ("9223372036854775807", nil),
  ])
  func `a limit of WAL that slots keep`(megabytes: String, severity: Severity?) throws {
    var situation = Situation()
    situation.source.set("max_slot_wal_keep_size", megabytes)
    let conclusion = try situation.decide("slot-keep-size")
    #expect(conclusion.isFailed == (severity != nil))
    #expect(conclusion.severity == severity)
    // What is kept for standbys is kept for slots.
    situation.source.set("wal_keep_size", "1000")
    #expect(try situation.decide("slot-keep-size").isPassed)
  }

  @Test func `a limit of WAL below the data is a warning`() throws {
    var situation = Situation()
    situation.source.set("max_slot_wal_keep_size", "4096")
    #expect(try situation.decide("slot-keep-size").isPassed)
    situation.source.databaseSizes.change { $0[0].sizeBytes = 5_000_000_000 }
    #expect(try situation.decide("slot-keep-size").severity == .warning)
  }

  @Test func `forgotten slots`() throws {
    var situation = Situation()
    var slot = ReplicationSlot(
      slotName: "s", plugin: nil, slotType: "physical", database: nil, active: false, temporary: false,
      retainedBytes: 1 << 30, xminAge: 50_000_000, walStatus: "reserved", invalidationReason: nil)
    func fails() throws -> Bool {
      situation.source.slots = .known([slot])
      return try situation.decide("existing-slots").isFailed
    }
    #expect(try !fails())
    slot.retainedBytes = 1 << 30 + 1
    #expect(try fails())
    slot.active = true
    #expect(try !fails())
    slot.walStatus = "unreserved"
    #expect(try fails())
    (slot.walStatus, slot.invalidationReason) = ("reserved", "idle_timeout")
    #expect(try fails())
    (slot.active, slot.invalidationReason, slot.retainedBytes, slot.xminAge) = (false, nil, nil, 50_000_001)
    #expect(try fails())
    slot.temporary = true
    #expect(try !fails())
  }

  @Test func `transactions that have been writing for long`() throws {
    var situation = Situation()
    let transaction = WritingTransaction(
      pid: 42, datname: "app", usename: "me", applicationName: "psql", state: "active", seconds: 400, stateSeconds: 1,
      nTotal: 1)
    situation.source.writingTransactions = .known([transaction])
    let conclusion = try situation.decide("long-transactions")
    #expect(conclusion.findings.map(\.message) == ["its transaction writes since 6 minutes"])
    #expect(conclusion.findings[0].remediation?.sql == "SELECT pg_terminate_backend(42);")
  }

  @Test(arguments: [
    (true, 100, 3, 0, 97), (false, 100, 3, 0, 94), (false, 100, 3, 5, 89), (true, 3, 0, 0, 0),
  ])
  func `free connections`(superuser: Bool, limit: Int, reserved: Int, reservedForRoles: Int, free: Int) throws {
    var situation = Situation()
    situation.source.me = .known(.named("me", superuser: superuser))
    situation.source.set("max_connections", "\(limit)")
    situation.source.set("superuser_reserved_connections", "\(reserved)")
    situation.source.set("reserved_connections", "\(reservedForRoles)")
    situation.source.activity = .known(Activity(clientBackends: 5, ownBackends: 2, walsenders: 7))
    let conclusion = try situation.decide("connection-headroom")
    #expect(conclusion.message.hasPrefix("Free connections: \(free) on the source"))
    #expect(conclusion.isFailed == (free < 4))
    guard case .failed(_, _, let severity) = conclusion else { return }
    #expect(severity == (free < 3 ? .blocker : .warning))
  }

  @Test(arguments: [(false, 2, -1, true), (false, -1, 5, true), (true, 2, 2, false), (false, 50, 50, false)])
  func `connection limits of roles and databases`(superuser: Bool, role: Int, database: Int, fails: Bool) throws {
    var situation = Situation()
    var me = CurrentRole.named("m\"e", superuser: superuser)
    me.rolconnlimit = role
    situation.source.me = .known(me)
    var row = Database.named("app")
    row.datconnlimit = database
    situation.source.databases = .known([row])
    let conclusion = try situation.decide("connection-headroom")
    #expect(conclusion.isFailed == fails)
    guard case .failed(_, let findings, let severity) = conclusion else { return }
    #expect(severity == (role == 2 ? .blocker : .warning))
    #expect(
      findings.map(\.remediation?.sql) == [
        role == 2 ? "ALTER ROLE \"m\"\"e\" CONNECTION LIMIT 26;" : "ALTER DATABASE app CONNECTION LIMIT 26;"
      ])
  }

  @Test func `sessions that leave this host`() throws {
    var situation = Situation()
    func session(_ host: String, tls: Bool = false) -> ConnectionAttempt {
      var facts = ConnectionFacts.local
      (facts.host, facts.isTLS) = (host, tls)
      return .connected(facts)
    }
    #expect(try situation.decide("connection-tls").isPassed)
    #expect(try situation.decide("subscription-connectivity").isPassed)
    situation.target.connection = session("db.example")
    #expect(try situation.decide("connection-tls").isFailed)
    #expect(try situation.decide("subscription-connectivity").isFailed)
    situation.target.connection = session("db.example", tls: true)
    situation.source.connection = session("10.0.0.1", tls: true)
    #expect(try situation.decide("connection-tls").isPassed)
    #expect(try situation.decide("subscription-connectivity").isPassed)
  }
}
