import Catalog
import FoundationEssentials
import Postgres

/// The role that rows are loaded by for the sake of trying: it owns a scratch database and has no right anywhere else, so
/// that whatever code runs for the rows reaches nothing but that.
struct ScratchRole: Sendable {
  /// Needs no quotes.
  let name: String
  let endpoint: Endpoint

  /// After so many seconds a killed run's role has no password any more.
  private static let validity = 7200

  /// As those that load tables for a migration are named, so that `cleanup` removes what a killed run has left; no
  /// database has the number 0.
  static func name(run: String, number: Int) -> String { "\(LoadingRoles.names(of: run))0_\(number)" }

  /// - Parameters:
  ///   - name: one that needs no quotes.
  ///   - connection: to any database of the server.
  /// - Throws: `PostgresError` where the connected role lacks permission to create roles.
  static func make(_ name: String, of target: Endpoint, over connection: Connection) async throws -> ScratchRole {
    let password = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
    try await connection.keepStatementsOutOfLogs()
    let verifier = try await connection.verifier(of: password, for: name, method: "scram-sha-256")
    let facts = try await connection.query(
      """
      SELECT (pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => \(validity)))::pg_catalog.text, r.rolsuper
        FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
      """)
    let until = Quoting.literal(facts.text(0, 0) ?? "")
    var statements = [
      "CREATE ROLE \(name) LOGIN PASSWORD \(Quoting.literal(verifier)) VALID UNTIL \(until)"
    ]
    // Who is no superuser can't make it the owner of a database otherwise, nor drop that.
    if facts.text(0, 1) != "t" {
      let isNew = connection.session.serverVersion >= 160_000
      statements.append("GRANT \(name) TO CURRENT_USER\(isNew ? " WITH INHERIT TRUE, SET TRUE" : "")")
    }
    _ = try await connection.pipeline([statements.map { Statement($0) }])[0].get()
    var endpoint = Endpoint(
      side: .target, string: target.string.signingIn(as: name, password: password),
      applicationName: target.applicationName, connectTimeout: target.connectTimeout)
    endpoint.responseTimeout = target.responseTimeout
    return ScratchRole(name: name, endpoint: endpoint)
  }
}
