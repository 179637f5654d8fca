import Catalog

extension Rule {
  static let hypertables = Rule(
    "hypertables", "No hypertable is to be replicated",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: """
        The rows of a hypertable lie in chunks, tables that TimescaleDB makes and names by itself. A subscription finds \
        no tables of these names on the target, and TimescaleDB there knows nothing of rows that arrive by another way.
        """,
      decides: """
        Where the source database has timescaledb, its catalog lists no hypertable. Written after the extension's \
        documentation; it was tested with stand-ins for it only.
        """,
      fix: "Move the database by dump and restore."),
    decide: .database { pair in
      let count = try pair.snapshot(on: .source).hypertables.value.hypertables
      guard count > 0 else { return .passed("There are no hypertables.") }
      return .failed(
        "\(count.counted("hypertable")) can't be replicated.",
        [
          Finding(
            "extension timescaledb", "the chunks of hypertables are unknown on the target",
            evidence: ["hypertables": "\(count)"],
            remediation: Remediation("Move the database by dump and restore (--method dump)."))
        ])
    })
}
