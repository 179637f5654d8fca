import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConnectionFailureTests {
  private func failure(_ string: ConnectionString) async throws -> ConnectionFailure {
    do {
      _ = try await Connection.connect(string)
      throw TestSupportError("connected to \(string)")
    } catch let failure as ConnectionFailure {
      #expect(!failure.message.contains("\n") && !failure.message.isEmpty)
      return failure
    }
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    var kind: ConnectionFailure.Kind
    var sqlstate: String?
    var database = "postgres"
    var user = "postgres"
    var password: String?
    var more = ""
    var message: String
    var testDescription: String { "\(kind): \(message)" }
  }

  @Test(arguments: [
    Refusal(
      kind: .authentication, sqlstate: "28P01", user: "secret", password: "wr0ng",
      message: "password authentication failed for user \"secret\""),
    Refusal(kind: .authentication, user: "secret", message: "fe_sendauth: no password supplied"),
    Refusal(
      kind: .hostBasedAuthentication, sqlstate: "28000", user: "rejected",
      message: "pg_hba.conf rejects connection for host"),
    Refusal(
      kind: .hostBasedAuthentication, sqlstate: "28000", user: "unlisted", message: "no pg_hba.conf entry for host"),
    Refusal(
      kind: .noSuchRole, sqlstate: "28000", user: "no_such_role", message: "role \"no_such_role\" does not exist"),
    Refusal(
      kind: .notPermitted, sqlstate: "28000", user: "no_login", message: "role \"no_login\" is not permitted to log in"),
    Refusal(
      kind: .noSuchDatabase, sqlstate: "3D000", database: "nowhere", message: "database \"nowhere\" does not exist"),
    Refusal(
      kind: .notPermitted, sqlstate: "55000", database: "frozen",
      message: "database \"frozen\" is not currently accepting connections"),
    Refusal(
      kind: .notPermitted, sqlstate: "42501", database: "private", user: "plain",
      message: "permission denied for database \"private\" (User does not have CONNECT privilege.)"),
    Refusal(
      kind: .tooManyConnections, sqlstate: "53300", user: "limited",
      message: "too many connections for role \"limited\""),
    Refusal(
      kind: .unsupportedStartupOption, sqlstate: "42704", more: "options='-c no_such_setting=1'",
      message: "unrecognized configuration parameter \"no_such_setting\""),
    Refusal(
      kind: .tls, more: "sslmode=require", message: "server does not support SSL, but SSL was required"),
    Refusal(kind: .other, more: "sslmode=nonsense", message: "invalid sslmode value: \"nonsense\""),
    Refusal(kind: .other, more: "service=nowhere", message: ""),
    Refusal(kind: .other, more: "connect_timeout=soon", message: "connect_timeout is not a whole number"),
  ])
  func `a refusal has its kind, code and words`(refusal: Refusal) async throws {
    let string = try await SharedCluster.string(
      database: refusal.database, user: refusal.user, password: refusal.password, also: refusal.more)
    let failure = try await failure(string)
    #expect(failure.kind == refusal.kind)
    #expect(failure.sqlstate == refusal.sqlstate)
    #expect(failure.message.hasPrefix(refusal.message), "\(failure)")
    #expect(refusal.password.map { !"\(failure)".contains($0) } ?? true)
    let cluster = try await SharedCluster.cluster
    if failure.sqlstate != nil {
      #expect([failure.host, failure.port, failure.address] == ["127.0.0.1", "\(cluster.port)", "127.0.0.1"])
    }
  }

  @Test func `a closed port refuses`() async throws {
    let closed = try Listener(refusing: true)
    let failure = try await failure(closed.connectionString())
    #expect(failure.kind == .refused)
    #expect(failure.description == "127.0.0.1:\(closed.port): Connection refused")
  }

  @Test func `a missing socket is not a closed port`() async throws {
    let failure = try await failure(ConnectionString("host=/nonexistent port=5433 user=u dbname=d"))
    #expect(failure.kind == .socketMissing)
    #expect(failure.host == "/nonexistent")
    #expect(failure.address == nil)
  }

  @Test func `a socket that nobody listens on refuses`() async throws {
    let cluster = try await TestCluster.start()
    try cluster.signalPostmaster(SIGKILL)
    let string = try ConnectionString(
      "host=\(cluster.socketDirectory) port=\(cluster.port) user=postgres dbname=postgres")
    var last: ConnectionFailure?
    #expect(
      try await eventually {
        last = try? await self.failure(string)
        return last?.kind == .refused
      }, "\(last as Any)")
  }

  @Test func `a name without an address`() async throws {
    let failure = try await failure(ConnectionString("postgres://u@nonexistent.invalid/d"))
    #expect(failure.kind == .nameResolution)
    #expect(failure.host == "nonexistent.invalid")
  }

  @Test(arguments: [
    ("HTTP/1.1 400 Bad Request\r\n\r\n", "prefer", ConnectionFailure.Kind.notPostgres),
    ("HTTP/1.1 400 Bad Request\r\n\r\n", "disable", .notPostgres),
    ("J\0\0\0\n8.0.36\0", "prefer", .notPostgres), ("J\0\0\0\n8.0.36\0", "disable", .notPostgres),
    ("SSH-2.0-OpenSSH_9.2\r\n", "prefer", .notPostgres),
    ("NOTICE: this is no server", "disable", .notPostgres), ("", "prefer", .lost), ("", "require", .lost),
  ])
  func `something else answers`(answer: String, mode: String, kind: ConnectionFailure.Kind) async throws {
    let listener = try Listener()
    for _ in 0..<2 {
      listener.serve { connection in
        var buffer = [UInt8](repeating: 0, count: 1024)
        _ = read(connection, &buffer, buffer.count)
        _ = answer.withCString { write(connection, $0, answer.utf8.count) }
        usleep(200_000)
      }
    }
    let failure = try await failure(listener.connectionString(also: "sslmode=\(mode) connect_timeout=5"))
    #expect(failure.kind == kind, "\(failure)")
  }

  @Test func `no connection is left`() async throws {
    let cluster = try await TestCluster.start(
      settings: ["max_connections": "5", "superuser_reserved_connections": "2", "max_wal_senders": "0"])
    try await cluster.sql("create role plain login")
    let string = try ConnectionString(cluster.connectionString(user: "plain"))
    var connections: [Connection] = []
    for _ in 0..<3 { connections.append(try await Connection.connect(string)) }
    let failure = try await failure(string)
    #expect(failure.kind == .tooManyConnections)
    #expect(failure.sqlstate == "53300")
    for connection in connections { await connection.close() }
  }

  @Test func `a server in recovery`() async throws {
    let standby = try await SharedCluster.cluster.standby(settings: ["hot_standby": "off"])
    let failure = try await failure(ConnectionString(standby.connectionString()))
    #expect(failure.kind == .startingUp)
    #expect(failure.sqlstate == "57P03")
  }

  @Test(arguments: ["verify-ca", "verify-full"])
  func `a certificate that nobody vouches for`(mode: String) async throws {
    let cluster = try await TLSCluster.started.value
    let root = "\(cluster.socketDirectory)/root-\(mode).crt"
    _ = try await run(
      executable: "/usr/bin/openssl",
      arguments: [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=nobody", "-keyout", "/dev/null",
        "-out",
        root,
      ])
    let string = try ConnectionString("\(cluster.connectionString()) sslmode=\(mode) sslrootcert=\(root)")
    let failure = try await failure(string)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("certificate verify failed"))
  }

  @Test func `a certificate that the server asks for`() async throws {
    let cluster = try await TLSCluster.started.value
    let failure = try await failure(ConnectionString("\(cluster.connectionString(user: "certified")) sslmode=require"))
    #expect(failure.kind == .authentication)
    #expect(failure.sqlstate == "28000")
    #expect(failure.message == "connection requires a valid client certificate")
  }

  @Test func `a root certificate that is not there`() async throws {
    let cluster = try await TLSCluster.started.value
    let string = try ConnectionString("\(cluster.connectionString()) sslmode=verify-full sslrootcert=/nonexistent")
    let failure = try await failure(string)
    #expect(failure.kind == .tls)
    #expect(failure.message == "root certificate file \"/nonexistent\" does not exist")
  }

  @Test func `a certificate for another name`() async throws {
    let cluster = try await TLSCluster.started.value
    let string = try ConnectionString(
      "\(cluster.connectionString()) sslmode=verify-full sslrootcert=\(cluster.dataDirectory)/server.crt")
    let failure = try await failure(string)
    #expect(failure.kind == .tls)
    #expect(failure.message.contains("does not match host name"))
  }
}
