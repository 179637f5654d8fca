import Testing

@testable import Catalog
@testable import Rules

@Suite struct ExtensionTests {
  private func situation(
    _ name: String, version: String = "1.0", source: Int = 150_018, target: Int = 150_018, offered: Bool = true
  ) -> Situation {
    var situation = Situation(source: source, target: target)
    situation.source.inspected[0].extensions = .known([InstalledExtension(extname: name, extversion: version)])
    if offered { situation.target.availableExtensions.change { $0.append(.named(name, version: version)) } }
    return situation
  }

  @Test(arguments: [
    ("tsearch2", 90_624, 100_023), ("chkpass", 100_023, 110_022), ("timetravel", 110_022, 120_020),
    ("plpythonu", 140_019, 150_018), ("hstore_plpython2u", 140_019, 150_018), ("adminpack", 160_010, 170_010),
    ("old_snapshot", 160_010, 170_010),
  ])
  func `a module ends with a version, where the target does not have it all the same`(
    name: String, last: Int, ended: Int
  ) throws {
    #expect(try situation(name, target: last, offered: false).decide("extensions-removed").isPassed)
    #expect(try situation(name, target: ended, offered: false).decide("extensions-removed").isFailed)
    #expect(try situation(name, target: ended).decide("extensions-removed").isPassed)
  }

  @Test(arguments: ["citus", "pg_cron", "pg_stat_kcache", "pgaudit", "pglogical", "timescaledb"])
  func `what can't be created without its library blocks until it is there`(name: String) throws {
    var situation = situation(name)
    let conclusion = try situation.decide("extension-preload")
    #expect(conclusion.severity == .blocker)
    #expect(
      conclusion.findings.first?.remediation?.sql == "ALTER SYSTEM SET shared_preload_libraries = '\(name)';")
    situation.target.inspected[0].extensions = .known([InstalledExtension(extname: name, extversion: "1.0")])
    #expect(try situation.decide("extension-preload").isPassed)
    situation.source.set("shared_preload_libraries", name)
    #expect(try situation.decide("extension-preload").severity == .warning)
    for list in [name, "x, \(name)", "\"$libdir/\(name)\"", "'\(name).so'"] {
      situation.target.set("shared_preload_libraries", list)
      #expect(try situation.decide("extension-preload").isPassed, "\(list)")
    }
  }

  @Test func `pg_partman is missed only where the source loads its worker`() throws {
    var situation = situation("pg_partman")
    situation.source.set("shared_preload_libraries", nil)
    #expect(try situation.decide("extension-preload").isPassed)
    situation.source.set("shared_preload_libraries", "pg_partman_bgw")
    #expect(try situation.decide("extension-preload").severity == .warning)
  }

  @Test(arguments: [
    (Provider.cloudsql, "cloudsql.enable_pg_cron = on"), (.alloydb, "alloydb.enable_pg_cron = on"),
    (.rds, "shared_preload_libraries = a,pg_cron"), (.azure, "shared_preload_libraries = a,pg_cron"),
  ])
  func `libraries are loaded in the provider's way`(provider: Provider, paste: String) throws {
    var situation = situation("pg_cron")
    situation.target.provider = .known(ProviderRecognition(from: .of(provider)))
    situation.target.set("shared_preload_libraries", "a")
    let remediation = try #require(try situation.decide("extension-preload").findings.first?.remediation)
    #expect(remediation.sql == paste)
    #expect(remediation.where == .setting)
  }

  @Test func `where nothing needs a library, a hidden setting does not matter`() throws {
    var situation = situation("pg_trgm")
    situation.target.set("shared_preload_libraries", nil)
    #expect(try situation.decide("extension-preload").isPassed)
    #expect(throws: Undetermined.self) {
      var other = self.situation("pgaudit")
      other.target.set("shared_preload_libraries", nil)
      _ = try other.decide("extension-preload")
    }
  }

  @Test func `the place of pg_cron is judged where pg_cron is loaded`() throws {
    var situation = situation("pg_cron")
    #expect(try situation.decide("pg-cron").isPassed)
    situation.target.set("shared_preload_libraries", "pg_cron")
    #expect(throws: Undetermined.self) { try situation.decide("pg-cron") }
    situation.target.set("cron.database_name", "postgres")
    #expect(try situation.decide("pg-cron").severity == .blocker)
    situation.target.set("cron.database_name", "app")
    #expect(try situation.decide("pg-cron").isPassed)
    situation.source.inspected[0].cronJobs = .known(CronJobs(jobs: 2, active: 1))
    #expect(try situation.decide("pg-cron").severity == .warning)
  }

  @Test func `TimescaleDB has to be of the same version where there are hypertables`() throws {
    var situation = situation("timescaledb", version: "2.11.0")
    #expect(try situation.decide("timescaledb").isPassed)
    #expect(try situation.decide("hypertables").isPassed)
    situation.source.inspected[0].hypertables = .known(Hypertables(hypertables: 1))
    #expect(try situation.decide("timescaledb").severity == .warning)
    #expect(try situation.decide("hypertables").isFailed)
    situation.target.inspected[0].extensions = .known([
      InstalledExtension(extname: "timescaledb", extversion: "2.12.0")
    ])
    let conclusion = try situation.decide("timescaledb")
    #expect(conclusion.severity == nil)
    #expect(
      conclusion.findings.first?.remediation?.sql
        == "DROP EXTENSION timescaledb;\nCREATE EXTENSION timescaledb VERSION '2.11.0';")
    situation.source.inspected[0].hypertables = .missing
    #expect(throws: Undetermined.self) { try situation.decide("timescaledb") }
  }

  @Test(arguments: [("2.4.9", "3.3.2", true), ("2.5.5", "2.5.5", false), ("3.0.0", "3.3.2", false)])
  func `rasters are apart from PostGIS 3 on`(source: String, target: String, isApart: Bool) throws {
    var situation = situation("postgis", version: source, offered: false)
    situation.target.availableExtensions.change { $0.append(.named("postgis", version: target)) }
    #expect(try situation.decide("postgis").isFailed == isApart)
    situation.target.inspected[0].extensions.change {
      $0.append(InstalledExtension(extname: "postgis_raster", extversion: "3"))
    }
    #expect(try situation.decide("postgis").isPassed)
  }

  @Test func `rows of the database's own are loaded by a superuser, or who may write to the table`() throws {
    var situation = situation("x")
    func load(_ hasOwnRows: Bool?, hasCondition: Bool = true) throws -> Conclusion {
      situation.source.inspected[0].extensionTables = .known([
        ExtensionTable(
          extname: "x", nspname: "public", relname: "t", hasCondition: hasCondition, hasOwnRows: hasOwnRows)
      ])
      return try situation.decide("extension-config-tables")
    }
    situation.target.me = .known(.named("app", superuser: true))
    #expect(try load(true).isPassed)
    situation.target.me = .known(.named("app"))
    situation.target.inspected[0].extensions.change { $0.append(InstalledExtension(extname: "x", extversion: "1.0")) }
    #expect(try load(false).isPassed)
    #expect(try load(true).isFailed)
    // A file of some size is evidence enough where all rows are the database's own.
    #expect(try load(nil, hasCondition: false).isFailed)
    #expect(throws: Undetermined.self) { try load(nil) }
    situation.target.inspected[0].extensionTableAccess = .known([
      ExtensionTableAccess(extname: "x", nspname: "public", relname: "t", canWrite: true)
    ])
    #expect(try load(true).isPassed)
    situation.options.excludedExtensions = ["x"]
    #expect(try load(true).isPassed)
  }
}
