import Testing

@testable import Catalog
@testable import Rules

/// What takes versions, ages and services that no server here has.
@Suite struct PlaceTests {
  @Test(arguments: [
    (400_000_000, 0, false), (400_000_001, 0, true), (0, 1_000_000_000, false), (0, 1_000_000_001, true),
  ])
  func `ages of transactions and multixacts`(xidAge: Int, mxidAge: Int, fails: Bool) throws {
    for side in Side.allCases {
      var situation = Situation()
      func age(_ properties: inout [DatabaseProperties]) {
        properties[0].xidAge = xidAge
        properties[0].mxidAge = mxidAge
      }
      if side == .source {
        situation.source.databaseProperties.change(age)
      } else {
        situation.target.databaseProperties.change(age)
      }
      let conclusion = try situation.decide("wraparound-headroom")
      #expect(conclusion.isFailed == fails)
      #expect(conclusion.severity != .blocker)
    }
  }

  @Test func `where vacuum is to begin late, an age is old all the same`() throws {
    var situation = Situation()
    situation.source.set("autovacuum_freeze_max_age", "2000000000")
    situation.source.databaseProperties.change { $0[0].xidAge = 1_000_000_000 }
    #expect(try situation.decide("wraparound-headroom").isPassed)
    situation.source.databaseProperties.change { $0[0].xidAge += 1 }
    #expect(try situation.decide("wraparound-headroom").isFailed)
  }

  private func collation(
    _ provider: String, locale: String? = nil, rules: Bool = false, deterministic: Bool = true, isUsers: Bool = true
  ) -> UsedCollation {
    UsedCollation(
      nspname: "public", collname: "c", isUsers: isUsers, provider: provider, collate: nil, ctype: nil, locale: locale,
      hasRules: rules, isDeterministic: deterministic, versionDiffers: false, nDependents: 1, schemas: ["public"],
      relations: ["t"], nRelations: 1)
  }

  @Test(arguments: [
    ("i", "de", false, true, 90_600, false), ("i", "de", false, true, 100_000, true),
    ("i", "de", false, false, 110_000, false), ("i", "de", false, false, 120_000, true),
    ("i", "de", true, true, 150_000, false), ("i", "de", true, true, 160_000, true),
    ("b", "C.UTF-8", false, true, 160_000, false), ("b", "C.UTF-8", false, true, 170_000, true),
    ("b", "PG_UNICODE_FAST", false, true, 170_000, false), ("b", "PG_UNICODE_FAST", false, true, 180_000, true),
  ])
  func `a collation takes a version`(
    provider: String, locale: String, rules: Bool, deterministic: Bool, target: Int, isThere: Bool
  ) throws {
    var situation = Situation(source: 180_000, target: target)
    situation.source.inspected[0].collations = .known([
      collation(provider, locale: locale, rules: rules, deterministic: deterministic)
    ])
    #expect(try situation.decide("collations-available").isFailed == !isThere)
  }

  @Test func `a collation that the target was not asked for is not taken for known`() {
    var situation = Situation()
    var mine = collation("c")
    mine.collate = "xx_XX"
    situation.source.inspected[0].collations = .known([mine])
    #expect(throws: Undetermined.self) { try situation.decide("collations-available") }
    situation.source.inspected[0].collations = .known([collation("i", isUsers: false)])
    situation.target.systemCollations = .missing
    #expect(throws: Undetermined.self) { try situation.decide("collations-available") }
    situation.source.inspected[0].collations = .missing
    #expect(throws: Undetermined.self) { try situation.decide("collations-available") }
  }

  private func function(_ setting: String) -> FunctionSetting {
    FunctionSetting(nTotal: 1, setting: setting, nspname: "public", proname: "f", arguments: "")
  }

  @Test(arguments: [
    ("work_mem", true, Severity?.none), ("gone", true, .blocker), ("role", true, nil), ("app.key", true, nil),
    ("log_statement", false, .blocker), ("app.key", false, .blocker), ("plpgsql.variable_conflict", false, .blocker),
    ("pg_trgm.similarity_threshold", false, .warning), ("dynamic_library_path", false, .blocker),
    ("WORK_MEM", false, nil),
  ])
  func `what the target makes of a function's setting`(setting: String, superuser: Bool, severity: Severity?) throws {
    var situation = Situation()
    situation.target.me = .known(.named("me", superuser: superuser))
    if superuser { situation.target.settingNames.change { $0[3].mayBeSet = true } }
    situation.source.inspected[0].extensions.change {
      $0.append(InstalledExtension(extname: "pg_trgm", extversion: "1.6"))
    }
    situation.source.inspected[0].functionSettings = .known([function(setting)])
    let conclusion = try situation.decide("function-settings-valid")
    #expect(conclusion.isFailed == (severity != nil))
    #expect(conclusion.severity == severity)
  }

  @Test func `a service may let its administrators set what else only a superuser may`() throws {
    var situation = Situation()
    situation.target.me = .known(.named("me"))
    situation.target.provider = .known(ProviderRecognition(from: .of(.rds)))
    situation.source.inspected[0].functionSettings = .known([function("log_statement")])
    #expect(try situation.decide("function-settings-valid").severity == .warning)
    situation.target.settingNames = .missing
    #expect(throws: Undetermined.self) { try situation.decide("function-settings-valid") }
  }

  @Test func `before 15 nobody can be granted to set a parameter`() throws {
    var situation = Situation(source: 130_000, target: 140_000)
    situation.target.me = .known(.named("me"))
    situation.source.inspected[0].functionSettings = .known([function("log_statement")])
    let finding = try #require(try situation.decide("function-settings-valid").findings.first)
    #expect(finding.remediation?.sql == "ALTER ROUTINE public.f() RESET log_statement;")
  }

  private func stored(
    _ name: String, _ value: String, _ holder: StoredSetting.Holder = .everyone, in database: String? = nil
  ) -> StoredSetting {
    StoredSetting(
      datname: database, holder: holder, name: name, value: value, roles: holder == .everyone ? [] : ["r"],
      nRoles: holder == .everyone ? 0 : 1)
  }

  @Test(arguments: [(110_000, false), (120_000, true)])
  func `a role that makes tables with OIDs`(target: Int, fails: Bool) throws {
    var situation = Situation(source: 110_000, target: target)
    situation.source.storedSettings = .known([stored("default_with_oids", "on", .others)])
    #expect(try situation.decide("role-settings-valid").isFailed == fails)
    situation.source.storedSettings = .known([stored("default_with_oids", "off", .others)])
    #expect(try situation.decide("role-settings-valid").isPassed)
  }

  @Test(arguments: [
    ("0", false), ("59min", true), ("60 min", false), ("3600000", false), ("3599999", true), ("1h", false),
    ("0.5h", true), ("1d", false), ("-1", false),
  ])
  func `timeouts in any unit`(value: String, fails: Bool) throws {
    var situation = Situation()
    situation.source.set("statement_timeout", value)
    #expect(try situation.decide("session-timeouts").isFailed == fails)
    // What the role has for this database goes before all else.
    situation.source.storedSettings = .known([
      stored("statement_timeout", "5s"), stored("statement_timeout", "6s", in: "app"),
      stored("statement_timeout", "7s", .me), stored("statement_timeout", "0", .me, in: "app"),
    ])
    #expect(try situation.decide("session-timeouts").isPassed)
    situation.options.method = .dump
    situation.source.storedSettings = .known([stored("statement_timeout", "5s")])
    #expect(try situation.decide("session-timeouts").isPassed)
  }

  @Test(arguments: [
    ("TimeZone", "Etc/UTC", "UTC", false), ("TimeZone", "GMT", "Europe/London", true),
    ("DateStyle", "ISO, MDY", "ISO,MDY", false), ("DateStyle", "ISO, MDY", "ISO, DMY", true),
    ("array_nulls", "on", "true", false), ("default_text_search_config", "pg_catalog.english", "english", false),
    ("default_text_search_config", "pg_catalog.english", "pg_catalog.simple", true),
    ("IntervalStyle", "postgres", "iso_8601", true), ("lc_monetary", "de_DE.UTF-8", "C", false),
  ])
  func `what is the same by another spelling`(name: String, source: String, target: String, fails: Bool) throws {
    var situation = Situation()
    situation.source.set(name, source)
    situation.target.set(name, target)
    #expect(try situation.decide("semantics-settings").isFailed == fails)
    // A setting of the role's own hides what others have.
    situation.target.set(name, target, source: "user")
    #expect(try situation.decide("semantics-settings").isPassed)
  }

  @Test func `what belongs to a database that is to be created is for its own rule`() throws {
    var situation = Situation()
    situation.source.set("TimeZone", "UTC")
    situation.target.set("TimeZone", "UTC")
    situation.source.storedSettings = .known([stored("TimeZone", "Asia/Tokyo", in: "app")])
    #expect(try situation.decide("semantics-settings").isFailed)
    situation.target.databases = .known([])
    #expect(try situation.decide("semantics-settings").isPassed)
    guard case .passed(_, let notices) = try situation.decide("database-properties") else { return }
    #expect(notices.first?.remediation?.sql == "ALTER DATABASE app SET \"TimeZone\" TO 'Asia/Tokyo';")
  }

  private func needed(_ name: String) -> RoleReference {
    RoleReference(
      datname: "app", rolname: name, kinds: ["a"], rolcanlogin: true, rolsuper: false, rolinherit: true,
      rolcreatedb: false, rolcreaterole: false, rolreplication: false, rolbypassrls: false)
  }

  @Test(arguments: [
    (RolePassword.Kind.md5, "scram-sha-256", true), (.md5, "md5", false), (.scram, "md5", false), (.other, "md5", true),
    (.none, "scram-sha-256", false),
  ])
  func `a hash that the target takes`(kind: RolePassword.Kind, encryption: String, fails: Bool) throws {
    var situation = Situation()
    situation.target.set("password_encryption", encryption)
    situation.source.roleReferences = .known([needed("r")])
    situation.source.rolePasswords = .known([RolePassword(rolname: "r", kind: kind)])
    #expect(try situation.decide("role-passwords").isFailed == fails)
    situation.source.rolePasswords = .missing
    #expect(throws: Undetermined.self) { try situation.decide("role-passwords") }
    situation.options.excludedRoles = ["r"]
    #expect(try situation.decide("role-passwords").isPassed)
  }

  @Test func `the roles of the check and of a provider are no conflict`() throws {
    var situation = Situation()
    situation.source.roleReferences = .known([needed("r"), needed("postgres"), needed("rdsadmin")])
    situation.target.roles.change {
      $0.append(Role(rolname: "r", rolcanlogin: true, rolsuper: false))
      $0.append(Role(rolname: "rdsadmin", rolcanlogin: false, rolsuper: true))
    }
    #expect(try situation.decide("roles-conflict").isPassed)
    situation.target.roles.change { $0[1].rolcanlogin = false }
    #expect(try situation.decide("roles-conflict").findings.map(\.object) == ["role r"])
  }
}
