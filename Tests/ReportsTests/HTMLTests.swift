import Assessment
import Foundation
import Markup
import Reports
import Testing

/// Without the whole page in the message of a failure.
private func expect(_ text: String?, in body: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let words = squashed(visible(text ?? ""))
  let isThere = words.isEmpty || body.contains(words)
  #expect(isThere, "not on the page: \(words)", sourceLocation: sourceLocation)
}

@Suite struct HTML {
  @Test(arguments: Fixtures.all.map(\.name))
  func tellsAllOfAReport(name: String) throws {
    let report = Fixtures.named(name)
    let page = try reading(name)
    let body = page.words
    #expect(try page.first(where: "id", is: "verdict")["data-verdict"] == report.verdict.rawValue)

    struct Key: Hashable { var rule: String?, database: String?, outcome: String? }
    let told = Set(
      page.all(having: "data-outcome").map {
        Key(rule: $0["data-rule"], database: $0["data-database"], outcome: $0["data-outcome"])
      })
    var number = 0
    for outcome in report.outcomes {
      let key = Key(
        rule: outcome.rule, database: outcome.database.map { visible($0) }, outcome: outcome.outcome.rawValue)
      #expect(told.contains(key), "\(key)")
      expect(outcome.message, in: body)
      for finding in outcome.findings {
        number += 1
        // Of thousands, some: each search reads the whole page.
        if number > 500, number % 499 != 0 { continue }
        for text in [finding.object, finding.message, finding.remediation?.text, finding.remediation?.sql] {
          expect(text, in: body)
        }
      }
    }
    #expect(told.count == report.outcomes.count)
  }

  @Test(arguments: Fixtures.all.map(\.name))
  func isSoundMarkup(name: String) throws {
    let page = try reading(name)
    var ids: Set<String> = []
    for element in page.all(having: "id") {
      #expect(ids.insert(element["id"] ?? "").inserted, "\(element["id"] ?? "") twice")
    }
    let links = Set(page.all(having: "href").compactMap { $0["href"] })
    for target in links {
      #expect(
        target.hasPrefix("https://") || target.hasPrefix("data:") || ids.contains(String(target.dropFirst())),
        "\(target)")
    }
    for finding in page.descendants.filter({ $0.has(class: "finding") }) {
      let id = try #require(finding["id"])
      #expect(links.contains("#\(id)"))
    }
    for attribute in ["data-slot", "data-each", "data-card", "data-part", "data-contents", "src", "onerror", "onclick"]
    {
      #expect(page.all(having: attribute).isEmpty, "\(attribute) is left")
    }
    #expect(!page.descendants.contains { ["script", "img", "iframe"].contains($0.name) })
  }

  @Test func namesAreText() throws {
    let page = try reading("hostile")
    let plan = try page.first(where: "id", is: "plan")
    for name in Fixtures.hostileNames {
      let row = try plan.first(where: "data-database", is: visible(name))
      #expect(row.children[0].words.hasPrefix(squashed(visible(name))))
    }
    // None of them is in the style.
    let style = try #require(page.descendants.first { $0.name == "style" })
    #expect(!style.text.contains("alert"))
    #expect(!style.text.contains { "<>&".contains($0) })
  }

  @Test func idsLastFromRunToRun() throws {
    let page = try reading("typical")
    for id in [
      "extensions-available.billing", "extensions-available.billing.extension~20pg_partman", "replica-identity.billing",
      "replica-identity.billing.table~20public~2Edunning_log", "checked-connection", "connection-source", "roles",
      "unlogged-tables.sessions.table~20public~2Eweb_session",
    ] {
      #expect(!page.all(where: "id", is: id).isEmpty, "\(id)")
    }
    // Two objects of one name.
    let hostile = try reading("hostile")
    #expect(!hostile.all(where: "id", is: "extensions-available.A~2EB.extension~20A~2EB.2").isEmpty)
  }

  @Test func foldsWhatIsNotKnownForOneReason() throws {
    let page = try reading("target-unreachable")
    let part = try page.first(where: "id", is: "undetermined")
    let cards = part.descendants.filter { $0.name == "article" }
    #expect(cards.count == 1)
    expect("14 results of 12 rules, all for this reason", in: cards[0].words)
    expect("extensions-availableTitle of extensions-availablemail, shop", in: cards[0].words)
    expect("14 results wait for it", in: try page.first(where: "id", is: "next").words)
  }

  @Test func tellsTheEndOfALongListInBrief() throws {
    let page = try reading("huge")
    #expect(page.descendants.filter { $0.has(class: "finding") }.count == 200)
    expect("9,800 more, in brief", in: page.words)
    expect("table public.t10000: has no replica identity (rows: 10000, size: 10000 kB)", in: page.words)
    // All in one place, to be pasted at once; it is not printed.
    let paste = page.descendants.filter { $0.has(class: "sql") && $0.words.contains("public.t200 ") }
    #expect(paste.count == 1)
    #expect(paste[0].has(class: "long"))
    expect("ALTER TABLE public.t10000 REPLICA IDENTITY FULL;", in: paste[0].words)
  }

  @Test func staysReadableWithTenThousandFindingsInManyDatabases() throws {
    let page = try reading("huge-many")
    // Neither the browser nor the reader gets a dozen elements for each.
    #expect(Array(page.descendants).count < 15_000)
    let group = try #require(page.descendants.first { $0.has(class: "rule") })
    expect("in 100 databases", in: group.words)
    let told = group.children.filter { $0["data-database"] != nil }
    #expect(told.count == 100)
    // The first databases have rows with links, the last ones lines.
    #expect(told[0].name == "article")
    #expect(told[99].name == "pre")
    expect("Database tenant_100: 100 tables are unlogged. table public.t1: is unlogged", in: told[99].words)
    expect("Fix: Make them logged. ALTER TABLE public.t1 SET LOGGED;", in: told[99].words)
    // Where a report would be cut, it says so.
    let cut = try parsed(html: try render("html", Fixtures.hugeNotices))
    expect("and 4,800 more in report.json", in: cut.words)
  }

  @Test func foldsARuleThatFailsInManyDatabases() throws {
    let part = try reading("folded").first(where: "id", is: "warnings")
    let group = try #require(part.descendants.first { $0.has(class: "rule") })
    #expect(group.name == "details")
    #expect(group["open"] == nil)
    let summary = try #require(group.children.first { $0.name == "summary" })
    expect("unlogged-tables", in: summary.words)
    expect("in 5 databases: tenant_1, tenant_2, tenant_3 and 2 more", in: summary.words)
    let cards = group.children.filter { $0.name == "article" }
    #expect(cards.map { $0["data-database"] } == (1...5).map { "tenant_\($0)" })
    // Ten are seen at once; the others are there too.
    let tables = cards[0].descendants.filter { $0.name == "table" }
    #expect(tables.map { $0.descendants.filter { $0.has(class: "finding") }.count } == [10, 90])
    let rest = try #require(cards[0].children.first { $0.name == "details" })
    #expect(rest.children[0].words == "90 more")
    // A few databases stand side by side.
    #expect(!(try reading("typical").descendants.contains { $0.has(class: "rule") }))
  }

  @Test func saysHowLongItTakesOnTheFirstScreen() throws {
    func times(_ name: String) throws -> String? {
      try reading(name).first(where: "id", is: "verdict").descendants.first { $0.has(class: "times") }?.words
    }
    let dumped = try times("ready-by-dump") ?? ""
    expect("Copy56 min to 10 h 672 GB, at 20.0 MB/s to 200 MB/s", in: dumped)
    expect("Writes to mail and shop stopfor the whole copy", in: dumped)
    expect("Writes to app stopat the cutover only", in: try times("small") ?? "")
    // Where nothing crosses, nothing takes time; after a migration, its own part tells.
    for name in ["target-unreachable", "empty", "migrated"] { #expect(try times(name) == nil, "\(name)") }
  }

  @Test func saysWhatIsDoneAtTheCutover() throws {
    let page = try reading("cutover")
    let box = try page.first(where: "id", is: "cutover")
    let rows = box.descendants.filter { $0.name == "tr" }.dropFirst()
    #expect(rows.count == 2)
    for (row, name) in zip(rows, ["orders", Fixtures.hostileNames[0]]) {
      expect(name, in: row.words)
      for words in [
        "blocking writes up to 1 s, catching up up to 1 s, copy during cutover 8 s to 29 s, verification",
        "public.\"<b>\": it is unlogged, 1.4 GB", "public.log: it has no replica identity, 0 bytes",
        "25 large objects, 3.0 MB", "public.a: replica identity FULL",
        "public.b: replica identity USING INDEX \"B x\"",
      ] {
        expect(words, in: row.words)
      }
    }
    let range = try #require(box.words.firstMatch(of: /writes stop for ([0-9].*?) each/)).output.1
    // Beside the plan of each database, too.
    let plan = try page.first(where: "data-database", is: "orders").words
    expect("nothing blocks itwrites stop for \(range)", in: plan)
    // One of them is not known of, so that the first screen does not tell of all.
    expect("Writes to 3 databases stopat the cutover only", in: try page.first(where: "id", is: "verdict").words)
    var report = Fixtures.cutover
    report.plan.databases.removeLast()
    expect("\(range) each, at its cutover", in: try reading(of: report).first(where: "id", is: "verdict").words)
    #expect(try reading("typical").all(where: "id", is: "cutover").isEmpty)
  }

  @Test func saysWhatIsAcceptedWithoutBeingKnown() throws {
    let page = try reading("accepted")
    let who = "O'Neil <ops>@bastion"
    expect("1 accepted by \(who)", in: try page.first(where: "id", is: "verdict").words)
    let card = try page.first(where: "id", is: "target-disk-space").words
    expect("Undetermined, accepted", in: card)
    expect("by \(who).", in: card)
    expect(
      "Accepted without being known: target-disk-space by \(who).",
      in: try page.first(where: "id", is: "record").words)
    #expect(!(try reading("undecided").words.contains("accepted by")))
  }

  @Test func leavesEmptyPartsOutWithTheirLinks() throws {
    let page = try reading("empty")
    for part in ["plan", "blockers", "warnings", "undetermined", "waived", "capacity"] {
      #expect(page.all(where: "id", is: part).isEmpty)
      #expect(page.all(where: "href", is: "#\(part)").isEmpty)
    }
    expect("There is no database to migrate.", in: page.words)
  }

  @Test func saysWhatWasNoticed() throws {
    let page = try reading("ready")
    let notice = try page.first(where: "id", is: "connection-source.source~20connection")
    #expect(notice["data-outcome"] == "passed")
    #expect(notice.words.contains("the certificate is not verified"))
  }

  @Test func explainsAnExitStatusThatSurprises() throws {
    let page = try reading("ready-by-dump")
    expect(
      "Replication is ruled out for 2 databases; they go by dump. --method dump accepts that: exit status 0.",
      in: page.words)
  }

  @Test func onlyDigitsAndTheRunReachTheStyle() throws {
    var report = Fixtures.small
    report.run.id = "\"; } body { display: none"
    report.tool.version = "1</style>"
    let style = try #require(try reading(of: report).descendants.first { $0.name == "style" }).text
    let footer = style.contains("content: \"pgpreflight 1style · run   bod · 2026-09-14T07:42:18Z\";")
    #expect(footer)
    #expect(!style.contains { "<>&".contains($0) })
  }

  /// A rule for each database that every row has to be matched against made a browser stand still for minutes.
  @Test func aRuleOfTheFilterIsMatchedAgainstItsOwnRowsOnly() throws {
    let style = try #require(try reading("folded").descendants.first { $0.name == "style" }).text
    let rules = style.split(separator: "\n").filter { $0.contains(/:has\(#db-\d+:checked\)/) && $0.contains("data-s=") }
    #expect(rules.count == 6)
    for (number, rule) in rules.enumerated() {
      #expect(
        rule == ".filter:has(#db-\(number):checked) ~ .group tr[data-s='\(number)'] { display: var(--row); }")
    }
    #expect(!style.contains("\nbody:has"))
  }
}
