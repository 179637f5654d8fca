import Catalog

extension Rule {
  static let statisticsAfterRestore = Rule(
    "statistics-after-restore", "Planner statistics are there after the move",
    group: .plan, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/app-vacuumdb.html",
    explanation: Explanation(
      why: """
        Without statistics the planner guesses. Queries that were fast are slow then, until ANALYZE has been through \
        all tables, which autovacuum does in its own time.
        """,
      decides: """
        It always passes, with a notice of what makes the statistics: ANALYZE, as neither replication nor a dump brings \
        any. From 18 on, pg_dump --statistics brings those of tables and indexes to a target of 18 or newer, though \
        not extended statistics (CREATE STATISTICS).
        """,
      fix: "Run vacuumdb --all --analyze-in-stages on the target before it is used."),
    decide: .cluster { pair in
      let target = try pair.target.version
      let dump = try pair.chosenTools()?.pgDump.major
      let canBeDumped = target.major >= 18 && (dump ?? 0) >= 18
      return .passed(
        canBeDumped ? "pg_dump --statistics brings most of them along." : "They are made on the target.",
        notices: [
          Finding(
            "target",
            canBeDumped
              ? "extended statistics, and all of them after replication, have to be made"
              : "neither replication nor a dump brings planner statistics",
            evidence: ["target version": "\(target)", "pg_dump": dump.map { "\($0)" } ?? "none"],
            remediation: Remediation(
              "Before the target is used, make the statistics there.",
              paste: canBeDumped
                ? "vacuumdb --all --analyze-in-stages --missing-stats-only" : "vacuumdb --all --analyze-in-stages",
              at: .shell))
        ])
    })
}
