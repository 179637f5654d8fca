import Assessment
import Catalog
import Rules
import Testing

@testable import Reports

@Suite struct PasteableSQL {
  static let written: [(sql: String, unicode: String, ascii: String)] = [
    (#"DROP TABLE "Müller";"#, #"DROP TABLE "Müller";"#, #"DROP TABLE U&"M\00FCller";"#),
    (
      "DROP TABLE \"two\nlines\tof \\ \"\"it\"\"\";", #"DROP TABLE U&"two\000Alines\0009of \\ ""it""";"#,
      #"DROP TABLE U&"two\000Alines\0009of \\ ""it""";"#
    ),
    (
      "ALTER ROLE a SET b = 'one\ntwo'';';", #"ALTER ROLE a SET b = E'one\u000Atwo'';';"#,
      #"ALTER ROLE a SET b = E'one\u000Atwo'';';"#
    ),
    (
      "SELECT E'back\\\\slash\n🐘';", #"SELECT E'back\\slash\u000A🐘';"#,
      #"SELECT E'back\\slash\u000A\U0001F418';"#
    ),
    ("DROP ROLE \"🐘\u{202E}\";", #"DROP ROLE U&"🐘\202E";"#, #"DROP ROLE U&"\+01F418\202E";"#),
    (#"DROP ROLE "100% <script>";"#, #"DROP ROLE "100% <script>";"#, #"DROP ROLE "100% <script>";"#),
  ]

  @Test(arguments: written.indices)
  func staysOnOneLineAndMeansTheSame(index: Int) {
    let (sql, unicode, ascii) = Self.written[index]
    #expect(pasteableLines(of: sql, unicode: true) == [unicode])
    #expect(pasteableLines(of: sql, unicode: false) == [ascii])
  }

  @Test func endsLinesOutsideOfQuotes() {
    #expect(pasteableLines(of: "A \"a\nb\";\n\nB 'c';\n", unicode: true) == [#"A U&"a\000Ab";"#, "B 'c';"])
    #expect(pasteableLines(of: "never \"closed\n;", unicode: true) == [#"never U&"closed\000A;""#])
  }

  private func summary(of sql: String, at place: Remediation.Place, findings: Int = 1) -> String {
    let finding = Finding(
      "table x", "is in the way", evidence: [:], remediation: Remediation("Do it.", paste: sql, at: place))
    let report = Fixtures.report(
      .blocked,
      outcomes: [
        Fixtures.outcome(
          "wal-level-logical", .failed, in: "shop", "It is so.", findings: Array(repeating: finding, count: findings))
      ], databases: [Fixtures.plan("shop", nil, replication: .blocked, dump: .blocked)])
    return terminalSummary(report, style: TerminalStyle(color: false, unicode: true), written: [])
  }

  @Test func whatBelongsTogetherIsShownWhole() {
    #expect(
      summary(of: "ALTER SYSTEM RESET a;\nSELECT pg_reload_conf();", at: .source).contains(
        """
            → ALTER SYSTEM RESET a;
              SELECT pg_reload_conf();  (on the source)

        """))
    #expect(
      summary(of: "# pg_hba.conf\nhostssl  all  me  ADDRESS/32  scram-sha-256", at: .setting, findings: 3).contains(
        """
            → # pg_hba.conf
              hostssl  all  me  ADDRESS/32  scram-sha-256  (-v: 2 more)

        """))
  }

  @Test func whatIsLongIsBegun() {
    let sql = (1...9).map { "DROP TABLE t\($0);" }.joined(separator: "\n")
    let text = summary(of: sql, at: .target, findings: 2)
    #expect(text.contains("    → DROP TABLE t1;  (-v: 9 more)\n"), "\(text)")
    #expect(!text.contains("t2"))
  }
}
