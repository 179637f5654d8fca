import FoundationEssentials
import Glibc

/// A throw-away PgBouncer in front of a ``TestCluster``. Like it, it lives as long as this object does.
public final class TestPooler: Sendable {
  public enum Mode: String, Sendable {
    case session, transaction, statement
  }

  public let port: Int

  private static let executable = "/usr/sbin/pgbouncer"

  private let cluster: TestCluster
  private let folder: String

  /// Whether this machine has PgBouncer.
  public static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: executable) }

  /// Starts a pooler for all databases of a cluster.
  ///
  /// - Parameters:
  ///   - users: who may connect, with the password that the pooler uses towards the server; clients need none.
  ///   - settings: more lines of `pgbouncer.ini`'s section `[pgbouncer]`.
  /// - Throws: ``TestSupportError`` with the pooler's log when it does not start.
  public static func start(
    for cluster: TestCluster, mode: Mode, users: [String: String] = ["postgres": ""], settings: [String: String] = [:]
  ) async throws -> TestPooler {
    let pooler = try TestPooler(cluster)
    try await pooler.start(mode: mode, users: users, settings: settings)
    return pooler
  }

  private init(_ cluster: TestCluster) throws {
    self.cluster = cluster
    port = try freePort()
    folder = try Workspace.current().makeFolder(named: "pooler", owner: ServerUser.needed.get())
  }

  private func start(mode: Mode, users: [String: String], settings: [String: String]) async throws {
    let defaults = [
      "listen_addr": "127.0.0.1", "listen_port": "\(port)", "unix_socket_dir": "", "pool_mode": mode.rawValue,
      "auth_type": "trust", "auth_file": "\(folder)/users", "admin_users": "postgres", "logfile": "\(folder)/log",
      "pidfile": "\(folder)/pid", "ignore_startup_parameters": "extra_float_digits,options",
    ]
    let lines = defaults.merging(settings) { $1 }.sorted { $0.key < $1.key }.map { "\($0) = \($1)\n" }
    let configuration = """
      [databases]
      * = host=127.0.0.1 port=\(cluster.port)
      [pgbouncer]
      \(lines.joined())
      """
    try write(configuration, to: "pgbouncer.ini")
    try write(users.sorted { $0.key < $1.key }.map { "\(quoted($0)) \(quoted($1))\n" }.joined(), to: "users")

    let output = try await run(
      Command(
        executable: Self.executable, arguments: ["-d", "-q", "pgbouncer.ini"], workingDirectory: folder,
        user: ServerUser.needed.get()))
    // It goes into the background before it listens.
    guard output.status == .exited(0), try await answers(within: .seconds(10)) else {
      let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
      throw TestSupportError("pgbouncer: \(output.status)\n\(output.stderr)\(log)")
    }
  }

  deinit {
    guard
      let text = try? String(contentsOfFile: "\(folder)/pid", encoding: .utf8),
      let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) }),
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == folder
    else { return }
    kill(pid, SIGKILL)
  }

  private func answers(within limit: Duration) async throws -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
      if listens(on: port) { return true }
      try await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  /// A libpq keyword string for a connection through the pooler.
  public func connectionString(
    database: String = "postgres", user: String = "postgres", password: String? = nil
  ) -> String {
    connectionKeywords(port: port, database: database, user: user, password: password)
  }

  private func quoted(_ text: String) -> String {
    "\"\(text.replacing("\"", with: "\"\""))\""
  }

  private func write(_ text: String, to file: String) throws {
    let path = "\(folder)/\(file)"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    if let user = try ServerUser.needed.get(), chown(path, user.id, user.group) != 0 {
      throw TestSupportError("chown \(path): \(String(cString: strerror(errno)))")
    }
  }
}
