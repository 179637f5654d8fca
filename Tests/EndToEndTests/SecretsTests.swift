import Foundation
import Postgres
import TestSupport
import Testing

/// Passwords in every form in which they can be given.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct SecretsTests {
  /// Everything that some form has to escape.
  static let password = #"p@ss:w/o?r#d '"back\slash" 100% $x & y=z;"#

  private static let pair = Task {
    let pair = try await ClusterPair.shared.value
    for cluster in [pair.source, pair.target] {
      let literal = password.replacing("'", with: "''")
      try await cluster.sql(
        "set standard_conforming_strings = on; create role guarded login password '\(literal)' in role asked")
    }
    return pair
  }

  enum Form: CaseIterable, Sendable {
    case uri, keywords, uriParameter, service, passwordFile, environment, mixed
  }

  @Test(arguments: Form.allCases) func `a password works in every form, and is nowhere to be seen`(form: Form)
    async throws
  {
    let pair = try await Self.pair.value
    let folder = try TemporaryFolder()
    let (source, target, environment) = try connections(form, pair, folder, password: Self.password)
    let output = try await run(
      arguments: ["check", "-v", "--log-format", "json", "--report-dir", "reports", "-s", source, "-t", target],
      environment: environment, workingDirectory: folder.path)
    #expect([0, 1, 2].contains(output.exitStatus), "\(output.stderr)")
    #expect(output.stdout.contains("15."), "it has not connected: \(output.stdout)")
    #expect(!output.stdout.contains("No connection"), "\(output.stdout)")
    try expectNothing(of: Self.password, in: output, folder)
  }

  @Test(arguments: Form.allCases) func `nor is a wrong one`(form: Form) async throws {
    let pair = try await Self.pair.value
    let folder = try TemporaryFolder()
    let wrong = "Wr0ng!" + Self.password
    let (source, target, environment) = try connections(form, pair, folder, password: wrong)
    let output = try await run(
      arguments: ["check", "-v", "--report-dir", "reports", "-s", source, "-t", target], environment: environment,
      workingDirectory: folder.path)
    #expect(output.status == .exited(1))
    #expect(output.stdout.contains("authentication failed"), "\(output.stdout)")
    try expectNothing(of: wrong, in: output, folder)
  }

  @Test(arguments: ["127.0.0.1:1", "no-such-host.invalid", "[::1"], ["uri", "keywords"])
  func `nor is one for a server that is not there`(address: String, form: String) async throws {
    let folder = try TemporaryFolder()
    let connection =
      form == "uri"
      ? "postgres://guarded:\(percentEncoded(Self.password))@\(address)/db"
      : "host='\(address)' user=guarded password='\(keywordEscaped(Self.password))' sslmode=prefer"
    let output = try await run(
      arguments: ["check", "-v", "--report-dir", "reports", "-s", connection, "-t", connection],
      workingDirectory: folder.path)
    #expect([1, 64].contains(output.exitStatus))
    try expectNothing(of: Self.password, in: output, folder)
  }

  @Test func `the process list forgets it`() async throws {
    let fake = try FakeServer(.silent)
    let password = "s3cret-in-the-list"
    let output = try await run(
      arguments: [
        "check", "-s", "postgres://u:\(password)@127.0.0.1:\(fake.port)/db",
        "--target=host=127.0.0.1 port=\(fake.port) password=\(password)", "--connect-timeout", "2",
      ]
    ) { pid in
      try await eventually("it has connected") { fake.clients.get() == 2 }
      let list = try Data(contentsOf: URL(filePath: "/proc/\(pid)/cmdline"))
      let words = String(decoding: list, as: UTF8.self)
      #expect(words.contains("check") && words.contains("postgres://u@127.0.0.1"))
      #expect(!words.contains(password), "\(words)")
    }
    #expect(output.status == .exited(1))
  }

  // MARK: - Forms

  private func connections(
    _ form: Form, _ pair: ClusterPair, _ folder: TemporaryFolder, password: String
  ) throws -> (source: String, target: String, environment: [String: String?]) {
    func both(_ connection: (TestCluster) -> String) -> (String, String) {
      (connection(pair.source), connection(pair.target))
    }
    switch form {
    case .uri:
      let (source, target) = both { "postgres://guarded:\(percentEncoded(password))@127.0.0.1:\($0.port)/postgres" }
      return (source, target, [:])
    case .uriParameter:
      let (source, target) = both {
        "postgres://127.0.0.1:\($0.port)/postgres?user=guarded&password=\(percentEncoded(password))"
      }
      return (source, target, [:])
    case .keywords:
      let (source, target) = both { $0.connectionString(user: "guarded", password: password) }
      return (source, target, [:])
    case .service:
      // Its values are taken as they are, to the end of the line.
      let text = [("source", pair.source), ("target", pair.target)].map { name, cluster in
        "[\(name)]\nhost=127.0.0.1\nport=\(cluster.port)\ndbname=postgres\nuser=guarded\npassword=\(password)\n"
      }
      try folder.write(text.joined(), to: "services")
      return ("service=source", "postgres://?service=target", ["PGSERVICEFILE": folder.path + "/services"])
    case .passwordFile:
      let escaped = password.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
      try folder.write("127.0.0.1:*:*:guarded:\(escaped)\n", to: "passwords")
      chmod(folder.path + "/passwords", 0o600)
      let (source, target) = both { "host=127.0.0.1 port=\($0.port) user=guarded dbname=postgres" }
      return (source, target, ["PGPASSFILE": folder.path + "/passwords"])
    case .environment:
      let (source, target) = both { "port=\($0.port)" }
      return (
        source, target,
        ["PGHOST": "127.0.0.1", "PGUSER": "guarded", "PGDATABASE": "postgres", "PGPASSWORD": password]
      )
    case .mixed:
      // The option has none of it; the variables do.
      let (source, target) = both { "postgres://guarded:\(percentEncoded(password))@127.0.0.1:\($0.port)/postgres" }
      return (
        "postgres://", target,
        [
          "PGHOST": "127.0.0.1", "PGPORT": "\(pair.source.port)", "PGUSER": "guarded",
          "PGPASSWORD": password, "PGDATABASE": "postgres", "PGPREFLIGHT_SOURCE": source, "TARGET_SERVICE_URI": target,
        ]
      )
    }
  }

  private func percentEncoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  private func keywordEscaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
  }

  private func expectNothing(
    of password: String, in output: ProcessOutput, _ folder: TemporaryFolder,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    // In JSON, HTML and YAML it would look otherwise; its plainest part would not.
    let forms = [
      password, percentEncoded(password), keywordEscaped(password), "100%", "100%25", "p@ss", "p%40ss", "slash",
    ]
    let reports = folder.path + "/reports"
    let files = (try? FileManager.default.contentsOfDirectory(atPath: reports)) ?? []
    for text in try [output.stdout, output.stderr]
      + files.map({ try String(contentsOfFile: "\(reports)/\($0)", encoding: .utf8) })
    {
      for form in forms where text.contains(form) {
        // CSS has lengths of 100%.
        if form.hasPrefix("100%"), text.contains("<style") { continue }
        Issue.record("\(form) in \(text)", sourceLocation: sourceLocation)
      }
    }
  }
}

/// Connection strings in all the forms that libpq knows.
@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct ConnectionFormTests {
  private func expectConnected(
    _ source: String, environment: [String: String?] = [:], shown: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let pair = try await ClusterPair.shared.value
    let run = try await check(["-s", source, "-t", pair.target.connectionString()], environment: environment)
    let source = run.report.source
    #expect(source.reachable, "\(run.outcomes("connection-source"))", sourceLocation: sourceLocation)
    #expect(source.serverVersionNum.map { $0 / 10000 } == 15, sourceLocation: sourceLocation)
    if let shown { #expect(source.connection == shown, sourceLocation: sourceLocation) }
  }

  @Test func `URIs, keywords and sockets`() async throws {
    let source = try await ClusterPair.shared.value.source
    let shown = "postgres://postgres@127.0.0.1:\(source.port)/postgres"
    try await expectConnected("postgresql://postgres@127.0.0.1:\(source.port)/postgres", shown: shown)
    try await expectConnected("postgres://postgres@127.0.0.1:\(source.port)?sslmode=disable", shown: shown)
    try await expectConnected("hostaddr=127.0.0.1 port=\(source.port) user=postgres")
    try await expectConnected("host=localhost port=\(source.port) user=postgres dbname=app sslmode=allow")
    try await expectConnected("host=\(source.socketDirectory) port=\(source.port) user=postgres")
    let directory = source.socketDirectory.replacing("/", with: "%2F")
    try await expectConnected("postgres://postgres@\(directory):\(source.port)/app")
  }

  @Test func `several hosts, the first one dead`() async throws {
    let source = try await ClusterPair.shared.value.source
    try await expectConnected("postgres://postgres@127.0.0.1:1,127.0.0.1:\(source.port)/postgres")
    let fake = try FakeServer(.silent)
    try await expectConnected(
      "host=127.0.0.1,127.0.0.1 port=\(fake.port),\(source.port) user=postgres connect_timeout=2 sslmode=disable")
  }

  @Test func `everything from the environment`() async throws {
    let source = try await ClusterPair.shared.value.source
    let environment = ["PGHOST": "127.0.0.1", "PGPORT": "\(source.port)", "PGUSER": "postgres", "PGDATABASE": "app"]
    let shown = "postgres://postgres@127.0.0.1:\(source.port)/app"
    try await expectConnected("postgres://", environment: environment, shown: shown)
    try await expectConnected(" ", environment: environment, shown: shown)
  }

  @Test func `a role without a database of its own goes by way of another one`() async throws {
    let source = try await ClusterPair.shared.value.source
    try await source.sql("create role wanderer login superuser")
    try await expectConnected(
      "host=127.0.0.1 port=\(source.port) user=wanderer",
      shown: "postgres://wanderer@127.0.0.1:\(source.port)/postgres")
  }

  @Test func `TLS that the server has not is a finding`() async throws {
    let pair = try await ClusterPair.shared.value
    let source = pair.source.connectionString() + " sslmode=require"
    let run = try await check(["-s", source, "-t", pair.target.connectionString()])
    #expect(run.report.run.exitStatus == 1)
    let connection = try #require(run.outcome("connection-source"))
    #expect(connection.outcome == .failed)
    #expect(connection.message.contains("TLS"))
  }
}
