/// What a program of PostgreSQL's needs to connect as this one does.
public struct ProgramConnection: Sendable {
  /// For `--dbname`: without a password, as other users see a process's arguments.
  public let argument: String
  /// What is to be added to the program's environment, a password among it.
  public let environment: [String: String]
}

extension ConnectionString {
  /// The same server, role and database for another program of libpq's.
  ///
  /// - Parameters:
  ///   - applicationName: as `pg_stat_activity` shall show it.
  ///   - settings: what its session starts with, after those of the string.
  /// - Throws: `ConnectionFailure` where libpq refuses the parameters (an unknown service, say).
  public func forProgram(
    applicationName: String, settings: [String: String] = [:]
  ) throws(ConnectionFailure) -> ProgramConnection {
    var values = try effectiveValues.of(self)
    var own = parameters
    var environment: [String: String] = [:]
    if let password = own.removeValue(forKey: "password") { environment["PGPASSWORD"] = password }
    // It has no variable of its own; where a service's file or the key needs none, nothing is lost.
    own["sslpassword"] = nil
    if let database { own["dbname"] = database }
    own["application_name"] = applicationName
    own.merge(defaultLiveness.filter { values[$0.key] == nil }) { given, _ in given }
    let options = values.removeValue(forKey: "options") ?? ""
    let added = settings.sorted { $0.key < $1.key }.map { " -c \($0.key)=\(escapedOption($0.value))" }.joined()
    if !added.isEmpty { own["options"] = options + added }
    return ProgramConnection(
      argument: own.sorted { $0.key < $1.key }.map { "\($0.key)=\(conninfoQuoted($0.value))" }.joined(separator: " "),
      environment: environment)
  }
}
