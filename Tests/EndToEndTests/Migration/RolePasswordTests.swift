import Foundation
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct RolePasswordTests {
  private func move() async throws -> Move {
    // A server that writes down what it is told.
    let move = try await Move.start(settings: ["log_statement": "all", "log_min_duration_statement": "0"])
    try await move.source.sql(
      """
      create role app login password 'app-secret'; create role "o'dd \"\"x
      y" login; create role plain login bypassrls;
      """)
    return move
  }

  private func connections(_ move: Move, targetUser: String = "postgres") -> [String] {
    [
      "--source", move.source.connectionString(user: "plain"), "--target",
      move.target.connectionString(user: targetUser),
    ]
  }

  /// Whether it is what the server keeps, without the password having been sent: the key is PBKDF2's.
  private func isPassword(_ password: String, of role: String, on cluster: TestCluster) async throws -> Bool {
    let kept = try await cluster.value("select rolpassword from pg_authid where rolname = '\(role)'")
    let parts = kept.split { "$:".contains($0) }.map(String.init)
    try #require(parts.count == 5 && parts[0] == "SCRAM-SHA-256")
    let script = """
      import base64, hashlib, hmac, sys
      salted = hashlib.pbkdf2_hmac('sha256', sys.argv[1].encode(), base64.b64decode(sys.argv[3]), int(sys.argv[2]))
      key = hashlib.sha256(hmac.new(salted, b'Client Key', 'sha256').digest()).digest()
      print(base64.b64encode(key).decode())
      """
    let output = try await run(
      executable: "/usr/bin/python3", arguments: ["-c", script, password, parts[1], parts[2]])
    return output.stdout.split(separator: "\n").first.map(String.init) == parts[3]
  }

  @Test(arguments: ["postgres", "mover"])
  func `passwords that can't be read are made anew, for a file alone`(user: String) async throws {
    let move = try await move()
    try await move.source.sql("create database shop")
    try await move.target.sql("create role mover login createdb createrole")
    let folder = try TemporaryFolder()
    let file = folder.path + "/passwords"
    let connections = connections(move, targetUser: user)
    let arguments =
      ["--role-passwords", file, "--include-database", "shop", "--accept-undetermined", "role-passwords"]
    let done = try await move.migrate(arguments, connections: connections)
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    let app = done.report?.migration?.roles.first { $0.name == "app" }
    #expect(app?.passwordPlaceholder == true)
    let text = try folder.text("passwords")
    #expect(text.contains("\"o'dd \"\"x\ny\"\t"))
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("app\t") })
    let password = String(line.dropFirst(4))
    #expect(password.count == 24)
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
    #expect(!(done.output.stdout + done.output.stderr).contains(password))
    #expect(try await isPassword(password, of: "app", on: move.target))
    #expect(try !move.target.logText().contains(password))
    // Only a superuser can keep statements out of the log.
    if user == "postgres" { #expect(try !move.target.logText().contains("SCRAM-SHA-256$")) }
    let again = try await move.migrate(arguments, connections: connections)
    #expect(again.output.status == .exited(73))
    #expect(again.output.stderr.contains("it exists already"))
  }

  @Test func `a run that is killed has lost no password`() async throws {
    let move = try await move()
    try await move.source.sql("create database shop")
    let held = try await move.makeHeldTable(in: "shop")
    let folder = try TemporaryFolder()
    let file = folder.path + "/passwords"
    let arguments =
      ["--role-passwords", file, "--include-database", "shop", "--accept-undetermined", "role-passwords"]
    let connections = connections(move)
    try await move.source.sql(
      """
      grant select on all tables in schema public to plain; grant select on all sequences in schema public to plain
      """, database: "shop")
    _ = try await move.migrate(arguments, connections: connections) { pid in
      try await eventually("rows are copied") {
        try await move.target.value(
          "select count(*) from pg_stat_activity where query like 'COPY%' and application_name like 'pgpreflight%'")
          != "0"
      }
      kill(pid, SIGKILL)
    }
    try FileManager.default.removeItem(at: held)
    let text = try folder.text("passwords")
    let resumed = try await move.migrate(arguments + ["--resume"], connections: connections)
    #expect(resumed.output.status == .exited(0), "\(resumed.output.stdout)\(resumed.output.stderr)")
    #expect(try folder.text("passwords") == text)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("app\t") })
    #expect(try await isPassword(String(line.dropFirst(4)), of: "app", on: move.target))
  }
}
