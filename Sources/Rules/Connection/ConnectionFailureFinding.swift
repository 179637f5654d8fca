import Catalog

extension Finding {
  /// A session that could not be opened: what the server or libpq said, and what helps against this kind of trouble.
  init(
    of failure: ConnectionFailureFact, to object: String, on side: Side, user: String? = nil, database: String? = nil,
    provider: Provider = .selfManaged
  ) {
    var evidence = ["cause": failure.kind.title, "answer": failure.message]
    evidence["SQLSTATE"] = failure.sqlstate
    evidence["host"] = failure.host
    evidence["port"] = failure.port
    evidence["address"] = failure.address
    self.init(
      object, failure.kind.title + ": " + failure.message, evidence: evidence,
      remediation: failure.remediation(on: side, user: user, database: database, provider: provider))
  }
}

extension ConnectionFailureFact.Kind {
  var title: String {
    switch self {
    case .nameResolution: "the host name can't be resolved"
    case .refused: "nothing listens there"
    case .timeout: "no answer within the time-out"
    case .tls: "TLS could not be agreed on"
    case .hostBasedAuthentication: "pg_hba.conf does not let this connection in"
    case .authentication: "authentication failed"
    case .tooManyConnections: "all connections are taken"
    case .startingUp: "the server does not accept connections now"
    case .noSuchDatabase: "there is no such database"
    case .noSuchRole: "there is no such role"
    case .notPermitted: "the role may not connect"
    case .socketMissing: "there is no such socket"
    case .networkUnreachable: "the network can't reach the host"
    case .notPostgres: "what answered is not a PostgreSQL server"
    case .unsupportedStartupOption: "a start-up option was refused, as connection poolers do"
    case .lost: "the connection broke"
    case .other: "the connection failed"
    }
  }
}

extension ConnectionFailureFact {
  fileprivate func remediation(on side: Side, user: String?, database: String?, provider: Provider) -> Remediation {
    let place: Remediation.Place = side == .source ? .source : .target
    let role = user.map(quotedIdentifier)
    switch kind {
    case .nameResolution:
      return Remediation("Correct the host name in --\(side), or make it known to the resolver of this machine.")
    case .refused:
      return Remediation(
        "Start the server, correct host and port in --\(side), or let it listen there (listen_addresses, port).")
    case .timeout:
      return Remediation(
        "Open the way from this machine to the server (firewall, security group, VPN), or raise --connect-timeout.")
    case .networkUnreachable:
      return Remediation("Open the way from this machine to the server (route, VPN, IPv6), or use another address.")
    case .tls:
      return Remediation(
        "Set sslmode as the server wants it, and sslrootcert to the certificate authority that signed its certificate.")
    case .hostBasedAuthentication:
      guard provider == .selfManaged else {
        return Remediation("Add this machine's address to the network access list of \(provider.displayName).")
      }
      return Remediation(
        "Add a line for the address that the server saw to its pg_hba.conf and reload it.",
        paste: "# pg_hba.conf\nhostssl  all  \(role ?? "all")  ADDRESS/32  scram-sha-256", at: .setting)
    case .authentication:
      return Remediation(
        "Give the right password (PGPASSWORD, .pgpass, or in the connection string) or client certificate.")
    case .tooManyConnections:
      return Remediation(
        "End sessions that are not needed, lower --jobs, or raise max_connections or the role's limit.")
    case .startingUp:
      return Remediation("Wait until the server has started or finished its recovery, then run the check again.")
    case .noSuchDatabase:
      return Remediation("Correct the database's name in --\(side).")
    case .noSuchRole:
      return Remediation(
        "Create the role, or correct its name in --\(side).",
        paste: role.map { "CREATE ROLE \($0) LOGIN PASSWORD '…';" },
        at: place)
    case .notPermitted:
      let grant = role.flatMap { role in
        database.map { "GRANT CONNECT ON DATABASE \(quotedIdentifier($0)) TO \(role);" }
      }
      return Remediation(
        "Let the role log in and connect to this database.", paste: grant, at: grant.map { _ in place })
    case .socketMissing:
      return Remediation("Start the server, or correct the socket's directory or the port in --\(side).")
    case .notPostgres:
      return Remediation("Correct the port in --\(side): something else listens there.")
    case .unsupportedStartupOption:
      return Remediation("Connect to the server itself, not through a connection pooler.")
    case .lost:
      return Remediation("Look into the server's log for the reason, then run the check again.")
    case .other where sqlstate == "55P03" || sqlstate == "57014":
      return Remediation("End the session that holds an exclusive lock on a catalog there, or run the check later.")
    case .other:
      return Remediation("Look into the server's log for the reason; try the same connection string with psql.")
    }
  }
}
