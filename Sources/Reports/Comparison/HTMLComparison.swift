import Assessment
import Markup

extension ComparisonReporter {
  public static func html(templates: Templates) -> ComparisonReporter {
    ComparisonReporter(format: "html") { comparison in
      let document = try templates.page("comparison.html")
      document.removeComments()
      let page = document.root
      try page.fill("page-title", "\(comparison.counts) – pgpreflight")
      func day(_ text: String) -> String { Moment(text)?.inWords ?? text }
      try page.fill("runs", "\(day(comparison.old.startedAt)) to \(day(comparison.new.startedAt))")
      let verdict = try page.slot("verdict")
      try verdict.set("class", comparison.new.verdict.tone)
      try verdict.set(text: comparison.verdicts(arrow: "→"))
      try page.fill("counts", comparison.counts)
      try page.each("remark", comparison.remarks) { element, remark in
        try element.set(text: sentence(capitalized(remark)))
      }
      try page.each("part", ReportComparison.Kind.allCases.filter { !comparison.changes($0).isEmpty }) { part, kind in
        let changes = comparison.changes(kind)
        try part.set("aria-labelledby", kind.rawValue)
        let title = try part.slot("title")
        try title.set("id", kind.rawValue)
        try title.set(text: "\(formattedCount(changes.count)) \(kind.rawValue)")
        try part.each("change", changes) { element, change in try fill(element, change) }
      }
      try page.fill("foot", "pgpreflight compare, runs \(comparison.old.run) and \(comparison.new.run)")
      return withoutCommands(try document.html())
    }
  }

  private static func fill(_ element: Element, _ change: ReportComparison.Change) throws {
    try element.set("class", change.tone)
    try element.set("data-rule", change.rule)
    try element.set("data-change", change.kind.rawValue)
    try element.fill("word", capitalized((change.new ?? change.old)?.word ?? ""))
    try element.fill("rule", change.rule)
    try element.fill("object", visible((change.database.map { "\($0): " } ?? "") + change.object))
    try element.fill("message", orRemove: visible(change.message))
    try element.each("difference", change.differences) { line, text in try line.set(text: visible(text)) }
  }
}

extension Verdict {
  fileprivate var tone: String {
    switch self {
    case .ready, .readyWithWarnings: "ready"
    case .undecided: "undetermined"
    case .blocked: "blocked"
    }
  }
}

extension ReportComparison.State {
  fileprivate var word: String { outcome == .failed ? severity.rawValue : outcome.rawValue }
}

extension ReportComparison.Change {
  fileprivate var tone: String {
    switch (kind, new?.outcome) {
    case (.fixed, _): "ready"
    case (_, .undetermined?): "undetermined"
    case (_, .waived?): "waived"
    default: severity == .blocker ? "blocked" : "warning"
    }
  }
}
