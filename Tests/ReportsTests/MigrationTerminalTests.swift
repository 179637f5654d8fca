import Reports
import Testing

private func terminal(_ name: String, _ style: TerminalStyle, written: [String] = []) -> String {
  terminalSummary(Fixtures.named(name), style: style, written: written)
}

private let unicode = TerminalStyle(color: false, unicode: true)

@Suite struct MigrationInTheTerminal {
  @Test func ofARealRun() {
    #expect(
      terminal("migrated", unicode, written: ["out/report.html", "out/report.json"]) == """
        pgpreflight 0.1.0   shop-prod → pg15-new   PostgreSQL 13.16 → 15.20

          DATABASE  STATUS      TABLES     ROWS      SIZE   TIME        RATE
          archive   – left out       –        –         –      –           –
            no method is left: extensions-available
          billing   ✖ failed         1        2  63 bytes  5.2 s  17 bytes/s
            copying into public.invoice in database billing of the target: new row for
            relation "invoice" violates check constraint "known_rate" (SQLSTATE 23514);
            Failing row contains (1, A).
          shop      ✔ done          14  723,000   52.3 MB  6.7 s   15.4 MB/s
            counts equal in 14 tables

        → Remove the cause, then run the same command with --resume: what is finished
          stays finished

        ▲ role report: without its setting operator_precedence_warning: unrecognized
          configuration parameter "operator_precedence_warning" (SQLSTATE 42704)
        ▲ 3 roles have a random password, to be found in the file of --role-passwords:
          app, migrator, report

        ▲ The check before it: 7 blockers, 3 warnings (-v lists them)

        FAILED  1 done  1 failed  1 left out  15 tables  723,002 rows  52.3 MB
        Reports: out/report.html  out/report.json                                  7.8 s

        """)
  }

  @Test func ofOneThatWasInterrupted() {
    #expect(
      terminal("migration-interrupted", TerminalStyle(color: false, unicode: false), written: ["report.json"]) == """
        pgpreflight 1.0.0   old -> new   PostgreSQL 15.18 -> 15.18

          DATABASE  STATUS         TABLES       ROWS    SIZE        TIME       RATE
          mail      + done             12  1,204,000  940 MB  1 min 14 s  15.7 MB/s
            not verified
          shop      ? interrupted      12  1,204,000  940 MB       2.1 s          -
            interrupted; --resume goes on with it
          wiki      ? interrupted       -          -       -           -          -
            interrupted before it was begun

        -> Run the same command with --resume: what is finished stays finished

        INTERRUPTED  1 done  2 interrupted  24 tables  2,408,000 rows  1.9 GB
        Reports: report.json                                                      33.2 s

        """)
  }

  @Test func colorsOnlyWhatCounts() {
    let text = terminal("migrated", TerminalStyle(color: true, unicode: true))
    #expect(text.contains("\u{1B}[31mFAILED\u{1B}[0m"))
    #expect(text.contains("\u{1B}[31m✖\u{1B}[0m failed"))
    #expect(text.contains("\u{1B}[32m✔\u{1B}[0m done"))
    #expect(text.replacing(/\u{1B}\[\d+m/, with: "") == terminal("migrated", unicode))
    let done = terminal("migrated-all", TerminalStyle(color: true, unicode: true))
    #expect(done.contains("\u{1B}[32mMIGRATED\u{1B}[0m  2 done"))
    #expect(done.contains("contents equal in 12 tables"))
  }

  @Test func whatAnEarlierRunDidIsNotCalledUnverified() throws {
    let text = terminal("migration-resumed", unicode)
    #expect(text.contains("    done by an earlier run\n"))
    #expect(text.contains("    counts equal in 12 tables\n"))
    #expect(!text.contains("not verified"))
    let page = try reading("migration-resumed")
    #expect(page.words.contains("equal counts in all that was compared: 12 tables."))
    #expect(page.words.contains("Done by an earlier run"))
    #expect(!page.words.contains("Not verified"))
    #expect(try render("junit", Fixtures.migrationResumed).contains("\ndone by an earlier run\n"))
  }

  @Test func staysShortWithManyDatabases() {
    let text = terminal("migration-many", unicode)
    #expect(text.contains("196 more databases; all in all: 196 done, 4 failed (-v lists them)"))
    #expect(text.contains("app_18 and 22 more"))
    #expect(text.split(separator: "\n").count < 30)
  }

  @Test func tellsTheCheckWhenAsked() {
    let text = terminal("migrated", TerminalStyle(color: false, unicode: true, verbose: true))
    #expect(text.contains("ALTER ROLE migrator REPLICATION;"))
    #expect(!text.contains("(-v"))
  }
}
