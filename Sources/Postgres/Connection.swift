internal import CLibpq

/// One connection to a server. Its calls run one after the other, on a thread of its own.
///
/// Cancelling the task of a call cancels the statement on the server and throws `CancellationError`; the connection can
/// be used afterwards, unless the server did not react within five seconds: then it is closed.
public actor Connection {
  public struct Options: Sendable {
    /// For each address of each host; `connect_timeout` of the string and `PGCONNECT_TIMEOUT` win; zero means none.
    public var connectTimeout: Duration
    /// What `pg_stat_activity` shows, unless the string or `PGAPPNAME` gives another.
    public var applicationName: String
    /// How long the server may be silent during a statement before it is given up as frozen; nil means for ever.
    ///
    /// A statement that runs longer without sending anything counts as silent too.
    public var responseTimeout: Duration?
    /// Settings that the session starts with, after those of the string (PostgreSQL documentation, "Client Connection
    /// Defaults"; libpq's `options`). A connection pooler refuses them or leaves them out.
    public var startupSettings: [String: String]
    /// Likewise, before those of the string: what it says itself counts.
    var defaultSettings: [String: String] = [:]
    /// Bytes of one result, or of a message beside it, beyond which the connection is given up: libpq keeps a result in
    /// memory as a whole. Data of a COPY, which is streamed, counts nowhere.
    public var longestAnswer = 64 << 20
    var isForReplication = false
    var clientEncoding = "UTF8"

    public init(
      connectTimeout: Duration = .seconds(10), applicationName: String = "pgpreflight",
      responseTimeout: Duration? = nil, startupSettings: [String: String] = [:]
    ) {
      self.connectTimeout = connectTimeout
      self.applicationName = applicationName
      self.responseTimeout = responseTimeout
      self.startupSettings = startupSettings
    }
  }

  public nonisolated let session: Session
  /// The server's notices and warnings, those of the connection's start included; for one reader. The last 100 are
  /// kept until they are read.
  public nonisolated let notices: AsyncStream<Notice>

  private let executor: QueueExecutor
  private let cancelled: Event
  private let string: ConnectionString
  private let options: Options
  private var inquiry: Inquiry?
  private var handle: Handle?

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private init(
    handle: sending Handle, notices: AsyncStream<Notice>, executor: QueueExecutor, cancelled: Event,
    string: ConnectionString, options: Options
  ) {
    session = Session(handle.connection)
    self.handle = handle
    self.notices = notices
    self.executor = executor
    self.cancelled = cancelled
    self.string = string
    self.options = options
  }

  /// Connects in every way that libpq knows (PostgreSQL documentation, "Database Connection Control Functions").
  ///
  /// Event triggers on `login` do not run, where the role may switch them off. Only the server knows whether it may, and
  /// whether there is such a thing: the first attempt on a server asks for it, and one without it follows where the
  /// server, or a pooler before it, refuses. Where a time limit of the role or the database ends the session's very start,
  /// another attempt goes without it. Text is sent in UTF-8, and as the database's own bytes where no server converts
  /// them, which the first attempt finds out.
  ///
  /// - Throws: `ConnectionFailure`, or `CancellationError` at once when the task is cancelled; nothing of the attempt
  ///   stays on the server then.
  public static func connect(
    _ string: ConnectionString, options: Options = Options()
  ) async throws -> Connection {
    let values = string.effectiveValues
    var accepted = values.accepted
    var limits: [String: String] = [:]
    while true {
      var options = options
      options.clientEncoding = values.clientEncoding(of: string.database)
      options.startupSettings.merge(limits) { own, _ in own }
      if accepted >= .role { options.defaultSettings.merge(SessionSettings.defaults) { own, _ in own } }
      if accepted == .eventTriggers {
        options.startupSettings.merge(SessionSettings.withoutEventTriggers) { own, _ in own }
      }
      do {
        let connection = try await attempt(string, options: options)
        values.remember(accepted)
        let fitting = Session.clientEncoding(for: connection.session.encoding)
        if fitting == options.clientEncoding { return connection }
        values.remember(clientEncoding: fitting, of: string.database)
        await connection.close()
      } catch let failure as ConnectionFailure {
        if limits.isEmpty, let found = SessionSettings.timeLimits(after: failure) {
          limits = found
          continue
        }
        // "conversion between UTF8 and MULE_INTERNAL is not supported"
        if failure.sqlstate == "0A000", failure.message.contains("MULE_INTERNAL"), options.clientEncoding == "UTF8" {
          values.remember(clientEncoding: "SQL_ASCII", of: string.database)
          continue
        }
        guard let next = accepted.after(failure) else { throw failure }
        accepted = next
      }
    }
  }

  private static func attempt(_ string: ConnectionString, options: Options) async throws -> Connection {
    try Task.checkCancellation()
    let executor = QueueExecutor(label: "pgpreflight.connection")
    let cancelled = try Event()
    let (notices, continuation) = AsyncStream.makeStream(of: Notice.self, bufferingPolicy: .bufferingNewest(100))
    let handle = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { done in
        executor.queue.async {
          do {
            let parameters = try ConnectionParameters(string, options: options)
            let connector = Connector(parameters: parameters, cancelled: cancelled, notices: continuation)
            done.resume(returning: try connector.connect())
          } catch {
            done.resume(throwing: error)
          }
        }
      }
    } onCancel: {
      cancelled.signal()
    }
    try Task.checkCancellation()
    return Connection(
      handle: handle, notices: notices, executor: executor, cancelled: cancelled, string: string,
      options: options)
  }

  /// Runs one statement.
  ///
  /// - Throws: `PostgresError` or `CancellationError`.
  public func query(_ sql: String, _ parameters: [String?] = []) async throws -> Rows {
    let statement = Statement(sql, parameters)
    return try await exchange { try $0.query(statement) }
  }

  /// Sends all statements at once, so that they cost about one round trip together (PostgreSQL documentation,
  /// "Pipeline Mode").
  ///
  /// Each segment ends with a sync point of its own: an error ends its segment, not the pipeline. Outside an explicit
  /// transaction each segment is one.
  ///
  /// - Parameter silence: how long the server may say nothing, where that is not what the connection's options give.
  /// - Returns: for each segment the results of its statements, or its first error. When the connection is lost, all
  ///   remaining segments fail with an error whose `isConnectionLost` is true.
  /// - Throws: only `CancellationError`. Statements after the cancelled one may have run.
  public func pipeline(
    _ segments: [[Statement]], silentFor silence: Duration? = nil
  ) async throws -> [Result<[Rows], PostgresError>] {
    do {
      return try await exchange(silentFor: silence) { try $0.pipeline(segments) }
    } catch let error as PostgresError {
      return segments.map { _ in .failure(error) }
    }
  }

  /// `name` as an identifier in SQL, always in quotes.
  public func quote(identifier name: String) throws(PostgresError) -> String {
    try quoted(name, by: PQescapeIdentifier)
  }

  /// `text` as a literal in SQL.
  public func quote(literal text: String) throws(PostgresError) -> String {
    try quoted(text, by: PQescapeLiteral)
  }

  /// What the server keeps of a password, so that the password itself is never sent (libpq, `PQencryptPasswordConn`).
  ///
  /// - Parameter method: a value of the server's `password_encryption`.
  public func verifier(of password: String, for role: String, method: String) throws(PostgresError) -> String {
    guard let handle else { throw closed }
    guard let verifier = PQencryptPasswordConn(handle.connection, password, role, method) else {
      throw handle.lastError
    }
    defer { PQfreemem(verifier) }
    return String(cString: verifier)
  }

  /// What the session is to be asked, for `inquireWhenSilent`.
  public static let backend = Statement(Inquiry.backendStatement)

  /// The statements by which sessions ask for themselves and others.
  public static let inquiries = Inquiry.statements

  /// From now on a server that is silent is asked over another connection whether it is still at the statement, every 30
  /// seconds; where it is not, the call fails with `isConnectionLost`. Statements may take as long as they do.
  ///
  /// - Parameter rows: the result of `backend`, of this session.
  public func inquireWhenSilent(_ rows: Rows) {
    inquiry = Inquiry.Backend(rows).map {
      Inquiry(
        string: string, options: options,
        host: ConnectionParameters.Host(name: session.host, address: session.address, port: session.port), backend: $0,
        cancelled: cancelled)
    }
  }

  /// Says goodbye to the server and closes the socket. Later calls fail with `isConnectionLost`.
  public func close() { handle = nil }

  /// Whether the connection has been closed or found to be lost.
  public var isClosed: Bool { handle?.isLost ?? true }

  private func quoted(
    _ text: String,
    by escape: (OpaquePointer?, UnsafePointer<CChar>?, Int) -> UnsafeMutablePointer<CChar>?
  ) throws(PostgresError) -> String {
    guard let handle else { throw closed }
    let bytes = text.serverCString
    guard let quoted = escape(handle.connection, bytes, bytes.count - 1) else { throw handle.lastError }
    defer { PQfreemem(quoted) }
    return String(serverText: quoted)
  }

  /// The parameters of the connection as it is, its database and password among them; nil when it is closed.
  func connectionValues() throws(PostgresError) -> [String: String]? {
    guard let handle, let options = PQconninfo(handle.connection) else { return nil }
    defer { PQconninfoFree(options) }
    var values = conninfoValues(options)
    values["dbname"] = session.database
    // Not what this program has added for itself.
    values["options"] = handle.givenOptions
    // Where the string names several hosts, the one that answered; and a password of a password file.
    values["host"] = session.host
    values["hostaddr"] = values["hostaddr"].flatMap { _ in session.address }
    values["port"] = session.port
    values["user"] = session.user
    if let password = PQpass(handle.connection), password.pointee != 0 {
      values["password"] = String(cString: password)
    }
    return values
  }

  private var closed: PostgresError { .lost("the connection is closed") }

  /// Runs `body` on the connection's own thread.
  func exchange<T: Sendable>(
    silentFor silence: Duration? = nil, _ body: @Sendable (Exchange) throws -> T
  ) async throws -> T {
    try Task.checkCancellation()
    cancelled.clear()
    // Only a closure that captures the isolated actor runs on it; any other one would block the cooperative pool.
    return try await withTaskCancellationHandler {
      try self.run(silentFor: silence, body)
    } onCancel: { [cancelled] in
      cancelled.signal()
    }
  }

  private func run<T: Sendable>(silentFor silence: Duration?, _ body: (Exchange) throws -> T) throws -> T {
    preconditionIsolated()
    guard let handle else { throw closed }
    defer { if handle.isAbandoned { self.handle = nil } }
    handle.inflow.restart()
    return try body(
      Exchange(
        handle: handle, cancelled: cancelled, responseTimeout: silence ?? options.responseTimeout, inquiry: inquiry,
        longestAnswer: options.longestAnswer))
  }
}
