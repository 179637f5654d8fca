import Assessment
import Foundation
import Rules
import TestSupport
import Testing

/// What a check says of the services, from fixtures/snapshots.
@Suite struct ProviderSnapshotTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var provider: String
    var name: String
    /// What is to be done, in words and to be pasted, of the rule with that name.
    var walLevel: (text: String, paste: String?)
    var slots: (text: String, paste: String?)
    var extensions: (text: String, paste: String?)

    var testDescription: String { provider }
  }

  private static let create = "CREATE EXTENSION dblink CASCADE;"

  static let cases = [
    Case(
      provider: "rds", name: "Amazon RDS",
      walLevel: ("parameter group and reboot", "rds.logical_replication = 1"),
      slots: ("parameter group and reboot", "max_replication_slots = 2"),
      extensions: ("parameter group", "rds.allowed_extensions = dblink,hstore,pg_trgm")),
    Case(
      provider: "aurora", name: "Amazon Aurora",
      walLevel: ("DB cluster parameter group and reboot the writer", "rds.logical_replication = 1"),
      slots: ("DB cluster parameter group", "max_replication_slots = 2"),
      extensions: ("parameter group", "rds.allowed_extensions = dblink,hstore,pg_trgm")),
    Case(
      provider: "cloudsql", name: "Google Cloud SQL",
      walLevel: ("flag; the instance restarts", "cloudsql.logical_decoding = on"),
      slots: ("database flag", "max_replication_slots = 2"),
      extensions: ("a member of cloudsqlsuperuser", create)),
    Case(
      provider: "alloydb", name: "Google AlloyDB",
      walLevel: ("flag; the instance restarts", "alloydb.logical_decoding = on"),
      slots: ("database flag", "max_replication_slots = 2"),
      extensions: ("a member of alloydbsuperuser", create)),
    Case(
      provider: "azure", name: "Azure Database for PostgreSQL",
      walLevel: ("server parameter and restart", "wal_level = LOGICAL"),
      slots: ("server parameter and restart", "max_replication_slots = 2"),
      extensions: ("server parameter", "azure.extensions = DBLINK,HSTORE,PG_TRGM")),
    Case(
      provider: "aiven", name: "Aiven",
      walLevel: ("the service at Aiven", "wal_level = logical"),
      slots: ("pg.max_replication_slots", "max_replication_slots = 2"),
      extensions: ("avnadmin, which may create what extwlist.extensions lists", create)),
    Case(
      provider: "neon", name: "Neon",
      walLevel: ("Switch on logical replication in the project's settings", nil),
      slots: ("the service at Neon", "max_replication_slots = 2"),
      extensions: ("a member of neon_superuser", create)),
    Case(
      provider: "supabase", name: "Supabase",
      walLevel: ("the service at Supabase", "wal_level = logical"),
      slots: ("supabase postgres-config update", "max_replication_slots = 2"),
      extensions: ("Enable it in the dashboard", create)),
    Case(
      provider: "heroku", name: "Heroku Postgres",
      walLevel: ("use --method dump", nil), slots: ("Heroku sets it", nil),
      extensions: ("heroku_ext", nil)),
    Case(
      provider: "crunchy", name: "Crunchy Bridge",
      walLevel: ("the service at Crunchy Bridge", "wal_level = logical"),
      slots: ("cb config-param set", "max_replication_slots = 2"),
      extensions: ("Connect as postgres, a superuser", create)),
    Case(
      provider: "self-managed", name: "self-managed",
      walLevel: ("restart the server", "ALTER SYSTEM SET wal_level = 'logical';"),
      slots: ("restart the server", "ALTER SYSTEM SET max_replication_slots = 2;"),
      extensions: ("Have a superuser create it", create)),
  ]

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures/snapshots").path

  @Test(arguments: cases)
  func `a service is recognised, and remedies are in its own words`(_ expected: Case) async throws {
    let folder = Self.folder
    let arguments = ["source", "target"].flatMap {
      ["--\($0)-snapshot", "\(folder)/\(expected.provider)-\($0).json"]
    }
    let run = try await check(arguments + ["--include-database", "app"])
    #expect(run.report.source.provider == expected.name)
    #expect(run.report.target.provider == expected.name)
    let recognised = try #require(run.outcome("provider-supported"))
    #expect(recognised.outcome == .passed)
    #expect(recognised.findings.count == (expected.provider == "self-managed" ? 0 : 2))
    // Of Crunchy there are roles only.
    let isSure = recognised.findings.allSatisfy { !$0.message.hasPrefix("probably") }
    #expect(isSure == (expected.provider != "crunchy"))

    for (rule, database, remedy) in [
      ("wal-level-logical", nil, expected.walLevel), ("replication-slots-free", nil, expected.slots),
      ("extensions-installable", "app", expected.extensions),
    ] {
      let outcome = try #require(run.outcome(rule, database: database))
      #expect(outcome.outcome == .failed, "\(rule): \(outcome.message)")
      let remediation = try #require(outcome.findings.first?.remediation, "\(rule)")
      #expect(remediation.text.contains(remedy.text), "\(rule): \(remediation.text)")
      #expect(remediation.sql == remedy.paste, "\(rule)")
    }
  }
}
