import Testing

@testable import Postgres

/// What can't be had from a server at hand: other languages, other versions, poolers.
struct FailureClassificationTests {
  private func classified(_ raw: String, host: String = "db", passwords: [String?] = []) -> ConnectionFailure {
    ConnectionFailure(libpq: raw, host: host, port: "5432", address: nil, secrets: Secrets(passwords))
  }

  static let prefix = "connection to server at \"db\" (192.0.2.1), port 5432 failed: "

  @Test(arguments: [
    ("FATAL:  28P01: password authentication failed for user \"x\"\nLOCATION:  auth_failed, auth.c:338\n", "28P01"),
    ("\(prefix)FATAL:  28P01: Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen\n", "28P01"),
  ])
  func `the code counts in every version and language`(raw: String, sqlstate: String) {
    let failure = classified(raw)
    #expect(failure.kind == .authentication)
    #expect(failure.sqlstate == sqlstate)
    #expect(!failure.message.contains("LOCATION") && !failure.message.contains("connection to server"))
  }

  @Test(arguments: [
    (
      "kein pg_hba.conf-Eintrag für Host »192.0.2.7«", "ClientAuthentication",
      ConnectionFailure.Kind.hostBasedAuthentication
    ),
    ("Rolle »x« existiert nicht", "InitializeSessionUserId", .noSuchRole),
    ("Peer-Authentifizierung für Benutzer »x« fehlgeschlagen", "auth_failed", .authentication),
  ])
  func `one code for several troubles is told apart by the routine`(
    message: String, routine: String, kind: ConnectionFailure.Kind
  ) {
    let raw = "\(Self.prefix)FATAL:  28000: \(message)\nLOCATION:  \(routine), x.c:1\n"
    #expect(classified(raw).kind == kind)
    #expect(classified(raw).message == message)
  }

  @Test func `the attempt with TLS says more than the one without`() {
    let failure = classified(
      """
      \(Self.prefix)FATAL:  28P01: password authentication failed for user "x"
      LOCATION:  auth_failed, auth.c:338
      \(Self.prefix)FATAL:  28000: no pg_hba.conf entry for host "192.0.2.7", user "x", database "d", no encryption
      LOCATION:  ClientAuthentication, auth.c:536
      """)
    #expect(failure.kind == .authentication)
    #expect(failure.message == "password authentication failed for user \"x\"")
  }

  @Test(arguments: [
    ("unsupported startup parameter: options", ConnectionFailure.Kind.unsupportedStartupOption),
    ("no such database: d", .noSuchDatabase), ("database \"d\" does not exist", .noSuchDatabase),
    ("role \"x\" does not exist", .noSuchRole), ("no such user: x", .noSuchRole),
    ("no more connections allowed (max_client_conn)", .tooManyConnections),
    ("password authentication failed", .authentication), ("SSL required", .tls),
  ])
  func `poolers are understood`(message: String, kind: ConnectionFailure.Kind) {
    #expect(classified("\(Self.prefix)FATAL:  08P01: \(message)\n").kind == kind)
    #expect(classified("\(Self.prefix)FATAL:  08P01: \(message)\n").message == message)
  }

  @Test(arguments: [
    (
      "Network is unreachable\n\tIs the server running on that host and accepting TCP/IP connections?",
      ConnectionFailure.Kind.networkUnreachable
    ),
    ("No route to host", .networkUnreachable), ("Connection timed out", .timeout), ("timeout expired", .timeout),
    ("server closed the connection unexpectedly\n\tThis probably means …", .lost),
    ("SSL SYSCALL error: EOF detected", .lost), ("SSL error: certificate verify failed", .tls),
    ("SCRAM authentication requires libpq version 10 or above", .authentication),
    ("authentication method requirement \"password\" failed: server did not complete authentication", .authentication),
    ("something new", .other),
  ])
  func `libpq's own words are understood`(message: String, kind: ConnectionFailure.Kind) {
    for prefix in [Self.prefix, ""] {
      let failure = classified(prefix + message + "\n")
      #expect(failure.kind == kind)
      #expect(failure.sqlstate == nil)
      #expect(message.hasPrefix(failure.message))
    }
  }

  @Test func `a host's name does not decide`() {
    let raw = "connection to server at \"TLS.example\" (192.0.2.1), port 5432 failed: Connection refused\n"
    #expect(classified(raw, host: "TLS.example").kind == .refused)
  }

  @Test func `passwords are removed, ordinary words are not`() {
    #expect(classified("wrong value \"s3cret\" given", passwords: ["s3cret"]).message == "wrong value \"***\" given")
    #expect(classified("a server at large", passwords: ["a", "e", nil, ""]).message == "*** server at large")
    #expect(classified("s3crets3cret s3cret", passwords: ["s3cret"]).message == "s3crets3cret ***")
  }

  @Test func `an empty message still says something`() {
    #expect(classified("").message == "the connection failed")
    #expect(ConnectionFailure.combining([]).kind == .other)
  }
}
