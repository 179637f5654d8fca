import Catalog

extension Rule {
  static let connectionSource = connection(to: .source)
  static let connectionTarget = connection(to: .target)

  private static func connection(to side: Side) -> Rule {
    Rule(
      "connection-\(side)", "A connection to the \(side) can be established",
      group: .connection,
      documentation: "https://www.postgresql.org/docs/current/libpq-connect.html",
      explanation: Explanation(
        why: "Nothing can be inspected or moved without a session.",
        decides: """
          A session was opened to the database that the connection string names (without one: to postgres, then \
          template1) and the server told its version. The cause of a failure is told by the SQLSTATE of the answer, \
          or by what libpq reports before there is one. Of a saved snapshot it is told who took it and when.
          """,
        fix: "By cause: name, address, network, TLS, pg_hba.conf, password, limits."),
      decide: .cluster { pair in
        let cluster = pair[side]
        switch cluster.connection {
        case .connected(let session):
          if pair.options.savedSides.contains(side) {
            let takenAt = try cluster.server.value.takenAt
            return .passed(
              "Not connected: a snapshot of \(takenAt) stands in, taken as \(session.user) at \(session.place).")
          }
          return .passed(
            "Connected as \(session.user) to database \(session.database) at \(session.place), \(session.encryption).")
        case .failed(let failure):
          return .failed(
            "No connection to the \(side): \(failure.kind.title).",
            [Finding(of: failure, to: "\(side) \(cluster.connectionString)", on: side)])
        case .notAttempted(let reason):
          throw Undetermined("no connection was attempted: \(reason)", remedy: "Give --\(side).")
        }
      })
  }
}

extension ConnectionFacts {
  fileprivate var place: String { isSocket ? "socket \(host), port \(port)" : "\(host):\(port)" }

  fileprivate var encryption: String { isSocket ? "through a socket" : isTLS ? "with TLS" : "without TLS" }
}
