import Foundation
import Glibc
import Postgres
import TestSupport

/// The cluster of all tests that leave it as it is; roles whose names say how `pg_hba.conf` treats them.
enum SharedCluster {
  private static let started = Task {
    let cluster = try await TestCluster.start(
      settings: ["max_connections": "200"],
      hba: [
        "host all postgres all trust", "host all plain all trust", "host all no_such_role all trust",
        "host all no_login all trust", "host all limited all trust", "host all rejected all reject",
        "host all secret all scram-sha-256",
      ])
    try await cluster.sql(
      """
      create role plain login; create role no_login; create role limited login connection limit 0;
      create role rejected login; create role unlisted login;
      create role secret login password 'correct horse';
      create database frozen allow_connections false;
      create database private; revoke connect on database private from public;
      create database latin encoding 'LATIN1' locale 'C' template template0;
      """)
    return cluster
  }

  static var cluster: TestCluster { get async throws { try await started.value } }

  static func string(
    database: String = "postgres", user: String = "postgres", password: String? = nil, also more: String = ""
  ) async throws -> ConnectionString {
    let base = try await cluster.connectionString(database: database, user: user, password: password)
    return try ConnectionString("\(base) \(more)")
  }

  static func connect(
    database: String = "postgres", user: String = "postgres", options: Connection.Options = .init()
  ) async throws -> Connection {
    try await Connection.connect(string(database: database, user: user), options: options)
  }
}

/// A TCP port on the loopback interface behind which no PostgreSQL is.
final class Listener: Sendable {
  let port: Int
  private let descriptor: Int32

  /// Accepts connections (the kernel does), reads nothing and says nothing; or else refuses them and keeps the port, so
  /// that nobody else takes it.
  init(refusing: Bool = false) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = self.descriptor
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && (refusing || listen(descriptor, 16) == 0)
          && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard status else { throw TestSupportError("no listener: \(String(cString: strerror(errno)))") }
    port = Int(in_port_t(bigEndian: address.sin_port))
  }

  deinit { close(descriptor) }

  /// Accepts one connection, in the background, and does `body` with its socket, which is then closed.
  func serve(_ body: @escaping @Sendable (Int32) -> Void) {
    let thread = Thread { [self] in
      let connection = accept(descriptor, nil, nil)
      guard connection >= 0 else { return }
      body(connection)
      // A server that another test starts meanwhile may have inherited it, so closing would not do.
      shutdown(connection, Int32(SHUT_RDWR))
      close(connection)
    }
    thread.start()
  }

  func connectionString(also more: String = "") throws -> ConnectionString {
    try ConnectionString("host=127.0.0.1 port=\(port) user=u dbname=d \(more)")
  }
}

/// Waits until `condition` holds, at most ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  for _ in 0..<200 {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(50))
  }
  return false
}

extension Connection {
  /// The first column of the first row.
  func value(_ sql: String, _ parameters: [String?] = []) async throws -> String? {
    try await query(sql, parameters).text(0, 0)
  }

  /// How many sessions of the server meet `condition` on `pg_stat_activity`, this one aside.
  func sessions(where condition: String) async throws -> Int {
    let count = try await value(
      "select count(*) from pg_stat_activity where pid <> pg_backend_pid() and (\(condition))")
    return count.flatMap { Int($0) } ?? -1
  }
}

func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
