import Assessment
import Markup
import Reports
import Testing

@Suite struct MigrationInHTML {
  @Test func saysHowItEnded() throws {
    for (name, word, icon) in [
      ("migrated", "Failed", "blocked"), ("migrated-all", "Migrated", "ready"),
      ("migration-interrupted", "Interrupted", "undecided"), ("replicating", "Replicating", "ready"),
      ("replicating-in-part", "Replicating", "ready"), ("migration-incomplete", "Incomplete", "blocked"),
    ] {
      let page = try reading(name)
      let title = try #require(page.descendants.first { $0.name == "title" })
      #expect(title.words.hasPrefix("\(word): "))
      #expect(try page.first(where: "id", is: "verdict-title").words == word)
      let verdict = try page.first(where: "id", is: "verdict")
      #expect(verdict.has(class: icon))
      #expect(verdict["data-verdict"] == Fixtures.named(name).verdict.rawValue)
      #expect(try page.first(where: "id", is: "migration")["data-migration"] != nil)
      #expect(page.words.contains("after a migration"))
    }
  }

  @Test func theReportOfACheckHasNothingOfIt() throws {
    let page = try reading("typical")
    for element in page.all(having: "id") { #expect(element["id"]?.hasPrefix("migration") == false) }
    #expect(page.all(where: "href", is: "#migration").isEmpty)
    #expect(try page.first(where: "id", is: "verdict-title").words == "Blocked")
    #expect(page.words.contains("Plan as it stands"))
    #expect(page.words.contains("from a read-only inspection"))
  }

  @Test func standsRightAfterTheVerdict() throws {
    let page = try reading("migrated")
    let parts = page.descendants.filter { $0.name == "section" }.map { $0["id"] ?? "" }
    #expect(parts.prefix(3) == ["verdict", "migration", "plan"])
    let links = try page.first(where: "aria-label", is: "Contents").descendants.compactMap { $0["href"] }
    #expect(links.prefix(3) == ["#verdict", "#migration", "#plan"])
  }

  @Test func tellsOfEachDatabase() throws {
    let part = try reading("migrated").first(where: "id", is: "migration")
    let shop = try part.first(where: "data-database", is: "shop")
    #expect(shop["id"] == "migration.shop")
    #expect(shop["data-status"] == "done")
    for words in ["dump and restore", "Done", "14", "723,000", "52.3 MB", "Counts equal in 14 tables"] {
      #expect(shop.words.contains(words), "\(words)")
    }
    let billing = try part.first(where: "data-database", is: "billing")
    #expect(billing.words.contains("violates check constraint \"known_rate\" (SQLSTATE 23514)"))
    #expect(billing.children[0].has(class: "blocked"))
    let archive = try part.first(where: "data-database", is: "archive")
    #expect(archive.words.contains("Left out"))
    #expect(archive.words.contains("no method is left: extensions-available."))
  }

  @Test func drawsThePhases() throws {
    let part = try reading("migrated").first(where: "id", is: "migration-phases")
    let figures = part.descendants.filter { $0.name == "figure" }
    // What was left out has none.
    #expect(figures.count == 2)
    let bar = try #require(figures[1].descendants.first { $0["role"] == "img" })
    #expect(bar["aria-label"]?.hasPrefix("Phases of shop: snapshot 0.1 s, dump of the schema ") == true)
    let phases = Fixtures.migrated.migration?.databases[2].phases ?? []
    #expect(bar.children.count == phases.count + 1)
    #expect(figures[1].descendants.filter { $0.name == "li" }.count == phases.count)
    let ends = bar.children.dropFirst().map { (Double($0["x"] ?? "") ?? 0) + (Double($0["width"] ?? "") ?? 0) }
    #expect(ends == ends.sorted())
    #expect(ends.allSatisfy { $0 <= 1000 })
  }

  @Test func listsDifferencesAndRoles() throws {
    let page = try reading("migration-hostile")
    let differences = try page.first(where: "id", is: "migration-differences")
    #expect(differences.words.contains("314, in 15 databases"))
    #expect(differences.words.contains("and 114 more in report.json"))
    #expect(try page.first(where: "id", is: "migration-roles").words.contains("15 failed"))
    let roles = try reading("migrated").first(where: "id", is: "migration-roles").words
    #expect(roles.contains("3 created · 2 exist"))
    #expect(roles.contains("It has a random password"))
    #expect(roles.contains("Without its setting operator_precedence_warning"))
    #expect(try reading("migrated-all").all(where: "id", is: "migration-differences").isEmpty)
  }

  @Test func namesAreText() throws {
    let part = try reading("migration-hostile").first(where: "id", is: "migration")
    for name in Fixtures.hostileNames {
      let row = try part.first(where: "data-database", is: visible(name))
      #expect(row.words.hasPrefix(squashed(visible(name))))
      #expect(row.words.contains(squashed(visible("because of \(name)"))))
    }
  }

  @Test func saysWhatToDoNext() throws {
    func next(_ name: String) throws -> String { try reading(name).first(where: "id", is: "next").words }
    let failed = try next("migrated")
    #expect(failed.contains("billing: copying into public.invoice"))
    #expect(failed.contains("run the same command with --resume: what is finished stays finished."))
    #expect(failed.contains("archive: Left out."))
    #expect(failed.contains("1 role lacks something."))
    #expect(failed.contains("3 roles have a random password"))
    let done = try next("migrated-all")
    #expect(
      done.hasSuffix(
        "Point the applications to the target. What was written to the source since 14 September 2026, 07:43 UTC is "
          + "not there."))
    #expect(!done.contains("--resume"))
    #expect(try next("migration-many").contains("Two more failed: see the migration."))
    // Where nothing was begun there is nothing to be resumed.
    #expect(try next("migration-hostile").contains("run the same command again"))
  }

  @Test func aReplicationIsNotOverBeforeItsCutover() throws {
    let page = try reading("replicating")
    let verdict = try page.first(where: "id", is: "verdict").words
    #expect(
      verdict.contains(
        "Both databases are replicated: the copy has 24 tables, 2,408,000 rows, 1.9 GB, and what is written to the "
          + "source follows."))
    let next = try page.first(where: "id", is: "next").words
    #expect(next.contains("mail and shop: Leave the applications on the source"))
    #expect(next.contains("mail and shop: Switch over with pgpreflight cutover"))
    #expect(!next.contains("Point the applications"))
    // Neighbours in the drawing can be told apart.
    let bar = try #require(page.descendants.first { $0["aria-label"]?.hasPrefix("Phases of mail") == true })
    let shades = bar.children.dropFirst().map { $0["class"] }
    #expect(zip(shades, shades.dropFirst()).allSatisfy { $0 != $1 })

    let both = try reading("replicating-in-part").first(where: "id", is: "verdict").words
    #expect(both.contains("Database mail was migrated: "))
    #expect(both.contains("Database shop is replicated: "))
    #expect(both.contains("mail: Point the applications to the target."))
    #expect(both.contains("shop: Switch over with pgpreflight cutover"))
  }

  @Test func anExitStatusIsThatOfTheMigration() throws {
    var report = Fixtures.readyByDump
    report.migration = Fixtures.migratedAll.migration
    let page = try reading(of: report)
    #expect(!page.words.contains("exit status 0"))
    #expect(
      !terminalSummary(report, style: TerminalStyle(color: false, unicode: true), written: []).contains("exit status 0")
    )
  }
}
