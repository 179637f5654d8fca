import Testing

@testable import Catalog
@testable import Rules

@Suite struct ProviderTests {
  @Test(arguments: Provider.allCases) func `a provider is known by its marks`(provider: Provider) {
    let recognition = ProviderRecognition(from: .of(provider))
    #expect(recognition.provider == provider)
    #expect(recognition.marks.isEmpty == (provider == .selfManaged))
  }

  @Test(arguments: [Provider.rds, .cloudsql, .alloydb, .azure])
  func `roles alone make no service: a dump brings them along`(provider: Provider) throws {
    var marks = ProviderMarks.none
    marks.roles = ProviderMarks.of(provider).roles
    #expect(ProviderRecognition(from: marks).provider == .selfManaged)
    var situation = Situation()
    situation.source.provider = .known(ProviderRecognition(from: marks))
    situation.source.me = .known(.named("me", inherits: ["rds_superuser", "rds_replication"]))
    #expect(try situation.decide("replication-privileges").isFailed)
  }

  @Test func `extwlist alone is no mark of Heroku`() {
    var marks = ProviderMarks.none
    marks.settingPrefixes = ["extwlist"]
    #expect(ProviderRecognition(from: marks).provider == .selfManaged)
    marks.schemas = ["heroku_ext"]
    #expect(ProviderRecognition(from: marks).provider == .heroku)
    #expect(ProviderRecognition(from: marks).isSure)
    marks.roles = ["avnadmin"]
    #expect(ProviderRecognition(from: marks).provider == .aiven)
  }

  @Test func `Aurora has the marks of RDS, and AlloyDB some of Cloud SQL`() {
    var marks = ProviderMarks.of(.rds)
    marks.functions = ["aurora_version"]
    #expect(ProviderRecognition(from: marks).provider == .aurora)
    marks = .of(.cloudsql)
    marks.roles.append("alloydbsuperuser")
    marks.databases.append("alloydbadmin")
    #expect(ProviderRecognition(from: marks).provider == .alloydb)
  }

  /// The source has dblink, which takes a superuser; the target's role is a member of `roles`.
  private func installing(
    on provider: Provider, memberOf roles: [String] = [], settings: [String: String] = [:],
    extension name: String = "dblink"
  ) throws -> Conclusion {
    var situation = Situation()
    situation.source.inspected[0].extensions = .known([InstalledExtension(extname: name, extversion: "1.0")])
    situation.target.provider = .known(ProviderRecognition(from: .of(provider)))
    situation.target.me = .known(.named("me", inherits: roles))
    for (name, value) in settings { situation.target.set(name, value) }
    return try situation.decide("extensions-installable")
  }

  @Test(arguments: [
    (Provider.rds, "rds_superuser"), (.aurora, "rds_superuser"), (.cloudsql, "cloudsqlsuperuser"),
    (.alloydb, "alloydbsuperuser"), (.neon, "neon_superuser"),
  ])
  func `a provider's administrator creates what the service offers`(provider: Provider, role: String) throws {
    #expect(try installing(on: provider, memberOf: [role]).message.contains("is a member of \(role)"))
    #expect(try installing(on: provider).isFailed)
    // The role of another service is only a name.
    #expect(try installing(on: .selfManaged, memberOf: [role]).isFailed)
  }

  @Test(arguments: [
    ("dblink,pg_trgm", true), ("*", true), ("", true), (" dblink , x", true), ("pg_trgm", false),
  ])
  func `what RDS allows binds its administrators`(list: String, holds: Bool) throws {
    for setting in ["rds.allowed_extensions", "rds.extensions"] {
      let conclusion = try installing(on: .rds, memberOf: ["rds_superuser"], settings: [setting: list])
      #expect(conclusion.isPassed == holds, "\(setting) = \(list)")
    }
  }

  @Test func `RDS' remedy keeps what is listed`() throws {
    let conclusion = try installing(
      on: .rds, memberOf: ["rds_superuser"], settings: ["rds.allowed_extensions": "pg_trgm,hstore"])
    #expect(conclusion.findings.first?.remediation?.sql == "rds.allowed_extensions = dblink,hstore,pg_trgm")
  }

  @Test(arguments: [("DBLINK,PG_TRGM", true), ("dblink", true), ("PG_TRGM", false), ("", false)])
  func `what Azure allows binds its administrators, in any case`(list: String, holds: Bool) throws {
    let conclusion = try installing(on: .azure, memberOf: ["azure_pg_admin"], settings: ["azure.extensions": list])
    #expect(conclusion.isPassed == holds)
    #expect(try installing(on: .azure, settings: ["azure.extensions": list]).isFailed)
  }

  @Test(arguments: [("dblink", true), ("pg_trgm, dblink", true), ("pg_trgm", false), ("", false)])
  func `an allow list lets every role create`(list: String, holds: Bool) throws {
    #expect(try installing(on: .selfManaged, settings: ["extwlist.extensions": list]).isPassed == holds)
    #expect(try installing(on: .aiven, settings: ["extwlist.extensions": list]).isPassed == holds)
    #expect(try installing(on: .supabase, settings: ["supautils.privileged_extensions": list]).isPassed == holds)
  }

  @Test func `a trusted extension takes CREATE in the database`() throws {
    #expect(try installing(on: .selfManaged, extension: "pg_trgm").message.contains("it is trusted"))
    var situation = Situation()
    situation.source.inspected[0].extensions = .known([InstalledExtension(extname: "pg_trgm", extversion: "1.0")])
    situation.target.me = .known(.named("me"))
    situation.target.databases.change { $0[0].canCreate = false }
    let refused = try situation.decide("extensions-installable")
    #expect(refused.findings.first?.remediation?.sql == "GRANT CREATE ON DATABASE app TO me;")
    // A database that the role creates is its own.
    situation.target.databases = .known([])
    #expect(try situation.decide("extensions-installable").isPassed)
  }

  @Test(arguments: Provider.allCases) func `every provider's way to logical WAL is told`(provider: Provider) throws {
    var situation = Situation()
    situation.source.provider = .known(ProviderRecognition(from: .of(provider)))
    situation.source.set("wal_level", "replica")
    let remediation = try #require(try situation.decide("wal-level-logical").findings.first?.remediation)
    #expect(!remediation.text.isEmpty)
    let isRDS = provider == .rds || provider == .aurora
    #expect((remediation.sql == "rds.logical_replication = 1") == isRDS)
    // Nobody may be told to ALTER SYSTEM where only the service can.
    #expect((remediation.where == .source) == (provider == .selfManaged))
  }

  @Test(arguments: Provider.allCases) func `every provider's way to raise a limit is told`(provider: Provider) throws {
    var situation = Situation()
    situation.source.provider = .known(ProviderRecognition(from: .of(provider)))
    situation.source.set("max_replication_slots", "0")
    let remediation = try #require(try situation.decide("replication-slots-free").findings.first?.remediation)
    let isOwn = provider == .selfManaged
    #expect((remediation.sql?.hasPrefix("ALTER SYSTEM") ?? false) == isOwn)
    // Some let nobody raise it.
    #expect((remediation.sql?.contains("max_replication_slots = 1") ?? false) == (provider != .heroku))
    #expect(remediation.where == (isOwn ? .source : provider == .heroku ? nil : .setting))
  }

  @Test(arguments: Provider.allCases) func `membership replaces REPLICATION on RDS only`(provider: Provider) throws {
    var situation = Situation()
    situation.source.provider = .known(ProviderRecognition(from: .of(provider)))
    for role in ["rds_replication", "rds_superuser", "cloudsqlsuperuser", "azure_pg_admin", "neon_superuser"] {
      situation.source.me = .known(.named("me", inherits: [role]))
      let holds = (provider == .rds || provider == .aurora) && role.hasPrefix("rds")
      #expect(try situation.decide("replication-privileges").isPassed == holds, "\(role)")
    }
  }

  @Test func `a provider that can't be recognised is taken for none`() throws {
    var situation = Situation()
    situation.source.provider = .missing
    situation.source.me = .known(.named("me", inherits: ["rds_replication"]))
    #expect(try situation.decide("replication-privileges").isFailed)
  }
}
