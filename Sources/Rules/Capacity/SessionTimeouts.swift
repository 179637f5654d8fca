import Catalog

extension Rule {
  static let sessionTimeouts = Rule(
    "session-timeouts", "No timeout or limit of sessions cuts the move",
    group: .capacity, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/runtime-config-client.html",
    explanation: Explanation(
      why: """
        A replicated table is copied by one statement, which a statement_timeout of the source's role ends, and the \
        copy starts over. A limit of temporary files ends the building of large indexes. pg_dump and pg_restore switch \
        statement_timeout off for themselves.
        """,
      decides: """
        As the connected roles have them, in this database: statement_timeout and transaction_timeout (17) of the \
        source are off or an hour at least, where the database may be replicated; idle_session_timeout (14) of the \
        target is off or an hour at least; temp_file_limit of the target is not below the size of the database.
        """,
      fix: "Switch them off for the role that is used for the move."),
    decide: .database { pair in
      var findings: [Finding] = []
      let timeouts: [(Side, String, String)] = [
        (.source, "statement_timeout", "the copy of a table that takes longer is ended and starts over"),
        (.source, "transaction_timeout", "the copy of a table that takes longer is ended and starts over"),
        (.target, "idle_session_timeout", "a restore whose first session waits for the others is ended"),
      ]
      for (side, name, consequence) in timeouts where side == .target || pair.options.method.allows(.replication) {
        guard let (value, origin) = try pair.inForce(name, on: side), let limit = milliseconds(value),
          limit > 0, limit < 3_600_000
        else { continue }
        findings.append(
          Finding(
            "setting \(name)", "\(shown(limit)) on the \(side.rawValue): \(consequence)",
            evidence: [name: shown(limit), "set by": origin],
            remediation: try pair.switchingOff(name, on: side)))
      }
      if let (value, origin) = try pair.inForce("temp_file_limit", on: .target), let kilobytes = Int(value),
        kilobytes >= 0,
        let size = pair.clusters.source.databaseSizes.ifKnown?.first(where: { $0.datname.isSameName(as: pair.name) })?
          .sizeBytes, size / 1024 > kilobytes
      {
        findings.append(
          Finding(
            "setting temp_file_limit",
            "\(formattedBytes(kilobytes *| 1024)) on the target: the database has \(formattedBytes(size)), and building "
              + "a large index may take more",
            evidence: ["temp_file_limit": "\(kilobytes)kB", "set by": origin],
            remediation: try pair.switchingOff("temp_file_limit", to: "-1", on: .target)))
      }
      guard !findings.isEmpty else { return .passed("No timeout or limit of sessions is in the way.") }
      return .failed("\(findings.count.counted("timeout or limit", "timeouts or limits")) may cut the move.", findings)
    })
}

private func shown(_ milliseconds: Int) -> String {
  milliseconds % 60_000 == 0
    ? "\(milliseconds / 60_000) min" : milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
}

extension DatabasePair {
  /// The value for the connected role in this database, and where it comes from; nil where the server has no such
  /// setting, or does not show it.
  fileprivate func inForce(_ name: String, on side: Side) throws(Undetermined) -> (value: String, origin: String)? {
    let cluster = clusters[side]
    guard let setting = try cluster.settings.value.first(where: { $0.name == name }) else { return nil }
    if let stored = try cluster.stored(name, in: self.name, forMe: true), let value = stored.value {
      let what = stored.holder == .me ? "ALTER ROLE" : stored.datname == nil ? "ALTER ROLE ALL" : "ALTER DATABASE"
      return (value, stored.holder == .me && stored.datname != nil ? "ALTER ROLE IN DATABASE" : what)
    }
    return setting.global.map { ($0, "the server's configuration") }
  }

  fileprivate func switchingOff(
    _ name: String, to value: String = "0", on side: Side
  ) throws(Undetermined) -> Remediation {
    let me = try clusters[side].me.value
    let isThere = try database(on: side) != nil
    return Remediation(
      "Switch it off for the role of the move.",
      paste: "ALTER ROLE \(quotedIdentifier(me.rolname))"
        + (isThere ? " IN DATABASE \(quotedIdentifier(self.name))" : "") + " SET \(name) = \(value);",
      at: side == .source ? .source : .target)
  }
}
