import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectingTests {
  @Test func `a URI, keywords and a socket lead to the same server`() async throws {
    let cluster = try await SharedCluster.cluster
    let socket = cluster.socketDirectory.replacing("/", with: "%2F")
    for (text, isSocket) in [
      ("postgres://plain@127.0.0.1:\(cluster.port)/postgres", false),
      ("postgresql://plain@localhost:\(cluster.port)/postgres?connect_timeout=10", false),
      ("host=127.0.0.1 port=\(cluster.port) user=plain dbname=postgres", false),
      ("host=db.example.invalid hostaddr=127.0.0.1 port=\(cluster.port) user=plain dbname=postgres", false),
      ("host=\(cluster.socketDirectory) port=\(cluster.port) user=plain dbname=postgres", true),
      ("postgres://plain@\(socket):\(cluster.port)/postgres", true),
    ] {
      let connection = try await Connection.connect(ConnectionString(text))
      #expect(connection.session.socket == isSocket)
      #expect(connection.session.address == (isSocket ? nil : "127.0.0.1"))
      let row = try await connection.query("select current_user, current_database()")
      #expect([row.text(0, 0), row.text(0, 1)] == ["plain", "postgres"])
    }
  }

  @Test func `another database is selected by name, whatever the name`() async throws {
    let observer = try await SharedCluster.connect()
    let name = "a=b 'c' host=nowhere"
    _ = try await observer.query("create database \(Quoting.identifier(name)) template template0")
    let string = try await SharedCluster.string(database: "nonexistent").selecting(database: name)
    let connection = try await Connection.connect(string)
    #expect(connection.session.database == name)
    #expect(try await connection.value("select current_database()") == name)
  }

  @Test func `the environment, a service and a password file count as in psql`() async throws {
    let cluster = try await SharedCluster.cluster
    let folder = "\(cluster.socketDirectory)/files"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let port = "\(cluster.port)"
    try "[shop]\nhost=127.0.0.1\nport=\(port)\nuser=secret\ndbname=postgres\n".write(
      toFile: "\(folder)/services", atomically: true, encoding: .utf8)
    try "127.0.0.1:\(port):*:secret:correct horse\n".write(
      toFile: "\(folder)/passwords", atomically: true, encoding: .utf8)
    chmod("\(folder)/passwords", 0o600)
    await #expect(processExitsWith: .success) { [port = port as String, folder = folder as String] in
      setenv("PGSERVICEFILE", "\(folder)/services", 1)
      setenv("PGPASSFILE", "\(folder)/passwords", 1)
      let service = try await Connection.connect(ConnectionString("service=shop"))
      try #require(service.session.passwordUsed && service.session.user == "secret")
      setenv("PGSERVICE", "shop", 1)
      let fromService = try await Connection.connect(ConnectionString(""))
      try #require(fromService.session.user == "secret")
      unsetenv("PGSERVICE")
      setenv("PGHOST", "127.0.0.1", 1)
      setenv("PGPORT", port, 1)
      setenv("PGUSER", "plain", 1)
      setenv("PGDATABASE", "template1", 1)
      setenv("PGAPPNAME", "from the environment", 1)
      let environment = try await Connection.connect(ConnectionString(""))
      try #require(environment.session.user == "plain" && environment.session.database == "template1")
      let name = try await environment.query("show application_name").text(0, 0)
      try #require(name == "from the environment")
      let selected = try await Connection.connect(ConnectionString("").selecting(database: "postgres"))
      try #require(selected.session.database == "postgres")
      setenv("PGPASSFILE", "/nonexistent", 1)
      setenv("PGPASSWORD", "correct horse", 1)
      let password = try await Connection.connect(ConnectionString("user=secret dbname=postgres"))
      try #require(password.session.passwordUsed)
      setenv("PGHOST", "/nonexistent", 1)
      setenv("PGHOSTADDR", "127.0.0.1", 1)
      let address = try await Connection.connect(ConnectionString("user=plain"))
      try #require(address.session.address == "127.0.0.1")
    }
  }

  @Test func `a silent server is given up at the deadline of the string or the options`() async throws {
    let listener = try Listener()
    let start = ContinuousClock.now
    let failure = await #expect(throws: ConnectionFailure.self) {
      try await Connection.connect(
        listener.connectionString(also: "connect_timeout=2"), options: .init(connectTimeout: .seconds(600)))
    }
    #expect(failure?.kind == .timeout)
    #expect(failure?.message == "no answer within 2 s")
    #expect(failure?.port == "\(listener.port)")
    #expect((1.9..<10).contains(seconds(ContinuousClock.now - start)))
    let other = await #expect(throws: ConnectionFailure.self) {
      try await Connection.connect(listener.connectionString(), options: .init(connectTimeout: .milliseconds(300)))
    }
    #expect(other?.kind == .timeout)
  }

  @Test func `zero means no deadline`() async throws {
    let listener = try Listener()
    let string = try listener.connectionString(also: "connect_timeout=0")
    let task = Task { try await Connection.connect(string, options: .init(connectTimeout: .milliseconds(100))) }
    try await Task.sleep(for: .milliseconds(500))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `dead hosts before a living one cost their timeouts, no more`() async throws {
    let cluster = try await SharedCluster.cluster
    let silent = try Listener()
    let closed = try Listener(refusing: true)
    let string = try ConnectionString(
      """
      host=127.0.0.1,127.0.0.1,nonexistent.invalid,/nonexistent,127.0.0.1 \
      port=\(silent.port),\(closed.port),5432,5432,\(cluster.port) user=plain dbname=postgres connect_timeout=2
      """)
    let connection = try await Connection.connect(string)
    #expect(connection.session.port == "\(cluster.port)")
  }

  @Test func `a refused login is not tried on the next host`() async throws {
    let cluster = try await SharedCluster.cluster
    let string = try ConnectionString(
      "host=127.0.0.1,127.0.0.1 port=\(cluster.port),\(cluster.port) user=secret password=wrong dbname=postgres")
    let failure = await #expect(throws: ConnectionFailure.self) { try await Connection.connect(string) }
    #expect(failure?.kind == .authentication)
    #expect(failure?.message == "password authentication failed for user \"secret\"")
  }

  @Test func `when all hosts fail, all are named`() async throws {
    let closed = [try Listener(refusing: true), try Listener(refusing: true)]
    let ports = closed.map(\.port)
    let failure = await #expect(throws: ConnectionFailure.self) {
      try await Connection.connect(
        ConnectionString("postgres://u@127.0.0.1:\(ports[0]),%2Fnonexistent:5432,127.0.0.1:\(ports[1])/d"))
    }
    withExtendedLifetime(closed) {}
    #expect(failure?.kind == .refused)
    #expect(failure?.port == "\(ports[1])")
    #expect(failure?.message.contains("127.0.0.1:\(ports[0]): Connection refused") == true)
    #expect(failure?.message.contains("socket /nonexistent:5432: ") == true)
  }

  @Test func `target_session_attrs chooses among the hosts`() async throws {
    let primary = try await TestCluster.start()
    let standby = try await primary.standby()
    for (hosts, attributes, expected) in [
      ([standby, primary], "read-write", primary), ([standby, primary], "any", standby),
      ([primary, standby], "standby", standby), ([primary, standby], "prefer-standby", standby),
      ([primary, primary], "prefer-standby", primary), ([primary], "prefer-standby", primary),
    ] {
      let string = try ConnectionString(
        """
        host=\(hosts.map { _ in "127.0.0.1" }.joined(separator: ",")) user=postgres dbname=postgres \
        port=\(hosts.map { "\($0.port)" }.joined(separator: ",")) target_session_attrs=\(attributes)
        """)
      let connection = try await Connection.connect(string)
      #expect(connection.session.port == "\(expected.port)")
    }
    let readOnly = "\(standby.connectionString()) target_session_attrs=read-write"
    await #expect(throws: ConnectionFailure.self) { try await Connection.connect(ConnectionString(readOnly)) }
  }

  @Test func `a TLS session says so`() async throws {
    let cluster = try await TLSCluster.started.value
    for (mode, isEncrypted) in [("require", true), ("prefer", true), ("disable", false)] {
      let string = try ConnectionString("\(cluster.connectionString()) sslmode=\(mode)")
      let connection = try await Connection.connect(string)
      #expect(connection.session.tls == isEncrypted)
      #expect(try await connection.value("select 1") == "1")
      let task = Task { try await connection.query("select pg_sleep(60)") }
      try await Task.sleep(for: .milliseconds(200))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      let large = String(repeating: "x", count: 10_000_000)
      #expect(try await connection.value("select length($1)", [large]) == "10000000")
    }
  }
}

/// A cluster that takes TLS connections too.
enum TLSCluster {
  static let started = Task {
    let cluster = try await TestCluster.start()
    let (key, certificate) = ("\(cluster.dataDirectory)/server.key", "\(cluster.dataDirectory)/server.crt")
    let output = try await run(
      executable: "/usr/bin/openssl",
      arguments: [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=other.example.org", "-keyout", key,
        "-out", certificate,
      ])
    guard output.exitStatus == 0 else { throw TestSupportError(output.stderr) }
    let owner = try FileManager.default.attributesOfItem(atPath: cluster.dataDirectory)
    let user = owner[.ownerAccountID] as? NSNumber
    let entries = "hostssl all certified all cert\nhost all all all trust\nlocal all all trust\n"
    try entries.write(toFile: "\(cluster.dataDirectory)/pg_hba.conf", atomically: false, encoding: .utf8)
    for file in [key, certificate] {
      chown(file, uid_t(user?.uint32Value ?? 0), gid_t.max)
      chmod(file, 0o600)
    }
    try await cluster.sql(
      "create role certified login; alter system set ssl = on; alter system set ssl_ca_file = 'server.crt'")
    try await cluster.restart()
    return cluster
  }
}
