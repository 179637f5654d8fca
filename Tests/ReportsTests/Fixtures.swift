import Assessment
import Catalog
import Foundation
import Reports
import Rules

/// Reports to be written in every format.
enum Fixtures {
  static let all: [(name: String, report: Report)] = [
    ("small", small), ("typical", typical), ("ready", ready), ("ready-by-dump", readyByDump), ("undecided", undecided),
    ("accepted", accepted), ("replicating", replicating), ("replicating-in-part", replicatingInPart),
    ("migration-incomplete", migrationIncomplete), ("folded", folded), ("cutover", cutover),
    ("source-unreachable", sourceUnreachable), ("target-unreachable", targetUnreachable), ("empty", empty),
    ("hostile", hostile), ("many-databases", manyDatabases), ("huge", huge), ("huge-many", hugeMany),
    ("migrated", migrated),
    ("migrated-all", migratedAll), ("migration-interrupted", migrationInterrupted),
    ("migration-resumed", migrationResumed), ("migration-hostile", migrationHostile), ("migration-many", migrationMany),
  ]

  static func named(_ name: String) -> Report {
    all.first { $0.name == name }!.report
  }

  // MARK: Pieces

  static func outcome(
    _ rule: String, _ kind: Outcome.Kind, in database: String? = nil, group: Rule.Group = .connection,
    severity: Severity = .blocker, methods: [Catalog.Method] = [.replication, .dump], _ message: String = "It holds.",
    findings: [Finding] = [], waiver: Waiver? = nil
  ) -> Outcome {
    Outcome(
      rule: rule, group: group, title: "Title of \(rule)", scope: database == nil ? .cluster : .database,
      database: database, methods: methods, outcome: kind, severity: severity, message: message, findings: findings,
      durationSeconds: 0.0125, waiver: waiver,
      documentation: "https://www.postgresql.org/docs/current/\(rule).html#PART")
  }

  static func plan(
    _ name: String, _ method: Catalog.Method?, replication: Verdict? = .ready, dump: Verdict? = .ready,
    reason: String = "nothing blocks it", size: Int? = 1_000_000_000, tables: PlannedTables? = .all(12)
  ) -> DatabasePlan {
    DatabasePlan(
      name: name, method: method, reason: reason, createsDatabase: true, replication: replication, dump: dump,
      tables: tables, sizeBytes: size)
  }

  static func cluster(_ host: String, reachable: Bool = true, databases: [String] = []) -> ClusterReport {
    ClusterReport(
      connection: "postgres://migrator@\(host):5432/postgres", reachable: reachable,
      serverVersion: reachable ? "15.18" : nil, serverVersionNum: reachable ? 150018 : nil,
      systemIdentifier: reachable ? "690117743912048\(host.count)" : nil,
      provider: reachable ? Provider.selfManaged.displayName : nil,
      databases: databases.map {
        DatabaseReport(name: $0, sizeBytes: 1_000_000_000, encoding: "UTF8", collate: "C", ctype: "C")
      },
      excludedDatabases: reachable ? [ExcludedDatabase(name: "template0", reason: .template)] : [],
      fingerprint: reachable ? "sha256:5f0c2a\(host.count)" : nil)
  }

  static func report(
    _ verdict: Verdict, outcomes: [Outcome], databases: [DatabasePlan], sourceReachable: Bool = true,
    targetReachable: Bool = true, capacity: [Capacity] = [], failOn: FailOn = .blocker, roles: [RolePlan] = [],
    exitStatus: Int = 0
  ) -> Report {
    Report(
      tool: Tool(
        name: "pgpreflight", version: "1.0.0", ruleSet: RuleSet(version: "1.0.0", digest: "sha256:9ab3", rules: 40)),
      run: Run(
        id: "7b1f3c52-9d0e-4c6a-8f57-2f4f0c0f9a31", startedAt: "2026-09-14T07:42:18Z",
        finishedAt: "2026-09-14T07:42:51Z", durationSeconds: 33.2, host: "ops-bastion-2",
        arguments: ["check", "--report-dir", "out"], exitStatus: exitStatus),
      settings: SettingsDigest(file: nil, digest: nil, failOn: failOn, waivers: 0),
      source: cluster("old.example.net", reachable: sourceReachable, databases: databases.map(\.name)),
      target: cluster("new.example.net", reachable: targetReachable), capacity: capacity, verdict: verdict,
      summary: Summary(of: outcomes), outcomes: outcomes, plan: Plan(databases: databases, roles: roles))
  }

  // MARK: Reports

  static let small = report(
    .ready, outcomes: [outcome("connection-source", .passed)], databases: [plan("app", .replication)])

  static let typical = read("typical.json")

  static func read(_ name: String) -> Report {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "fixtures/reports/\(name)")
    return try! Report(json: Data(contentsOf: file))
  }

  static let ready: Report = {
    var report = typical
    report.outcomes = report.outcomes.filter { $0.outcome != .failed && !$0.isUndecided && $0.outcome != .waived }
    report.outcomes[0].findings = [
      Finding(
        "source connection", "TLS is in use, but the certificate is not verified.", evidence: ["sslmode": "require"],
        remediation: Remediation("Name the certificate bundle.", paste: "sslmode=verify-full", at: .setting))
    ]
    report.plan.databases = report.plan.databases.map {
      var plan = $0
      (plan.method, plan.replication, plan.dump) = (.replication, .ready, .ready)
      plan.reason = "nothing blocks it"
      return plan
    }
    report.verdict = .ready
    report.summary = Summary(of: report.outcomes)
    report.run.exitStatus = 0
    report.settings.waivers = 0
    return report
  }()

  /// Replication is blocked, which the plan does without.
  static let readyByDump: Report = {
    var report = Self.report(
      .readyWithWarnings,
      outcomes: [
        outcome("connection-source", .passed), outcome("connection-target", .passed),
        outcome(
          "estimated-duration", .passed, group: .plan, severity: .notice,
          "56 min to 10 h for 672 GB, at 20.0 MB/s to 200 MB/s; --throughput says better."),
        outcome(
          "wal-level-logical", .failed, group: .capacity, methods: [.replication], "wal_level is replica",
          findings: [
            Finding(
              "setting wal_level", "wal_level is replica", evidence: ["wal_level": "replica"],
              remediation: Remediation(
                "Set it to logical and restart the server.", paste: "ALTER SYSTEM SET wal_level = 'logical';",
                at: .source
              )
            )
          ]),
        outcome(
          "invalid-indexes", .failed, in: "shop", group: .databases, severity: .warning, "1 of 9 indexes is invalid."),
      ],
      databases: [
        plan("mail", .dump, replication: .blocked, reason: "replication is blocked"),
        plan("shop", .dump, replication: .blocked, dump: .readyWithWarnings, reason: "replication is blocked"),
      ], exitStatus: 1)
    report.plan.estimatedCopySeconds = CopyTime(sizeBytes: 672_000_000_000, throughput: Throughput(measured: nil))
    return report
  }()

  static let undecided = report(
    .undecided,
    outcomes: [
      outcome("connection-source", .passed), outcome("connection-target", .passed),
      outcome(
        "target-disk-space", .undetermined, group: .capacity, "the free space on the target is not known",
        findings: [
          Finding(
            "the target", "the free space on the target is not known",
            remediation: Remediation("Tell it with --target-free-space; 1.3 GB are needed."))
        ]),
      outcome("collation-version", .undetermined, group: .databases, severity: .warning, "No version is recorded."),
    ],
    databases: [plan("shop", .replication, replication: .undecided, dump: .undecided)],
    capacity: [
      Capacity(name: "disk", side: .target, total: nil, used: nil, needed: 1_300_000_000),
      Capacity(name: "max_replication_slots", side: .source, total: 4, used: 3, needed: 3),
      Capacity(name: "max_wal_senders", side: .source, total: nil, used: 1, needed: nil),
    ], exitStatus: 2)

  static let accepted: Report = {
    var report = undecided
    report.outcomes[2].severity = .warning
    report.outcomes[2].acceptedBy = "O'Neil <ops>@bastion"
    report.outcomes[2].message += " Accepted without being known (--accept-undetermined), by O'Neil <ops>@bastion."
    report.plan.databases = [plan("shop", .replication)]
    report.verdict = .readyWithWarnings
    return report
  }()

  /// What is done while writes are blocked, and for how long that is estimated.
  static let cutover: Report = {
    let databases = ["orders", hostileNames[0]].map { name in
      var plan = plan(name, .replication)
      plan.tablesAtCutover = try! JSONDecoder().decode(
        [TableAtCutover].self,
        from: Data(
          #"""
          [{"name": "public.\"<b>\"", "reason": "it is unlogged", "sizeBytes": 1400000000},
           {"name": "public.log", "reason": "it has no replica identity", "sizeBytes": 0}]
          """#.utf8))
      plan.largeObjectsAtCutover = try! JSONDecoder().decode(
        LargeObjectsAtCutover.self, from: Data(#"{"count": 25, "sizeBytes": 3000000}"#.utf8))
      plan.replicaIdentityChanges = try! JSONDecoder().decode(
        [ReplicaIdentityChange].self,
        from: Data(
          #"[{"name": "public.a", "to": "FULL"}, {"name": "public.b", "to": "USING INDEX", "index": "B x"}]"#.utf8))
      var work = BlockedTime.Work()
      (work.lateBytes, work.lateTables, work.tables, work.comparedBytes) = (1_400_000_000, 2, 40, 1_000_000_000)
      plan.estimatedBlockedSeconds = BlockedTime(of: work, pace: BlockedTime.Pace(), jobs: 4)
      return plan
    }
    return report(
      .ready, outcomes: [outcome("connection-source", .passed)],
      databases: databases + [plan("mail", .replication, reason: "nothing blocks it")])
  }()

  /// Findings by the hundred, of one rule in many databases.
  static let folded = report(
    .readyWithWarnings,
    outcomes: (1...5).map { number in
      outcome(
        "unlogged-tables", .failed, in: "tenant_\(number)", group: .replication, severity: .warning,
        "100 tables are unlogged.",
        findings: (1...100).map {
          Finding(
            "table public.u\($0)", "it is unlogged", evidence: ["size": "\($0) MB"],
            remediation: Remediation(
              "Make it logged.", paste: "ALTER TABLE public.u\($0) SET LOGGED;", at: .source))
        })
    }, databases: (1...5).map { plan("tenant_\($0)", .replication, replication: .readyWithWarnings) })

  private static func unknown(_ rule: String, in database: String? = nil, _ side: String) -> Outcome {
    outcome(
      rule, .undetermined, in: database, group: database == nil ? .server : .databases,
      "the \(side) could not be reached: connection refused",
      findings: [
        Finding(
          database.map { "database \($0)" } ?? "the \(side)", "the \(side) could not be reached: connection refused",
          remediation: Remediation("See connection-\(side)."))
      ])
  }

  private static func refused(_ side: String, _ host: String) -> Outcome {
    outcome(
      "connection-\(side)", .failed, "connection to \(host), port 5432 refused",
      findings: [
        Finding(
          "the \(side)", "connection to \(host), port 5432 refused: is the server running there?",
          evidence: ["host": host, "port": "5432", "seconds": "0.002"],
          remediation: Remediation(
            "Start the server, or correct host and port. Check listen_addresses.",
            paste: "pg_isready -h \(host) -p 5432",
            at: .shell))
      ])
  }

  private static let ruleNames = [
    "not-same-server", "source-version-supported", "target-version", "wal-level-logical", "replication-slots-free",
    "wal-senders-free", "target-disk-space", "source-not-in-recovery", "role-passwords", "target-create-privileges",
  ]

  static let sourceUnreachable = report(
    .blocked,
    outcomes: [refused("source", "old.example.net"), outcome("connection-target", .passed, "Connected in 3 ms.")]
      + ruleNames.map { unknown($0, "source") },
    databases: [], sourceReachable: false, exitStatus: 1)

  static let targetUnreachable = report(
    .blocked,
    outcomes: [outcome("connection-source", .passed, "Connected in 3 ms."), refused("target", "new.example.net")]
      + ruleNames.map { unknown($0, "target") }
      + ["extensions-available", "languages-available"].flatMap { rule in
        ["mail", "shop"].map { unknown(rule, in: $0, "target") }
      },
    databases: ["mail", "shop"].map {
      plan($0, nil, replication: .blocked, dump: .blocked, reason: "no method is left")
    }, targetReachable: false, exitStatus: 1)

  static let empty = report(.ready, outcomes: [outcome("connection-source", .passed)], databases: [])

  static let hostileNames = [
    "</script><img src=x onerror=alert(1)>", "quotes \" ' ` \\ 100%", "two\nlines\tand a tab",
    "bell \u{7} escape \u{1B}[2J",
    "right \u{202E}to left\u{2066}", "🐘 emoji é", "[[ATTACHMENT|/etc/passwd]]", "]]> &amp; <!-- -->",
    "<!--\" onclick='x' -->", "&{x};", "a.b#c/d", "A.B", String(repeating: "W", count: 63), "-- ; DROP TABLE x", " ",
  ]

  static let hostile: Report = {
    let outcomes = hostileNames.flatMap { name in
      [
        outcome(
          "extensions-available", .failed, in: name, group: .extensions, "missing: \(name)",
          findings: [name, name].map {
            Finding(
              "extension \($0)", "is missing: \($0)", evidence: ["name of \(name)": name, "other": "value"],
              remediation: Remediation("Install \(name).", paste: "CREATE EXTENSION \"\(name)\";", at: .target))
          }),
        outcome(
          "unlogged-tables", .waived, in: name, group: .replication, severity: .blocker, "unlogged: \(name)",
          findings: [Finding("table \(name)", "is unlogged", evidence: [:], remediation: nil)],
          waiver: Waiver(by: name, reason: name, until: "2026-10-31")),
        outcome(
          "large-objects", .undetermined, in: name, group: .replication, severity: .warning, "not known of \(name)"),
        outcome("replica-identity", .skipped, in: name, group: .replication, "nothing in \(name)"),
      ]
    }
    return report(
      .blocked, outcomes: outcomes.sorted { $0.rule < $1.rule },
      databases: hostileNames.map { plan($0, nil, replication: .blocked, dump: .blocked, reason: "because of \($0)") },
      capacity: [Capacity(name: "disk", side: .target, total: 5_000_000_000, used: 0, needed: 19_500_000_000)],
      roles: hostileNames.map { RolePlan(name: $0, action: .create) })
  }()

  static let manyDatabases: Report = {
    let names = (1...200).map { "tenant_\(String(1000 + $0).dropFirst())" }
    let outcomes =
      [
        outcome("connection-source", .passed), outcome("connection-target", .passed),
      ]
      + ["encoding-compatible", "extensions-available", "replica-identity"].flatMap { rule in
        names.map { name in
          let fails = rule == "extensions-available" && name.hasSuffix("7")
          return outcome(
            rule, fails ? .failed : .passed, in: name, group: .databases,
            fails ? "1 of 3 extensions is not available on the target." : "It holds.",
            findings: fails
              ? [
                Finding(
                  "extension postgis", "The target does not offer it.", evidence: ["version": "3.3"],
                  remediation: Remediation("Install it.", paste: "apt-get install postgresql-16-postgis-3", at: .shell))
              ] : [])
        }
      }
    return report(
      .blocked, outcomes: outcomes,
      databases: names.map { name in
        name.hasSuffix("7")
          ? plan(name, nil, replication: .blocked, dump: .blocked, reason: "no method is left")
          : plan(name, .replication, size: 3_000_000 * name.utf8.reduce(0) { $0 + Int($1) })
      },
      capacity: [
        Capacity(name: "disk", side: .target, total: 1_000_000_000_000, used: 200_000_000_000, needed: 600_000_000_000)
      ], exitStatus: 1)
  }()

  static let huge: Report = {
    let findings = (1...10_000).map { number in
      Finding(
        "table public.t\(number)", "has no replica identity", evidence: ["rows": "\(number)", "size": "\(number) kB"],
        remediation: Remediation(
          "Add a primary key.", paste: "ALTER TABLE public.t\(number) REPLICA IDENTITY FULL;", at: .source))
    }
    return report(
      .readyWithWarnings,
      outcomes: [
        outcome("connection-source", .passed),
        outcome(
          "replica-identity", .failed, in: "shop", group: .replication, methods: [.replication],
          "10,000 of 10,001 tables have no replica identity.", findings: findings),
      ], databases: [plan("shop", .dump, replication: .blocked)], exitStatus: 1)
  }()

  /// A hundred unlogged tables in each of a hundred databases.
  static let hugeMany: Report = {
    let findings = (1...100).map { number in
      Finding(
        "table public.t\(number)", "is unlogged",
        remediation: Remediation("Make them logged.", paste: "ALTER TABLE public.t\(number) SET LOGGED;", at: .source))
    }
    let names = (1...100).map { "tenant_\($0)" }
    return report(
      .readyWithWarnings,
      outcomes: names.map {
        outcome(
          "unlogged-tables", .failed, in: $0, group: .replication, severity: .warning, methods: [.replication],
          "100 tables are unlogged.", findings: findings)
      }, databases: names.map { plan($0, .replication) }, exitStatus: 0)
  }()

  /// More than a page takes, of what only was noticed.
  static let hugeNotices: Report = report(
    .ready,
    outcomes: [
      outcome(
        "connection-source", .passed,
        findings: (1...25_000).map { Finding("table t\($0)", "was noticed", remediation: nil) })
    ], databases: [plan("shop", .dump)], exitStatus: 0)
}
