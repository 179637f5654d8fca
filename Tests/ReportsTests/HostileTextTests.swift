import Assessment
import CLibxml2
import Foundation
import Markup
import TestSupport
import Testing

@testable import Reports

/// Every text of a report is a stranger's: one from a server, or one that somebody has edited.
@Suite struct HostileTextTests {
  static let reports: [Report] = ["typical", "migrated", "accepted"].flatMap { name in
    HostileReport.texts.map { edited(Fixtures.named(name), $0) }
  }

  static func edited(_ report: Report, _ text: String) -> Report {
    do {
      let json = try JSONEncoder().encode(report)
      return try Report(json: HostileReport.edited(json, text) { (try? Report(json: $0)) != nil })
    } catch {
      Issue.record(error)
      return report
    }
  }

  private func expectHarmless(_ text: String, _ format: String, own: [String] = []) {
    #expect(HostileReport.acting(in: text).prefix(3) == [], "\(format)")
    #expect(HostileReport.commands(in: text, own: own).prefix(3) == [], "\(format)")
  }

  /// Markdown without fences and spans of code, in which nothing is a mark.
  private func withoutCode(_ text: String) -> String {
    var lines: [Substring] = []
    var fence: Substring?
    for line in text.split(separator: "\n") {
      let words = line.drop { $0 == " " }
      let mark = words.prefix { $0 == "`" }
      if let open = fence {
        if words == open { fence = nil }
      } else if mark.count >= 3, !words.dropFirst(mark.count).contains("`") {
        fence = mark
      } else {
        lines.append(line)
      }
    }
    var prose = ""
    var rest = lines.joined(separator: "\n")[...]
    while let tick = rest.firstIndex(of: "`") {
      prose += rest[..<tick]
      let mark = rest[tick...].prefix { $0 == "`" }
      rest = rest[mark.endIndex...]
      guard prose.last != "\\" else { continue }
      // The end is a run of as many.
      while let next = rest.firstIndex(of: "`") {
        let run = rest[next...].prefix { $0 == "`" }
        rest = rest[run.endIndex...]
        if run.count == mark.count { break }
      }
    }
    return prose + rest
  }

  private func links(on page: Element) -> [String] {
    page.descendants.flatMap { element in ["href", "src", "action"].compactMap { element[$0] } }
  }

  @Test func `what every text of a report becomes is in the reports that are tested`() throws {
    let report = Self.reports[0]
    #expect(
      report.outcomes.allSatisfy { $0.message.hasPrefix(HostileReport.text) && $0.rule.hasPrefix(HostileReport.text) })
    #expect(report.run.arguments.allSatisfy { $0.hasPrefix(HostileReport.text) })
    #expect(
      report.outcomes.flatMap(\.findings).contains { $0.evidence.keys.contains { $0.hasPrefix(HostileReport.text) } })
    #expect(report.plan.databases.allSatisfy { $0.name.hasPrefix(HostileReport.text) })
  }

  @Test(arguments: reports.indices) func `pages`(index: Int) throws {
    let report = Self.reports[index]
    let comparison = ReportComparison(old: Fixtures.named("typical"), new: report)
    let pages = [
      try render("html", report), try ComparisonReporter.html(templates: Templates()).render(comparison),
    ]
    for html in pages {
      expectHarmless(html, "html")
      let page = try parsed(html: html)
      #expect(page.descendants.allSatisfy { $0.name != "script" })
      #expect(page.descendants.allSatisfy { $0["onclick"] == nil })
      #expect(links(on: page).allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("https://") || $0.hasPrefix("data:") })
    }
  }

  @Test(arguments: reports.indices) func `JUnit`(index: Int) throws {
    let xml = try render("junit", Self.reports[index])
    expectHarmless(xml, "junit")
    let document = xmlReadMemory(
      xml, Int32(xml.utf8.count), nil, "UTF-8", Int32(XML_PARSE_NOERROR.rawValue | XML_PARSE_HUGE.rawValue))
    #expect(document != nil)
    xmlFreeDoc(document)
  }

  @Test(arguments: reports.indices) func `JSON and SARIF`(index: Int) throws {
    let report = Self.reports[index]
    let json = try render("json", report)
    expectHarmless(json, "json")
    // JSON has the texts as they are.
    #expect(try Report(json: json.utf8) == report)
    let sarif = try render("sarif", report)
    #expect(HostileReport.acting(in: sarif) == [])
    let log = try #require(JSONSerialization.jsonObject(with: Data(sarif.utf8)) as? [String: Any])
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    for rule in try #require(driver["rules"] as? [[String: Any]]) {
      let link = rule["helpUri"] as? String
      #expect(link.map { $0.hasPrefix("https://") && HostileReport.acting(in: $0).isEmpty } ?? true)
    }
    let comparison = ReportComparison(old: Fixtures.named("typical"), new: report)
    let changes = try ComparisonReporter.json.render(comparison)
    #expect(HostileReport.acting(in: changes) == [])
    #expect(try JSONDecoder().decode(ReportComparison.self, from: Data(changes.utf8)) == comparison)
  }

  @Test(arguments: reports.indices) func `Markdown and annotations`(index: Int) throws {
    let report = Self.reports[index]
    let comparison = ReportComparison(old: Fixtures.named("typical"), new: report)
    for text in [try render("markdown", report), try ComparisonReporter.markdown.render(comparison)] {
      expectHarmless(text, "markdown")
      #expect(text.utf16.count < 65_536 || text.hasPrefix("<!-- pgpreflight compare"))
      let prose = withoutCode(text)
      // An escaped bracket ends no link.
      let links = prose.replacing("\\]", with: "").split(separator: "](").dropFirst()
      #expect(links.allSatisfy { $0.hasPrefix("https://") })
      #expect(!prose.contains("<script"))
    }
    let own = ["::error title=", "::warning title=", "::notice title="]
    let annotations = try render("github", report)
    expectHarmless(annotations, "github", own: own)
    #expect(annotations.split(separator: "\n").allSatisfy { line in own.contains(where: line.hasPrefix) })
  }

  @Test(arguments: reports.indices, [true, false]) func `the terminal`(index: Int, color: Bool) throws {
    let report = Self.reports[index]
    let comparison = ReportComparison(old: Fixtures.named("typical"), new: report)
    for verbose in [true, false] {
      let style = TerminalStyle(color: color, unicode: verbose, verbose: verbose)
      for text in [
        terminalSummary(report, style: style, written: [HostileReport.text]),
        terminalComparison(comparison, style: style),
      ] {
        let plain = color ? text.replacing(/\u{1B}\[(0|1|2|31|32|33|35)m/, with: "") : text
        expectHarmless(plain, "terminal")
      }
    }
  }

  @Test func `no text of a report is longer than a report has use for`() throws {
    let long = String(repeating: "ä\u{202E}\"", count: 1 << 20)
    var report = Fixtures.named("typical")
    report.outcomes[0].message = long
    report.outcomes[0].documentation = "https://example.org/" + String(repeating: "a", count: 5 << 20)
    report.source.connection = long
    let read = try Report(json: JSONEncoder().encode(report))
    #expect(read == (try report.bounded()))
    #expect(read.outcomes[0].message.hasPrefix("ä\u{202E}\"ä"))
    #expect(read.outcomes[0].message.contains(/… \(\d,\d\d\d,\d\d\d more bytes\)$/))
    for format in ["html", "junit", "json", "sarif", "markdown", "github"] {
      #expect(try render(format, read).utf8.count < 5 << 20, "\(format)")
    }
    // A short one stays as it is.
    #expect(try Fixtures.named("typical").bounded() == Fixtures.named("typical"))
  }

  @Test(
    arguments: [
      (#"{"a":"12345678"}"#, nil), (#"{"a":"123456789"}"#, #"{"a":"12345678… (1 more bytes)"}"#),
      (#"{"a":"1234567ää"}"#, #"{"a":"1234567… (4 more bytes)"}"#),
      (#"{"a":"1234\ud83d\ude00x","b":"x"}"#, #"{"a":"1234… (13 more bytes)","b":"x"}"#),
      (#"{"1234567\"89":["123456\\\"","y"]}"#, #"{"1234567… (4 more bytes)":["123456\\… (2 more bytes)","y"]}"#),
    ] as [(String, String?)])
  func `texts of JSON are cut between characters`(json: String, expected: String?) {
    let cut = BoundedJSON.bounded(json.utf8, to: 8)
    #expect(cut.map { String(decoding: $0, as: UTF8.self) } == expected)
  }
}
