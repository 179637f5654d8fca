import Catalog

extension Rule {
  static let exclusiveLocks = Rule(
    "exclusive-locks", "No session keeps readers from tables",
    group: .capacity, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/explicit-locking.html",
    explanation: Explanation(
      why: """
        A migration locks each table of the source in ACCESS SHARE mode, and gives up after a minute. A transaction that \
        has altered, emptied or locked a table and goes on, or is idle, keeps it waiting. On the target such a \
        transaction holds up the schema, the copy, and what a cutover copies.
        """,
      decides: """
        On neither side has a session held an ACCESS EXCLUSIVE lock on tables of users, in a transaction that began more \
        than a minute ago, or that has been idle for more than five seconds. Sessions of which the role cannot see the \
        age count too. Only databases that are to be migrated are looked at.
        """,
      fix: "Let the transaction end, or end it with pg_terminate_backend."),
    decide: .cluster { pair in
      let names = Set(try pair.selection.selected.map(\.datname.nameBytes))
      var findings: [Finding] = []
      for side in Side.allCases {
        for lock in try pair[side].exclusiveLocks.value where names.contains((lock.datname ?? "").nameBytes) {
          findings.append(lock.finding(on: side))
        }
      }
      guard !findings.isEmpty else { return .passed("No session has kept readers from tables for long.") }
      return .failed(
        "\(findings.count.counted("session keeps", "sessions keep")) readers from tables: a migration would wait.",
        findings)
    })
}

extension ExclusiveLock {
  fileprivate func finding(on side: Side) -> Finding {
    Finding(
      "session \(pid)",
      "on the \(side.rawValue) it holds \(relations.counted("exclusive lock")) in database "
        + quotedIdentifier(datname ?? ""),
      evidence: [
        "database": datname ?? "", "role": usename ?? "none", "application": applicationName ?? "",
        "state": state ?? "not shown", "open for": seconds.map(spokenDuration) ?? "not shown",
      ],
      remediation: Remediation(
        "Let it end before the migration starts, or end it: what it has done is then undone.",
        paste: "SELECT pg_terminate_backend(\(pid));", at: side == .source ? .source : .target))
  }
}
