import Catalog

extension Rule {
  static let wraparoundHeadroom = Rule(
    "wraparound-headroom", "Transaction identifiers last for the move",
    group: .databases, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND",
    explanation: Explanation(
      why: """
        A dump's snapshot and a replication slot keep VACUUM from freezing for as long as they last. A server that has \
        not frozen for two thousand million transactions takes no more changes, to keep old rows from vanishing. Beyond \
        autovacuum_freeze_max_age, autovacuum freezes every table; unlike other vacuums, these do not end when somebody \
        waits for their lock, so that DDL on a large table may wait for hours.
        """,
      decides: """
        The age of the oldest transaction identifier and multixact of the database, on both sides, is below one \
        thousand million and below twice autovacuum_freeze_max_age. More means that something holds VACUUM up. A notice \
        where it is above 90 % of autovacuum_freeze_max_age: such vacuums run, or soon do.
        """,
      fix: "Find what holds VACUUM up (old transactions, slots, prepared transactions), then VACUUM (FREEZE)."),
    decide: .database { pair in
      var findings: [Finding] = []
      var notices: [Finding] = []
      var ages: [String] = []
      for side in Side.allCases {
        guard let properties = try pair.clusters.properties(of: pair.name, on: side) else { continue }
        let start = try pair.clusters[side].integerSetting("autovacuum_freeze_max_age")
        let limit = min(2 *| start, 1_000_000_000)
        let age = max(properties.xidAge, properties.mxidAge)
        ages.append("\(age / 1_000_000) million on the \(side.rawValue)")
        // Multixacts have a setting of their own, and no database near that age is healthy by any.
        guard properties.xidAge > limit || properties.mxidAge > 1_000_000_000 else {
          if properties.xidAge > start / 10 *| 9 {
            notices.append(
              Finding(
                "database \(quotedIdentifier(pair.name))",
                "on the \(side.rawValue) vacuums to prevent wraparound run, or soon do: DDL waits for them",
                evidence: ["age of datfrozenxid": "\(properties.xidAge)", "autovacuum_freeze_max_age": "\(start)"],
                remediation: Remediation(
                  "Freeze it before the migration and before the cutover.", paste: "VACUUM (FREEZE);",
                  at: side == .source ? .source : .target)))
          }
          continue
        }
        findings.append(
          Finding(
            "database \(quotedIdentifier(pair.name))",
            "on the \(side.rawValue) its oldest transaction is \(age / 1_000_000) million transactions old, of at most "
              + "2146 million",
            evidence: ["age of datfrozenxid": "\(properties.xidAge)", "age of datminmxid": "\(properties.mxidAge)"],
            remediation: Remediation(
              "Freeze it before the move begins; first end what holds VACUUM up.", paste: "VACUUM (FREEZE);",
              at: side == .source ? .source : .target)))
      }
      guard findings.isEmpty else {
        return .failed("The oldest transaction's age is \(ages.listed()): VACUUM does not keep up.", findings + notices)
      }
      guard !ages.isEmpty else { return .skipped("Neither side has such a database.") }
      return .passed("The oldest transaction's age is \(ages.listed()).", notices: notices)
    })
}
