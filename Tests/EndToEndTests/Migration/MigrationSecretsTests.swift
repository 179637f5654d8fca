import Assessment
import Foundation
import TestSupport
import Testing

@Suite(.takesTurns, .timeLimit(.minutes(30))) struct MigrationSecretsTests {
  @Test func `no password is seen while or after it runs`() async throws {
    let password = "pa55@: /#'\\word"
    let hba = ["host all postgres 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"]
    async let source = TestCluster.start(settings: ["wal_level": "logical"], hba: hba)
    async let target = TestCluster.start(settings: ["log_statement": "all"], hba: hba)
    let move = try await Move(source: source, target: target)
    for cluster in [move.source, move.target] {
      try await cluster.sql("create role mover superuser login password :'password'", variables: ["password": password])
    }
    try await move.source.sql("create role app login password 'stored-secret-815'")
    try await move.makeEverything(icu: false, xml: false)
    let mapped = "mapped-secret-4711"

    let folder = try TemporaryFolder()
    let file = folder.path + "/report.json"
    let seen = Locked(Set<String>())
    let leaks = Locked([String]())
    let output = try await run(
      arguments: [
        "migrate", "--target-free-space", "1TB", "--yes", "-v", "--log-format", "json", "--report-dir", folder.path,
        "--source", move.source.connectionString(user: "mover", password: password),
        "--target", move.target.connectionString(user: "mover", password: password),
      ], environment: ["TMPDIR": folder.path]
    ) { pid in
      while FileManager.default.fileExists(atPath: "/proc/\(pid)/cmdline"),
        (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.contains(") Z ") == false
      {
        for process in try FileManager.default.contentsOfDirectory(atPath: "/proc") where Int(process) != nil {
          guard let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { continue }
          let text = String(decoding: line, as: UTF8.self)
          for name in ["pg_dump", "pg_restore"] where text.contains("/\(name)\0") { seen.set(seen.get().union([name])) }
          // psql of other tests may be given one; what libpq makes of it is escaped.
          if text.contains("pa55@"), text.contains("pg_") { leaks.set(leaks.get() + [text]) }
        }
        // A temporary file has no name, from its first byte on.
        let names = folder.contents.filter { !$0.hasPrefix("report.") }
        for name in names where (try? folder.text(name))?.contains(mapped) == true { leaks.set(leaks.get() + [name]) }
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    #expect(output.status == .exited(0), "\(output.stdout)\(output.stderr)")
    #expect(seen.get() == ["pg_dump", "pg_restore"])
    #expect(leaks.get() == [])
    #expect(folder.contents == ["report.html", "report.json", "report.junit.xml"])
    let verifier = try await move.source.value("select rolpassword from pg_authid where rolname = 'app'")
    #expect(try await move.target.value("select rolpassword from pg_authid where rolname = 'app'") == verifier)
    let written = try folder.contents.map { try folder.text($0) } + [output.stdout, output.stderr]
    for text in written {
      for secret in ["pa55@", mapped, "stored-secret-815", verifier] { #expect(!text.contains(secret)) }
    }
    // Nor does the target's log keep what a role's password is stored as.
    #expect(!(try move.target.logText().contains(verifier)))
    let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(filePath: file)))
    #expect(report.migration?.status == .done)
  }

  @Test func `what fails is told without the rows that it failed at`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop")
    try await move.source.sql(
      """
      create table people (id int, name text); insert into people values (1, 'Jane Roe'), (1, 'John Doe');
      create function twice(int) returns bool language plpgsql immutable as
        $$begin return inet_server_port() = \(move.source.port); end$$;
      alter table people add constraint here check (twice(id));
      """, database: "shop")
    let failed = try await move.migrate(["--log-format", "json"])
    #expect(failed.output.status == .exited(1))
    let message = try #require(failed.database("shop")?.message)
    #expect(message.contains("copying into public.people in database shop of the target"), "\(message)")
    #expect(message.contains("violates check constraint") && message.contains("SQLSTATE 23514"))
    #expect(!(message + failed.output.stderr + failed.output.stdout).contains("Roe"))
    // What is told line by line is JSON.
    for line in failed.output.stderr.split(separator: "\n") where line.hasPrefix("{") {
      #expect(throws: Never.self) { try JSONDecoder().decode([String: String].self, from: Data(line.utf8)) }
    }
    #expect(failed.output.stderr.contains("\"message\":\"phase\""))
  }
}
