import Catalog

extension Rule {
  static let cutoverPrivileges = Rule(
    "cutover-privileges", "The source role can keep others out of the database at cutover",
    group: .privileges, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-alterdatabase.html",
    explanation: Explanation(
      why: """
        cutover --block-writes closes each source database to connections (ALTER DATABASE … ALLOW_CONNECTIONS false), \
        from a session in another database, and ends all sessions in it, those of connection pools that reconnect among \
        them. It refuses to begin where the role cannot close the database, and is undone where a session cannot be \
        ended.
        """,
      decides: """
        The source role is a superuser, or has the rights of the database's owner and of pg_signal_backend, and can \
        connect to another database. What is lacking is a warning: cutover without --block-writes works without it, once \
        the applications are stopped by other means, and refuses while a session of others is in the database. Sessions \
        of superusers, and autovacuum workers, only a superuser can end; those workers end by themselves. A database \
        without any table, sequence and large object has no cutover.
        """,
      fix: "Grant the role what it lacks, or stop the applications before the cutover and leave --block-writes out."),
    decide: .database { pair in
      let source = pair.clusters.source
      let me = try source.me.value
      let databases = try source.databases.value
      let role = quotedIdentifier(me.rolname)
      let name = quotedIdentifier(pair.name)
      var findings: [Finding] = []
      if let database = try pair.database(on: .source), !me.rolsuper {
        guard let isMine = database.isMine else {
          throw Undetermined("the snapshot does not say who owns the database", remedy: "Take a new snapshot.")
        }
        if !isMine {
          findings.append(
            Finding(
              "database \(name)", "role \(role) lacks permission to close it to connections",
              evidence: ["owner": database.owner ?? "", "role": me.rolname],
              remediation: Remediation(
                "Make the role a member of the owner; or stop the applications before cutover, and leave --block-writes out.",
                paste: database.owner.map { "GRANT \(quotedIdentifier($0)) TO \(role);" },
                at: database.owner.map { _ in .source })))
        }
        if !me.inherits.contains("pg_signal_backend") {
          findings.append(
            Finding(
              "role \(role)", "it lacks permission to end sessions of other roles",
              evidence: ["pg_signal_backend": "not granted"],
              remediation: Remediation(
                "Let the role end sessions of others; those of superusers have to be ended by a superuser.",
                paste: "GRANT pg_signal_backend TO \(role);", at: .source)))
        }
      }
      let others = databases.filter { $0.datallowconn && $0.canConnect && !$0.datname.isSameName(as: pair.name) }
      if others.isEmpty {
        findings.append(
          Finding(
            "database \(name)", "role \(role) can connect to no other database, from which it could be closed",
            remediation: Remediation(
              "Let the role connect to another database.", paste: "GRANT CONNECT ON DATABASE postgres TO \(role);",
              at: .source)))
      }
      if findings.isEmpty { return .passed("\(me.rolname) can close the database and end the sessions in it.") }
      if try pair.hasNothingToReplicate() { return DatabasePair.nothingToReplicate }
      return .failed("cutover --block-writes would be refused: role \(role) lacks privileges.", findings)
    })
}
