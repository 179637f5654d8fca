import Assessment
import Markup
import Rules

extension Reporter {
  /// One page for those who approve, those who fix, and those who look again in a year: no script, nothing loaded.
  static func html(templates: Templates) -> Reporter {
    Reporter(format: "html", fileName: "report.html") { report in
      try HTMLReport(report, document: try templates.page("report.html")).filled()
    }
  }
}

/// The template while it is filled in.
final class HTMLReport {
  let report: Report
  let index: ReportIndex
  let document: Document
  /// The databases that are spoken of, each with its number for the filter, from 1 on.
  let subjects: [(name: String, number: Int)]
  /// What is not known, by reason.
  let folds: [Fold]
  private let targets: [OutcomeKey: String]
  var room = PageRoom()
  var anchors = Anchors()

  init(_ report: Report, document: Document) throws {
    self.report = report
    index = ReportIndex(report)
    self.document = document
    let names = (report.plan.databases.map(\.name) + report.outcomes.compactMap(\.database)).uniqued
    subjects = names.enumerated().map { ($0.element, $0.offset + 1) }

    document.removeComments()
    for element in document.root.all(having: "id") { _ = anchors.unique(element["id"] ?? "") }

    folds = Fold.folds(of: index.outcomes(.undetermined))
    var targets: [OutcomeKey: String] = [:]
    for outcome in report.outcomes { targets[outcome.key] = anchors.unique(outcome.key.anchor) }
    idsOfOutcomes = targets
    // All that is not known for one reason is told in one place, which bears the id of the first of it.
    for fold in folds {
      for outcome in fold.outcomes { targets[outcome.key] = idsOfOutcomes[fold.first.key] }
    }
    self.targets = targets
  }

  private let idsOfOutcomes: [OutcomeKey: String]

  /// The id of the outcome itself.
  func id(of outcome: Outcome) -> String { idsOfOutcomes[outcome.key] ?? outcome.key.anchor }

  /// Where the outcome is told at length.
  func link(to place: Piece.Place) -> String {
    switch place {
    case .outcome(let key): "#\(targets[key] ?? key.anchor)"
    case .part(let name): "#\(name)"
    }
  }

  /// It has a card of its own, so that its row in the list only refers to it.
  func isTold(_ outcome: Outcome) -> Bool {
    switch outcome.outcome {
    case .failed, .waived, .undetermined: true
    case .passed, .skipped: false
    }
  }

  func filled() throws -> String {
    let page = document.root
    try fillHead(of: page)
    try fillVerdict(of: page)
    try fillMigration(of: page)
    try fillPlan(of: page)
    try fillCards(of: page)
    try fillCapacity(of: page)
    try fillLedger(of: page)
    try fillNotChecked(of: page)
    try fillRecord(of: page)
    removeNames(from: page)
    return withoutCommands(try document.html())
  }

  /// Writes an element that needs nothing more: a row, a card. Those are what a report has many of.
  func settle(_ element: Element) throws {
    removeNames(from: element)
    try document.settle(element)
  }

  /// Rows are the most of a long page: theirs is no more markup than shows.
  func slim(_ row: Element) {
    removeNames(from: row)
    row.unwrapBare("span")
  }

  /// Only the filling in needs them.
  private func removeNames(from element: Element) {
    element.removeAttributes(Templates.attributes)
  }

  /// Leaves a part out, with what refers to it in the contents.
  func removePart(_ name: String) throws {
    try document.root.first(where: "data-part", is: name).remove()
    for entry in document.root.all(where: "data-contents", is: name) { entry.remove() }
  }

  /// The number beside a part in the contents.
  func count(part name: String, _ count: Int) throws {
    for entry in document.root.all(where: "data-contents", is: name) {
      try entry.fill("count", formattedCount(count))
    }
  }

  // MARK: The head

  /// In one word: how a migration ended, else what the check says.
  var headline: String { report.migration?.headline ?? report.verdict.headline }

  var look: Look { report.migration?.look ?? report.verdict.look }

  private func fillHead(of page: Element) throws {
    let names = shortNames(of: report)
    let day = String(report.run.startedAt.prefix(10))
    try page.fill(
      "page-title",
      "\(headline): \(visibleOnOneLine(names.source)) to \(visibleOnOneLine(names.target)), \(day)"
        + " – \(report.tool.name)")
    try page.slot("generator").set("content", "\(report.tool.name) \(report.tool.version)")
    for icon in page.all(having: "data-icon") where icon["data-icon"] != look.css { icon.remove() }
    if report.migration != nil { try page.fill("kind", "migration report") }

    let run = report.run.id.prefix(8)
    let when = Moment(report.run.startedAt)?.inWords ?? report.run.startedAt
    try page.fill("run-line", run.isEmpty ? when : "\(when) · run \(run)")

    // Only numbers and characters that mean nothing in a style: no name from a catalog gets in here.
    let footer = "\(report.tool.name) \(report.tool.version) · run \(run) · \(report.run.startedAt)"
      .filter { $0.isASCII && ($0.isLetter || $0.isNumber || " .:-".contains($0)) || $0 == "·" }
    let style = try page.slot("style")
    let css = style.text.replacing("/*footer*/", with: footer).replacing("/*subjects*/", with: filterRules)
    try style.set(text: css)
  }

  /// Above that the filter would be longer than a screen.
  static let maximumFilter = 60

  private var filterRules: String {
    guard subjects.count <= Self.maximumFilter else { return filterRule(0) }
    return (0...subjects.count).map(filterRule).joined(separator: "\n")
  }

  /// Each is written so that only the rows of that subject are matched against it: a browser looks at what `:has` means
  /// anew for each row and rule, whenever its window changes.
  private func filterRule(_ number: Int) -> String {
    ".filter:has(#db-\(number):checked) ~ .group tr[data-s='\(number)'] { display: var(--row); }"
  }
}
