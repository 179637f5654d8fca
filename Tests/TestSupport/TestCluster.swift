import FoundationEssentials
import Glibc

/// A throw-away PostgreSQL cluster on a port of its own, with superuser `postgres` and UTF-8 databases.
///
/// It lives as long as this object does and never outlives the process. It trusts every connection from this machine
/// unless `hba` says otherwise.
public final class TestCluster: Sendable {
  public enum StopMode: String, Sendable {
    case smart, fast, immediate
  }

  /// The major version.
  public let version: Int
  public let port: Int
  /// Where `postgres`, `psql`, `pg_dump` and their like are.
  public let binDirectory: String
  public let dataDirectory: String
  public let socketDirectory: String

  /// The server's certificate where it has one, which signs itself.
  public var certificate: String { "\(dataDirectory)/server.crt" }

  private let folder: String
  /// Where the system looks for locales first.
  private var localeDirectory: String { "\(folder)/locales" }
  private let user: ServerUser?

  /// Creates and starts a cluster.
  ///
  /// - Parameters:
  ///   - settings: lines of `postgresql.conf`, unquoted, over defaults that are small and do not wait for the disk.
  ///   - preload: `shared_preload_libraries`.
  ///   - hba: lines of `pg_hba.conf` for TCP connections; over the Unix socket everybody is trusted.
  ///   - initdb: more arguments of `initdb`, `--data-checksums`, say.
  ///   - missing: extensions that the server does not offer although they are installed. Only for 13 and 15.
  ///   - extensions: more extensions that it offers. Only for 13 and 15.
  ///   - locales: names by which its system knows `C.UTF-8` too.
  ///   - tls: whether it has a certificate for `localhost` and offers TLS.
  /// - Throws: ``TestSupportError`` with the server's log when the version is missing or does not start.
  public static func start(
    version: Int = 15,
    settings: [String: String] = [:],
    preload: [String] = [],
    hba: [String]? = nil,
    initdb: [String] = [],
    without missing: Set<String> = [],
    offering extensions: [TestExtension] = [],
    locales: [String] = [],
    tls: Bool = false
  ) async throws -> TestCluster {
    var settings = settings
    if tls { settings["ssl"] = "on" }
    if !preload.isEmpty { settings["shared_preload_libraries"] = preload.joined(separator: ",") }
    let chosen = settings
    return try await startRetryingPorts {
      let cluster = try TestCluster(version: version, without: missing, offering: extensions)
      for locale in locales {
        let path = "\(cluster.localeDirectory)/\(locale)"
        try FileManager.default.createDirectory(
          atPath: cluster.localeDirectory, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/usr/lib/locale/C.utf8")
      }
      try await cluster.tool(
        "initdb",
        ["-D", cluster.dataDirectory, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
          + initdb)
      try cluster.append("include 'test.conf'\n", to: "postgresql.conf")
      try cluster.configure(chosen)
      if tls { try await cluster.makeCertificate() }
      if let hba {
        let lines = ["local all all trust", "local replication all trust"] + hba
        try cluster.write(lines.joined(separator: "\n") + "\n", to: "pg_hba.conf")
      }
      return cluster
    }
  }

  /// Makes a physical standby of this cluster, which streams from it and accepts read-only connections.
  public func standby(settings: [String: String] = [:]) async throws -> TestCluster {
    try await Self.startRetryingPorts { [self] in
      let standby = try TestCluster(version: version, binDirectory: binDirectory)
      try await standby.tool(
        "pg_basebackup",
        [
          "-h", socketDirectory, "-p", "\(port)", "-U", "postgres", "-D", standby.dataDirectory, "-R", "-X", "stream",
          "-c", "fast", "--no-sync",
        ])
      try standby.configure(settings)
      return standby
    }
  }

  private init(
    version: Int, binDirectory: String? = nil, without missing: Set<String> = [],
    offering extensions: [TestExtension] = []
  ) throws {
    guard let bin = binDirectory ?? Self.available(version) else {
      throw TestSupportError(Self.whyUnavailable(version))
    }
    self.version = version
    user = try ServerUser.needed.get()
    port = try freePort()
    folder = try Workspace.current().makeFolder(named: "pg\(version)", owner: user)
    dataDirectory = "\(folder)/data"
    socketDirectory = folder
    if missing.isEmpty && extensions.isEmpty {
      self.binDirectory = bin
    } else {
      self.binDirectory =
        try Installation(of: bin, version: version, in: "\(folder)/offer", without: missing, adding: extensions)
        .binDirectory
    }
  }

  deinit {
    // Not by pg_ctl: nothing here may wait.
    if let pid = postmaster { kill(pid, SIGQUIT) }
    try? FileManager.default.removeItem(atPath: dataDirectory)
  }

  private static func startRetryingPorts(
    _ create: @escaping @Sendable () async throws -> TestCluster
  ) async throws -> TestCluster {
    try await Gate.servers.pass {
      for _ in 0..<3 {
        let cluster = try await create()
        do {
          try await cluster.start()
          return cluster
        } catch {
          // Another process was quicker to take the port.
          guard try cluster.logText().contains("Address already in use") else { throw error }
        }
      }
      throw TestSupportError("no port could be had in three tries")
    }
  }

  // MARK: - Life

  /// Starts the server again after ``stop(mode:)``.
  public func start() async throws {
    try await control("start", ["-l", logFile])
  }

  public func stop(mode: StopMode = .fast) async throws {
    try await control("stop", ["-m", mode.rawValue])
  }

  public func restart(mode: StopMode = .fast) async throws {
    try await control("restart", ["-m", mode.rawValue, "-l", logFile])
  }

  /// Ends a standby's recovery; returns when it accepts writes.
  public func promote() async throws {
    try await control("promote", [])
  }

  /// Makes a standby what a file-level copy is that was started as it is: neither follower nor promoted.
  public func leaveRecoveryUnpromoted() async throws {
    try await stop()
    unlink("\(dataDirectory)/standby.signal")
    try await start()
  }

  /// Sends a signal to the postmaster: `SIGHUP` to reload, `SIGSTOP` and `SIGCONT` for a server that hangs, `SIGKILL`.
  public func signalPostmaster(_ signal: Int32) throws {
    guard let pid = postmaster, kill(pid, signal) == 0 else {
      throw TestSupportError("no postmaster runs in \(dataDirectory)")
    }
  }

  /// The postmaster's process id. Checked against the process's own working directory, since a file left by a killed
  /// server may name a process of somebody else.
  private var postmaster: pid_t? {
    guard
      let text = try? String(contentsOfFile: "\(dataDirectory)/postmaster.pid", encoding: .utf8),
      let pid = text.split(separator: "\n").first.flatMap({ pid_t($0) }),
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == dataDirectory
    else { return nil }
    return pid
  }

  private func control(_ action: String, _ arguments: [String]) async throws {
    do {
      try await tool("pg_ctl", [action, "-D", dataDirectory, "-w", "-s", "-t", "60"] + arguments)
    } catch {
      throw TestSupportError("\(error)\n\((try? logText()) ?? "")")
    }
  }

  // MARK: - Configuration

  public var logFile: String { "\(folder)/log" }

  public func logText() throws -> String {
    FileManager.default.fileExists(atPath: logFile)
      ? String(decoding: try Data(contentsOf: URL(filePath: logFile)), as: UTF8.self)
      : ""
  }

  private func configure(_ settings: [String: String]) throws {
    let defaults = [
      "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": socketDirectory,
      "fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "log_line_prefix": "%m %u@%d ",
    ]
    let lines = defaults.merging(settings) { $1 }.sorted { $0.key < $1.key }.map { name, value in
      "\(name) = '\(value.replacing("'", with: "''"))'\n"
    }
    try write(lines.joined(), to: "test.conf")
  }

  private func makeCertificate() async throws {
    let output = try await run(
      Command(
        executable: "/usr/bin/openssl",
        arguments: [
          "req", "-new", "-x509", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
          "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
          "-out", certificate, "-keyout", "\(dataDirectory)/server.key",
        ], workingDirectory: folder, user: user))
    guard output.status == .exited(0) else { throw TestSupportError("openssl: \(output.stderr)") }
  }

  private func append(_ text: String, to file: String) throws {
    let path = "\(dataDirectory)/\(file)"
    try write(String(contentsOfFile: path, encoding: .utf8) + text, to: file)
  }

  private func write(_ text: String, to file: String) throws {
    let path = "\(dataDirectory)/\(file)"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    if let user, chown(path, user.id, user.group) != 0 {
      throw TestSupportError("chown \(path): \(String(cString: strerror(errno)))")
    }
  }

  // MARK: - Clients

  /// A libpq keyword string over TCP.
  public func connectionString(
    database: String = "postgres", user: String = "postgres", password: String? = nil
  ) -> String {
    connectionKeywords(port: port, database: database, user: user, password: password)
  }

  /// Runs SQL by `psql` over the Unix socket and returns its rows, columns separated by `|`, without a last newline.
  ///
  /// Statements run one by one, each in a transaction of its own, up to the first error.
  ///
  /// - Parameter variables: psql's: `:"name"` in the text is the value as an identifier, `:'name'` as a constant.
  /// - Throws: ``TestSupportError`` with psql's message.
  @discardableResult
  public func sql(
    _ text: String, database: String = "postgres", user: String? = nil, variables: [String: String] = [:]
  ) async throws -> String {
    let output = try await tool(
      "psql",
      [
        "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", socketDirectory, "-p", "\(port)",
        "-U", user ?? "postgres", "-d", connectionKeywords(database: database), "-f", "-",
      ] + variables.flatMap { ["-v", "\($0)=\($1)"] },
      input: text)
    return output.stdout.hasSuffix("\n") ? String(output.stdout.dropLast()) : output.stdout
  }

  /// Runs one of the server's own programs as the user that the server runs as.
  /// - Throws: ``TestSupportError`` with what it printed when it fails.
  @discardableResult
  func tool(_ name: String, _ arguments: [String], input: String? = nil) async throws -> ProcessOutput {
    let output = try await run(
      Command(
        executable: "\(binDirectory)/\(name)", arguments: arguments,
        environment: ["HOME": folder, "LC_ALL": "C.UTF-8", "LOCPATH": localeDirectory], input: input,
        workingDirectory: folder, user: user))
    guard output.status == .exited(0) else {
      throw TestSupportError("\(name): \(output.status)\n\(output.stdout)\(output.stderr)")
    }
    return output
  }
}

/// A libpq keyword string; what is `nil` is left out.
func connectionKeywords(
  port: Int? = nil, database: String, user: String? = nil, password: String? = nil
) -> String {
  let keywords: [(String, String?)] = [
    ("host", port.map { _ in "127.0.0.1" }), ("port", port.map { "\($0)" }), ("dbname", database), ("user", user),
    ("password", password),
  ]
  return keywords.compactMap { name, value in
    value.map { "\(name)='\($0.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'" }
  }.joined(separator: " ")
}
