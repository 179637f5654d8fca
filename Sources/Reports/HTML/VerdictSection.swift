import Assessment
import Catalog
import Markup

extension HTMLReport {
  func fillVerdict(of page: Element) throws {
    let verdict = try document.element(id: "verdict")
    try verdict.set("data-verdict", report.verdict.rawValue)
    try verdict.set(tone: look.css)
    let names = shortNames(of: report)
    try verdict.fill("source-name", names.source)
    try verdict.fill("target-name", names.target)
    try verdict.slot("verdict-icon").set("href", "#i-\(look.icon)")
    try verdict.fill("verdict-word", headline)
    let lede = report.migration.map(lede(of:)) ?? lede(of: report)
    try verdict.slot("lede").set(pieces: lede, in: self)

    let steps = report.migration.map { nextSteps(after: $0) } ?? nextSteps(for: report)
    try verdict.each("step", steps) { item, step in
      item.removeContent()
      if let subject = step.subject {
        try item.append(element: "strong").append(text: "\(subject):")
        try item.append(text: " ")
      }
      try item.append(pieces: step.pieces, in: self)
    }
    try fillTally(of: verdict)
    try fillTimes(of: verdict)
    try fillEnds(of: verdict)
  }

  /// A kind of outcome in the tally, and the part that tells of it.
  private struct TallyItem {
    var look: Look
    var part: String
    var title: String
    var note: String?
    var count: Int
  }

  private var tally: [TallyItem] {
    let summary = report.summary
    let notes = TallyNotes(of: report)
    let items = [
      TallyItem(
        look: Look(css: "failed-blocker", icon: "blocked", word: "blockers"), part: "blockers", title: "Blockers",
        note: notes.blockers, count: summary.blockers),
      TallyItem(
        look: Look(css: "failed-warning", icon: "warning", word: "warnings"), part: "warnings", title: "Warnings",
        note: notes.warnings, count: summary.warnings),
      TallyItem(
        look: Look(css: "undetermined", icon: "undetermined", word: "undetermined"), part: "undetermined",
        title: "Undetermined", note: notes.undetermined, count: summary.undetermined),
      TallyItem(
        look: Look(css: "waived", icon: "waived", word: "waived"), part: "waived", title: "Waived", note: notes.waived,
        count: summary.waived),
      TallyItem(
        look: Look(css: "skipped", icon: "skipped", word: "skipped"), part: "not-checked", title: "Skipped",
        note: "do not apply", count: summary.skipped),
      TallyItem(
        look: Look(css: "passed", icon: "passed", word: "passed"), part: "checked", title: "Passed", note: nil,
        count: summary.passed),
    ]
    return items.filter { $0.count > 0 }
  }

  private func fillTally(of verdict: Element) throws {
    let tally = tally
    let total = max(1, tally.sum(of: \.count))
    let bar = try verdict.slot("tally-bar")
    let counts = tally.map { "\(formattedCount($0.count)) \($0.look.word)" }.joined(separator: ", ")
    try bar.set("aria-label", "Of \(counted(total, "result")): \(counts)")
    func position(_ count: Int) -> Int { Int(saturating: Double(count) / Double(total) * 1000) }
    var start = 0
    try bar.each("tally-bar", tally) { bar, item in
      let (left, right) = (position(start), position(start +| item.count))
      try bar.set(tone: item.look.css)
      try bar.set("x", "\(left)")
      try bar.set("width", "\(max(2, right - left - 3))")
      start +|= item.count
    }
    try verdict.each("tally", tally) { element, item in
      try element.set(tone: item.look.css)
      try element.set(icon: item.look.icon)
      try element.slot("link").set("href", "#\(item.part)")
      try element.fill("title", item.title)
      try element.fill("note", orRemove: item.note)
      try element.fill("count", formattedCount(item.count))
    }
  }

  /// What a migration took stands in its own part.
  private func fillTimes(of verdict: Element) throws {
    let times = report.migration == nil ? plannedTimes(of: report) : []
    guard !times.isEmpty else { return try verdict.remove(slot: "times") }
    try verdict.each("time", times) { element, time in
      try element.slot("subject").set(pieces: time.subject, in: self)
      try element.fill("lead", time.lead)
      try element.fill("note", orRemove: time.note)
    }
  }

  private func fillEnds(of verdict: Element) throws {
    for (side, cluster) in [("source", report.source), ("target", report.target)] {
      try verdict.fill("\(side)-server", serverInWords(cluster))
      try verdict.fill("\(side)-host", Endpoint(cluster.connection).hostAndPort)
    }
    if let migration = report.migration {
      try verdict.fill("plan-title", "Migration")
      try verdict.fill("plan-lead", migration.countsInWords.joined(separator: ", "))
      let arrived = migration.databases.arrived.joined(separator: ", ")
      return try verdict.fill("plan-more", arrived + (migration.duration.map { " in \($0)" } ?? ""))
    }
    let plan = planInBrief(of: report)
    try verdict.fill("plan-lead", plan.lead)
    try verdict.fill("plan-more", orRemove: plan.more)
  }

  private func serverInWords(_ cluster: ClusterReport) -> String {
    guard let version = cluster.serverVersion else { return cluster.reachable ? "PostgreSQL" : "Not reached" }
    guard let provider = cluster.provider else { return "PostgreSQL \(version)" }
    let isService = provider != Provider.selfManaged.displayName
    return "PostgreSQL \(version)\(isService ? " on" : ",") \(provider)"
  }
}
