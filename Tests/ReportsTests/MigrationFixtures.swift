import Assessment

extension Fixtures {
  // MARK: Pieces

  static func migrated(
    _ name: String, _ status: MigratedDatabase.Status = .done, _ message: String = "",
    phases: KeyValuePairs<String, Double> = ["snapshot": 0.1, "schema": 1.5, "data": 60, "constraints": 12.4],
    tables: Int = 12, rows: Int = 1_204_000, bytes: Int = 940_000_000, verification: Verification? = nil
  ) -> MigratedDatabase {
    MigratedDatabase(
      name: name, method: status == .skipped ? nil : status == .inStep ? "replication" : "dump", status: status,
      message: message,
      phases: phases.map {
        .init(name: $0.key, startedAt: "2026-09-14T07:43:00Z", durationSeconds: $0.value)
      }, tables: tables, rows: rows, bytes: bytes, verification: verification)
  }

  static func migration(
    _ status: MigrationReport.Status, _ databases: [MigratedDatabase], roles: [MigratedRole] = []
  ) -> MigrationReport {
    MigrationReport(
      startedAt: "2026-09-14T07:43:00Z", finishedAt: "2026-09-14T07:44:14Z", status: status, databases: databases,
      roles: roles)
  }

  static func report(_ migration: MigrationReport, _ databases: [String], exitStatus: Int) -> Report {
    var report = report(
      .ready, outcomes: [outcome("connection-source", .passed)], databases: databases.map { plan($0, .dump) },
      exitStatus: exitStatus)
    report.run.arguments = ["migrate", "--yes"]
    report.migration = migration
    return report
  }

  // MARK: Reports

  /// Of a real run: one database arrived, one failed, one was left out.
  static let migrated = read("migrated.json")

  static let migratedAll = report(
    migration(
      .done,
      ["mail", "shop"].map { migrated($0, verification: Verification(mode: .full, tables: 12, mismatches: [])) },
      roles: [MigratedRole(name: "app", status: .created), MigratedRole(name: "dba", status: .exists)]),
    ["mail", "shop"], exitStatus: 0)

  static let replicating = report(
    migration(
      .done,
      ["mail", "shop"].map {
        migrated(
          $0, .inStep,
          phases: [
            "publication": 0.1, "slot and snapshot": 0.1, "dump of the schema": 1, "database": 0.2, "schema": 1.5,
            "data": 60, "constraints": 12.4, "subscription": 0.2, "catching up": 3,
          ], verification: Verification(mode: .counts, tables: 12, mismatches: []))
      }), ["mail", "shop"], exitStatus: 0)

  static let replicatingInPart = report(
    migration(.done, [migrated("mail"), migrated("shop", .inStep)]), ["mail", "shop"], exitStatus: 0)

  static let migrationIncomplete = report(
    migration(
      .failed, [migrated("mail"), migrated("shop", .skipped, "no method is left: large-objects", phases: [:])]),
    ["mail", "shop"], exitStatus: 1)

  static let migrationInterrupted = report(
    migration(
      .cancelled,
      [
        migrated("mail"),
        migrated("shop", .cancelled, "interrupted; --resume goes on with it", phases: ["snapshot": 0.1, "schema": 2]),
        migrated("wiki", .cancelled, "interrupted before it was begun", phases: [:], tables: 0, rows: 0, bytes: 0),
      ]), ["mail", "shop", "wiki"], exitStatus: 130)

  static let migrationResumed = report(
    migration(
      .done,
      [
        migrated("mail", phases: ["snapshot": 0.1, "resumption": 0.2], tables: 0, rows: 0, bytes: 0),
        migrated(
          "shop", phases: ["snapshot": 0.1, "resumption": 0.2, "data": 3],
          verification: Verification(mode: .counts, tables: 12, mismatches: [])),
      ]), ["mail", "shop"], exitStatus: 0)

  static let migrationHostile = report(
    migration(
      .failed,
      hostileNames.enumerated().map { number, name in
        let mismatches = (0..<(number == 0 ? 300 : 1)).map {
          Verification.Mismatch(object: "public.\(name)\($0)", message: "differs: \(name)")
        }
        return migrated(
          name, number % 3 == 0 ? .failed : number % 3 == 1 ? .cancelled : .skipped, "because of \(name)",
          phases: ["snapshot": 0, name: 1e9], rows: 9_223_372_036, bytes: 0,
          verification: Verification(mode: .counts, tables: 3, mismatches: mismatches))
      },
      roles: hostileNames.map { MigratedRole(name: $0, status: .failed, message: "no: \($0)") }),
    hostileNames, exitStatus: 1)

  static let migrationMany: Report = {
    let names = (1...200).map { "tenant_\(String(1000 + $0).dropFirst())" }
    return report(
      migration(
        .failed,
        names.enumerated().map { number, name in
          number % 50 == 7
            ? migrated(name, .failed, "connecting in database \(name) of the target: server closed the connection")
            : migrated(
              name, rows: 1_000 * number,
              verification: Verification(mode: .counts, tables: 12, mismatches: []))
        },
        roles: (1...40).map { MigratedRole(name: "app_\($0)", status: .created, passwordPlaceholder: true) }),
      names, exitStatus: 1)
  }()
}
