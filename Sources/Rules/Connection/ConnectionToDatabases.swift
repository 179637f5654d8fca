import Catalog

extension Rule {
  static let connectionSourceDatabases = Rule(
    "connection-source-databases", "Every source database can be connected to",
    group: .connection,
    documentation: "https://www.postgresql.org/docs/current/ddl-priv.html",
    explanation: Explanation(
      why: "A database that can't be connected to can be neither dumped nor replicated.",
      decides: """
        A session was opened to the database. None is attempted where the database allows none (datallowconn). \
        template0, template1 and the databases in which providers keep their own things are left out.
        """,
      fix: "Grant CONNECT, allow connections, or leave the database out with --exclude-database."),
    decide: .database { pair in try pair.connects(on: .source) })

  static let connectionTargetDatabases = Rule(
    "connection-target-databases", "Every database that exists on both servers can be connected to on the target",
    group: .connection,
    documentation: "https://www.postgresql.org/docs/current/ddl-priv.html",
    explanation: Explanation(
      why: "What exists on the target is used as it is: it has to let the migration in.",
      decides: "As connection-source-databases, on the target, for the databases that it has already.",
      fix: "Grant CONNECT, allow connections, or drop the target's database so that it is created."),
    decide: .database { pair in try pair.connects(on: .target) })
}

extension DatabasePair {
  fileprivate func connects(on side: Side) throws(Undetermined) -> Conclusion {
    let object = "database \(quotedIdentifier(name))"
    guard let database = try database(on: side) else {
      guard side == .source else { return .skipped("The target has no such database yet.") }
      return .failed(
        "The source has no such database.",
        [
          Finding(
            object, "it was asked for with --include-database",
            remediation: Remediation("Correct the name: it is compared letter by letter, upper case included."))
        ])
    }
    guard !database.isInvalid else { return .skipped("The database is invalid: see database-valid.") }
    guard database.datallowconn else {
      return .failed(
        "The database allows no connections.",
        [
          Finding(
            object, "it was made with, or altered to, ALLOW_CONNECTIONS false", evidence: ["datallowconn": "false"],
            remediation: Remediation(
              "Allow connections for the time of the move, or leave it out with --exclude-database.",
              paste: "ALTER DATABASE \(quotedIdentifier(name)) ALLOW_CONNECTIONS true;",
              at: side == .source ? .source : .target))
        ])
    }
    switch try snapshot(on: side).connection {
    case .connected:
      return .passed(
        options.savedSides.contains(side) ? "It was connected to when the snapshot was taken." : "Connected.")
    case .failed(let failure):
      return .failed(
        "No connection to the database: \(failure.kind.title).",
        [
          Finding(
            of: failure, to: object, on: side, user: clusters[side].me.ifKnown?.rolname, database: name,
            provider: clusters[side].providerForWording)
        ])
    case .notAttempted(let reason):
      throw Undetermined("no connection was attempted: \(reason)", remedy: "Run the check again.")
    }
  }
}
