import TestSupport
import Testing

@Suite(.serialized, .takesTurns, .timeLimit(.minutes(30))) struct CommandLineTests {
  static let clusters = ["--source", "host=127.0.0.1 port=1", "--target", "host=127.0.0.1 port=1"]

  /// What is wrong, and what the one line about it has to say.
  static let mistakes: [(arguments: [String], says: [String])] = [
    ([], ["no source", "--source", "PGPREFLIGHT_SOURCE"]),
    (["check"], ["no source"]),
    (["check", "--source", "postgres://h/d"], ["no target", "--target", "PGPREFLIGHT_TARGET"]),
    (["bogus"], ["bogus"]),
    (["check", "--bogus"], ["--bogus"]),
    (["check", "--source"], ["--source"]),
    (["check", "-t"], ["-t"]),
    (["check", "--source", "", "--target", "postgres://h/d"], ["--source is empty"]),
    (["check"] + clusters + ["extra"], ["extra"]),
    (["check"] + clusters + ["--report"], ["--report"]),
    (["check"] + clusters + ["--report", "pdf"], ["pdf", "html, junit, json"]),
    (["check"] + clusters + ["--report", "json="], ["file's name"]),
    (["check"] + clusters + ["--report", "json", "--report", "html=-"], ["standard output"]),
    (["check"] + clusters + ["--report", "json=x", "--report", "html=./x"], ["same file"]),
    (["check"] + clusters + ["--report-dir", ""], ["--report-dir"]),
    (["check"] + clusters + ["--max-total-size", "5zb"], ["5zb", "--max-total-size"]),
    (["check"] + clusters + ["--target-free-space", "lots"], ["lots", "--target-free-space"]),
    (["check"] + clusters + ["--jobs", "x"], ["--jobs", "x"]),
    (["check"] + clusters + ["--jobs", "0"], ["--jobs 0"]),
    (["check"] + clusters + ["--jobs", "65"], ["--jobs 65"]),
    (["check"] + clusters + ["--connect-timeout", "0"], ["--connect-timeout 0"]),
    (["check"] + clusters + ["--statement-timeout=-1"], ["--statement-timeout -1"]),
    (["check"] + clusters + ["--method", "magic"], ["magic", "replication"]),
    (["check"] + clusters + ["--fail-on", "all"], ["all", "blocker"]),
    (["check"] + clusters + ["--color", "red"], ["red", "always"]),
    (["check"] + clusters + ["--log-format", "xml"], ["xml", "json"]),
    (["check"] + clusters + ["-q", "-v"], ["--verbose", "--quiet"]),
    (["check"] + clusters + ["--with-table", "a", "--skip-table", "b"], ["--with-table", "--skip-table"]),
    (["check"] + clusters + ["--with-table", "a.b.c.d"], ["a.b.c.d"]),
    (["check"] + clusters + ["--with-table", "\"a"], ["\"a"]),
    (["check"] + clusters + ["--exclude-database", ","], ["--exclude-database"]),
    (["check"] + clusters + ["-f", "a,b", "--include-database", "b"], ["b", "both"]),
    (["check"] + clusters + ["--accept-undetermined", "no-such-rule"], ["no-such-rule"]),
    (["check"] + clusters + ["--config", "nowhere.yaml"], ["nowhere.yaml"]),
    (["check"] + clusters + ["--template-dir", "/nonexistent"], ["/nonexistent"]),
    (["check", "-s", "host=h port=99999", "-t", "host=h"], ["--source", "port"]),
    (["check", "-s", "host='h", "-t", "host=h"], ["--source", "quote"]),
    (["check", "-s", "host=h colour=red", "-t", "host=h"], ["--source", "colour"]),
    (["check", "-s", "postgres://h/d?colour=red", "-t", "host=h"], ["--source", "colour"]),
    (["check", "-s", "host=h", "-t", "hello"], ["--target", "="]),
  ]

  @Test(arguments: mistakes.indices) func `a mistake is one line and status 64`(index: Int) async throws {
    let (arguments, says) = Self.mistakes[index]
    let output = try await run(arguments: arguments)
    #expect(output.status == .exited(64), "\(arguments)")
    #expect(output.stdout == "", "\(arguments)")
    #expect(output.stderr.hasPrefix("pgpreflight: "), "\(output.stderr)")
    #expect(output.stderr.hasSuffix("\n") && output.stderr.count { $0 == "\n" } == 1, "\(output.stderr)")
    for words in says { #expect(output.stderr.contains(words), "\(arguments): \(output.stderr)") }
  }

  /// Every way to give a connection string wrongly that people have found.
  static let leaks: [[String]] = [
    ["check", "postgres://u:s3cret@h/db"],
    ["postgres://u:s3cret@h/db", "postgres://u:s3cret@h/db2"],
    ["check", "host=h password=s3cret"],
    ["check", "host=h\npassword=s3cret"],
    ["check", "-s", "host=h", "password=s3cret", "-t", "host=h"],
    ["check", "-s", "host=h", "password=abc", "s3cret", "-t", "host=h"],
    ["check", "-s", "host=h password=s3cret word", "-t", "host=h"],
    ["check", "-s", "host=h passwort=s3cret", "-t", "host=h"],
    ["check", "-s", "postgres://u:s3cret%zz@h/db", "-t", "host=h"],
    ["check", "-s", "postgres://u:a@s3cret@h/db", "-t", "host=h"],
    ["check", "-s", "postgres://u:a/s3cret@h/db", "-t", "host=h"],
    ["check", "-s", "postgres://u:1/s3cret@h/db", "-t", "host=h"],
    ["check", "-s", "postgres://u:a", "s3cret@h/db", "-t", "host=h"],
    ["check", "-s", "postgres://u:s3cret@h/db?x=s3cret", "-t", "host=h"],
    ["check", "-s", "postgres://u:s3cret@h/db", "-t", "postgres://u:s3cret@h:x/db"],
    ["check", "-s", "password='s3cret", "-t", "host=h"],
    ["check", "-spostgres://u:s3cret@h/db"],
    ["check", "-spostgres://u:s3cret@h/db?a=b"],
    ["check", "--jobs", "postgres://u:s3cret@h/db"],
    ["check", "--jobs=postgres://u:s3cret@h/db"],
    ["check", "--method=host=h password=s3cret"],
    ["check", "--srouce=postgres://u:s3cret@h/db"],
    ["check", "--srouce", "postgres://u:s3cret@h/db"],
    ["check", "-s", "host=h", "-t", "host=h", "--report", "postgres://u:s3cret@h/db"],
    ["check", "-s", "host=h", "-t", "host=h", "--accept-undetermined=password=s3cret"],
    ["check", "-s", "host=h", "-t", "host=h", "--config", "postgres://u:s3cret@h/db"],
  ]

  @Test(arguments: leaks) func `a mistake with a password in it is not echoed`(arguments: [String]) async throws {
    let output = try await run(arguments: arguments)
    #expect(output.status == .exited(64))
    #expect(output.stdout == "")
    #expect(output.stderr.count { $0 == "\n" } == 1, "\(output.stderr)")
    #expect(!output.stderr.contains("s3cret"), "\(output.stderr)")
  }

  @Test func `a mistake in the environment names the variable, not its value`() async throws {
    let output = try await run(
      arguments: ["check"],
      environment: ["SOURCE_SERVICE_URI": "postgres://u:s3cret@h:x/db", "PGPREFLIGHT_TARGET": "host=h"])
    #expect(output.status == .exited(64))
    #expect(output.stderr.contains("SOURCE_SERVICE_URI"))
    #expect(!output.stderr.contains("s3cret"))
  }

  @Test(arguments: [["--help"], ["-h"], ["check", "--help"], ["help"], ["help", "check"]])
  func `help is on standard output`(arguments: [String]) async throws {
    let output = try await run(arguments: arguments)
    #expect(output.status == .exited(0))
    #expect(output.stderr == "")
    #expect(output.stdout.contains("USAGE: pgpreflight"))
  }

  @Test func `help tells of everything on lines of 80 columns`() async throws {
    let root = try await CommandInterface.ofExecutable().command
    for command in root.subcommands ?? [] where command.commandName != "help" {
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        let text = argument.abstract ?? ""
        #expect(text.hasSuffix(".") || text.hasSuffix(")"), "\(command.commandName): \(argument.names ?? []): \(text)")
      }
      let help = try await run(arguments: [command.commandName, "--help"], environment: ["COLUMNS": "80"]).stdout
      for line in help.split(separator: "\n") { #expect(line.count <= 80, "\(command.commandName): \(line)") }
      for section in ["EXIT STATUS:", "EXAMPLES:", "USAGE: "] {
        #expect(help.contains("\n\(section)"), "\(command.commandName)")
      }
    }
  }

  @Test func `the version is on standard output`() async throws {
    let output = try await run(arguments: ["--version"])
    #expect(output.status == .exited(0))
    #expect(output.stdout.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    #expect(output.stderr == "")
  }
}
