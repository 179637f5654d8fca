import Catalog

extension Rule {
  static let replicaIdentityFull = Rule(
    "replica-identity-full", "REPLICA IDENTITY FULL is possible and affordable",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-publication.html",
    explanation: Explanation(
      why: """
        With REPLICA IDENTITY FULL and no primary key the subscriber compares whole rows. Where a column has no \
        equality operator (json, xml, point) the copy goes through, and the first UPDATE or DELETE stops the apply. \
        Where no index helps, each changed row is a scan of the whole table.
        """,
      decides: """
        For each selected table with REPLICA IDENTITY FULL and no primary key: a blocker where a column can't be \
        compared, and a warning in place of it where a week of statistics shows no update, or where it is copied while \
        writes are blocked (all that has to be copied then has to fit into --max-blocked-time); a warning where the table \
        has more than 1,000 pages, its rows are updated or deleted, and there is no index that the target could use \
        (B-trees from 16 on, hash indexes from 17 on).
        """,
      fix: "Add a primary key, or a unique index and name it as the replica identity."),
    decide: .database { pair in
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).fullIdentityTables.value)
      guard count > 0 else { return .passed("No table has REPLICA IDENTITY FULL.") }
      let version = try pair.clusters.target.version
      let bare = tables.filter { !$0.hasPrimaryKey }
      let stopping = bare.filter { !$0.incomparable.isEmpty }
      let slow = bare.filter { table in
        table.incomparable.isEmpty && table.relpages > 1000 && table.changes > 0
          && !(version.major >= 16 && table.hasBTree) && !(version.major >= 17 && table.hasHash)
      }
      guard !stopping.isEmpty || !slow.isEmpty else {
        return .passed("\(count.counted("table")) with REPLICA IDENTITY FULL: none is large and without an index.")
      }
      let crossing = try pair.crossing()
      let isUsed = try !pair.unusableFullIdentities().isEmpty
      let isSettled = isUsed && crossing.way == .late
      var findings: [Finding] = []
      if !stopping.isEmpty {
        let isOne = stopping.count == 1
        findings.append(
          Finding(
            name(of: stopping), "\(isOne ? "it has" : "they have") columns that can't be compared",
            evidence: evidence(of: stopping).merging(
              ["columns": stopping.flatMap(\.incomparable).listed(atMost: 20)]) { $1 },
            remediation: Remediation(
              isSettled
                ? "Nothing has to be done: \(isOne ? "it is" : "they are") copied while writes are blocked. A primary key makes a table replicable."
                : "Add a primary key: rows are then found by it.")))
      }
      if !slow.isEmpty {
        findings.append(
          Finding(
            name(of: slow), "the target has to scan \(slow.count == 1 ? "it" : "each") for each row that is changed",
            evidence: evidence(of: slow).merging(["pages": "\(slow.sum(of: \.relpages))"]) { $1 },
            remediation: Remediation("Add a primary key, or name a unique index as the replica identity.")))
      }
      let counted = "\(stopping.count.counted("table")) with REPLICA IDENTITY FULL can't be compared by the target"
      let message =
        if stopping.isEmpty {
          "\(slow.count.counted("table")) with REPLICA IDENTITY FULL would be scanned for each changed row."
        } else if isSettled {
          "\(counted): copied while writes are blocked (\(crossing.words))."
        } else {
          "\(counted)."
        }
      return .failed(
        message, (isUsed ? crossing.excess(in: pair.name) : []) + findings,
        severity: isUsed && crossing.way != .late ? .blocker : .warning)
    })
}

private func name(of tables: [FullIdentityTable]) -> String {
  tables.count == 1 ? "table \(tables[0].qualifiedName)" : tables.count.counted("table")
}

private func evidence(of tables: [FullIdentityTable]) -> [String: String] {
  [
    "tables": tables.map(\.qualifiedName).listed(atMost: 100),
    "rows updated or deleted": "\(tables.sum(of: \.changes))",
  ]
}
