import Catalog

extension Rule {
  static let longTransactions = Rule(
    "long-transactions", "No long transaction holds up the creation of slots",
    group: .capacity, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logicaldecoding-explanation.html",
    explanation: Explanation(
      why: """
        Creating a logical replication slot waits until every transaction that had written by then has ended, in \
        whatever database. Transactions that only read hold up nothing.
        """,
      decides: """
        No session of the source has written in a transaction that began more than five minutes ago, or that has been \
        idle for more than five seconds. Where the role may not see since when others write, a notice says so.
        """,
      fix: "Let them end, or end them with pg_terminate_backend."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let writing = try pair.source.writingTransactions.value
      let seen = writing.filter { $0.state != nil }
      let hidden = writing.filter { $0.state == nil }
      let hiddenFindings =
        hidden.isEmpty
        ? []
        : [
          Finding(
            "sessions of other roles",
            "\(hidden.count.counted("transaction")) that \(hidden.count == 1 ? "has" : "have") written may be old: this role may not see it",
            evidence: ["pid": hidden.map { "\($0.pid)" }.listed()],
            remediation: pair.source.me.ifKnown.map {
              Remediation(
                "Let the role see it.", paste: "GRANT pg_read_all_stats TO \(quotedIdentifier($0.rolname));",
                at: .source)
            })
        ]
      guard !seen.isEmpty else {
        return .passed(
          hidden.isEmpty
            ? "No transaction has been writing for long." : "No transaction is known to have been writing for long.",
          notices: hiddenFindings)
      }
      let findings = seen.map { transaction in
        let seconds = spokenDuration(transaction.seconds ?? 0)
        return Finding(
          "session \(transaction.pid)",
          transaction.isIdle
            ? "its transaction has written and is idle for \(spokenDuration(transaction.stateSeconds ?? 0))"
            : "its transaction writes since \(seconds)",
          evidence: [
            "database": transaction.datname ?? "none", "role": transaction.usename ?? "none",
            "application": transaction.applicationName ?? "", "state": transaction.state ?? "", "open for": seconds,
          ],
          remediation: Remediation(
            "Let it end before the move starts, or end it: what it has done is then undone.",
            paste: "SELECT pg_terminate_backend(\(transaction.pid));", at: .source))
      }
      return .failed(
        "\(seen.count.counted("transaction")) would hold up the creation of slots.", findings + hiddenFindings)
    })
}
