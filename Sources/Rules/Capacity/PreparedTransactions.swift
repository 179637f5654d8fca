import Catalog

extension Rule {
  static let preparedTransactions = Rule(
    "prepared-transactions", "No prepared transaction is left open on the source",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-prepare-transaction.html",
    explanation: Explanation(
      why: """
        A logical replication slot is ready only when every transaction that was open at its start has ended, in \
        whatever database. A prepared transaction whose manager is gone never ends by itself: CREATE SUBSCRIPTION \
        waits for ever. A cutover refuses to begin while the source database holds one, as nobody could end it there once \
        the database is closed.
        """,
      decides: "pg_prepared_xacts of the source is empty.",
      fix: "Find out from the transaction manager how it ended, then COMMIT PREPARED or ROLLBACK PREPARED."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let prepared = try pair.source.preparedTransactions.value
      guard let first = prepared.first else { return .passed("No transaction is prepared.") }
      return .failed(
        "\(first.nTotal.counted("prepared transaction")) \(first.nTotal == 1 ? "is" : "are") open: no slot gets ready.",
        prepared.map { transaction in
          let database = quotedIdentifier(transaction.database)
          return Finding(
            "prepared transaction \(transaction.gid)",
            "it was prepared \(spokenDuration(transaction.seconds)) ago, in database \(database)",
            evidence: [
              "database": transaction.database, "owner": transaction.owner,
              "prepared for": spokenDuration(transaction.seconds),
            ],
            remediation: Remediation(
              """
              Find out from the transaction manager how it ended. Where it committed elsewhere, or the manager is gone \
              and its changes shall stay, commit it, as \(quotedIdentifier(transaction.owner)) or a superuser in \
              database \(database); otherwise use ROLLBACK PREPARED.
              """,
              paste: "COMMIT PREPARED \(quotedLiteral(transaction.gid));", at: .source))
        })
    })
}

/// `12 seconds`, `5 minutes`, `3 hours`, `2 days`: rounded down.
func spokenDuration(_ seconds: Int) -> String {
  switch max(0, seconds) {
  case let seconds where seconds < 120: seconds.counted("second")
  case let seconds where seconds < 7200: (seconds / 60).counted("minute")
  case let seconds where seconds < 172_800: (seconds / 3600).counted("hour")
  case let seconds: (seconds / 86_400).counted("day")
  }
}
