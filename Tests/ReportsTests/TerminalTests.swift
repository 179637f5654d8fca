import Markup
import Reports
import Testing

@testable import Assessment

private let unicode = TerminalStyle(color: false, unicode: true)
private let ascii = TerminalStyle(color: false, unicode: false)

private func summary(_ name: String, _ style: TerminalStyle = unicode, written: [String] = []) -> String {
  terminalSummary(Fixtures.named(name), style: style, written: written)
}

@Suite struct Terminal {
  @Test func typical() {
    #expect(
      summary("typical", written: ["out/report.html", "out/report.junit.xml", "out/report.json"]) == """
        pgpreflight 1.0.0   shop-prod → pg16-cutover   PostgreSQL 12.22 → 16.10

          DATABASE        SIZE  REPLICATION  DUMP         PLAN
          analytics     214 GB  ✖ blocked    ✔ ready      dump
          billing      96.4 GB  ✖ blocked    ✖ blocked    –  no method is left
          catalog      38.6 GB  ✔ ready      ✔ ready      replicate
          legacy-crm    5.9 GB  ? undecided  ✔ ready      dump
          orders        412 GB  ▲ ready      ▲ ready      replicate
          sessions      1.7 GB  ✔ ready      ✔ ready      replicate  (1 waived)

        ✖ billing: 1 of 3 extensions is not available on the target extensions-available
            extension pg_partman: pg_partman 4.7.4 is used here; the target does not
            offer it.
            → apt-get install postgresql-16-partman
              pgpreflight check  (in a shell)
        ✖ billing: 3 of 72 tables have no replica identity; UPDATE and DELETE on them
          would fail once published                                     replica-identity
            public.dunning_log, public.invoice_event, tax.rate_import
            → ALTER TABLE public.dunning_log REPLICA IDENTITY FULL;  (-v: 2 more)
        ✖ analytics: 62,114 large objects; replication does not copy them  large-objects
            nothing to do: it is dumped
        ? legacy-crm: Counting large objects ran into the statement timeout (30 s)
                                                                           large-objects
            pg_largeobject_metadata: canceling statement due to statement timeout
            → pgpreflight check --include-database legacy-crm --statement-timeout 300
              (in a shell)
        ? 1 more undetermined: collation-version  (-v lists them)
        ▲ orders: 1 of 118 indexes is invalid                            invalid-indexes
        ▲ 4 more warnings: connection-tls, source-version-supported, role-passwords,
          long-transactions  (-v lists them)

        BLOCKED  3 blockers  5 warnings  2 undetermined  1 waived  4 skipped  42 passed
        Reports: out/report.html  out/report.junit.xml  out/report.json           33.2 s

        """)
  }

  @Test(arguments: Fixtures.all.map(\.name))
  func sendsNothingToBeObeyed(name: String) {
    for style in [unicode, ascii, TerminalStyle(color: false, unicode: true, verbose: true)] {
      let text = summary(name, style)
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value) })
      #expect(text.replacing("\n", with: " ") == visible(text.replacing("\n", with: " ")))
    }
    let isASCII = summary(name, ascii).utf8.allSatisfy { $0 < 0x80 }
    #expect(isASCII)
  }

  @Test(arguments: Fixtures.all.map(\.name).filter { !$0.hasSuffix("hostile") }, [60, 80, 120])
  func fitsTheWidth(name: String, width: Int) {
    for line in summary(name, TerminalStyle(color: false, unicode: true, width: width)).split(separator: "\n") {
      // What is to be pasted stays whole.
      #expect(line.count <= width || line.contains("→ ") || line.contains("    ✔") || width < 80, "\(line)")
    }
  }

  @Test func progressStaysOnOneLine() {
    let parts = ["1 of 12 done", "\"two\nlines \u{1B}[2J\": copying", "about 0:01:00 left", "2.1 MB of 3 GB"]
    #expect(
      TerminalStyle(color: false, unicode: true, width: 120).line(of: parts).hasPrefix(
        #"1 of 12 done   "two\nlines \x1B[2J": copying   about"#))
    #expect(
      TerminalStyle(color: false, unicode: true, width: 60).line(of: parts)
        == #"1 of 12 done   "two\nlines \x1B[2J": copying"#)
    #expect(TerminalStyle(color: false, unicode: true, width: 43).line(of: parts) == "1 of 12 done")
    let name = String(repeating: "W", count: 63)
    #expect(TerminalStyle(color: false, unicode: true, width: 40).line(of: [name]).count == 39)
  }

  @Test func linesHangBelowTheirFirst() {
    #expect(
      TerminalStyle(color: false, unicode: false, width: 40).lines(
        of: "  shop: waiting until the last write … is applied", indent: 2)
        == ["  shop: waiting until the last write", "    ... is applied"])
  }

  @Test func colorsOnlyWhatCounts() {
    let text = summary("typical", TerminalStyle(color: true, unicode: true))
    #expect(text.contains("\u{1B}[31mBLOCKED\u{1B}[0m"))
    #expect(text.contains("\u{1B}[31m✖\u{1B}[0m \u{1B}[1mbilling\u{1B}[0m: 1 of 3"))
    #expect(text.replacing(/\u{1B}\[\d+m/, with: "") == summary("typical"))
  }

  @Test func usesSignsThatEveryTerminalHas() {
    let text = summary("typical", ascii)
    #expect(text.contains("  billing      96.4 GB  X blocked    X blocked    -  no method is left\n"))
    #expect(text.contains("    -> ALTER TABLE public.dunning_log"))
  }

  @Test func tellsEverythingWhenAsked() {
    let text = summary("typical", TerminalStyle(color: false, unicode: true, verbose: true))
    for words in [
      "ALTER TABLE tax.rate_import REPLICA IDENTITY USING INDEX rate_import_region_day_key;", "sslmode: require",
      "waived by platform-dba until 2026-10-31", "No limit was given", "Connected as migrator; 41 ms round trip",
    ] {
      #expect(text.contains(words), "\(words)")
    }
    #expect(!text.contains("(-v"))
  }

  @Test func saysWhatManyDatabasesShareOnce() {
    let text = summary("many-databases")
    #expect(text.contains("✖ 20 databases: 1 of 3 extensions is not available on the target"))
    #expect(text.contains("180 more databases; all in all: 180 replicated, 20 left behind (-v lists them)"))
    #expect(text.split(separator: "\n").count < 40)
    #expect(
      summary("folded").contains(
        """
        ▲ 5 databases: 100 tables are unlogged                           unlogged-tables
            tenant_1, tenant_2, tenant_3, tenant_4, tenant_5
        """))
  }

  @Test func explainsAnExitStatusThatSurprises() {
    let text = summary("ready-by-dump")
    #expect(
      text.contains(
        """
        Replication is ruled out for 2 databases; they go by dump. --method dump accepts
        that: exit status 0.

        READY, WITH WARNINGS  1 blocker  1 warning  3 passed
        """))
  }

  @Test func whereNothingIsKnown() {
    let text = summary("source-unreachable")
    #expect(text.contains("PostgreSQL ? → 15.18"))
    #expect(text.contains("? 10 results: the source could not be reached: connection refused\n"))
    #expect(!text.contains("DATABASE"))
  }
}
