import Assessment
import Catalog
import Markup
import Rules

extension HTMLReport {
  /// So many causes are named in a cell; the rest is counted.
  private static let maximumCauses = 4

  func fillPlan(of page: Element) throws {
    let plans = report.plan.databases
    guard !plans.isEmpty else { return try removePart("plan") }
    try count(part: "plan", plans.count)

    let part = try document.element(id: "plan")
    let biggest = max(1, plans.compactMap(\.sizeBytes).max() ?? 1)
    try part.each("database", plans) { row, plan in try fill(row, with: plan, biggest: biggest) }
    try fillTotals(of: part)
    try fillCutover(of: part)

    let blocking = repeatsClusterBlockers ? [] : index.cluster.filter(\.isBlocker)
    let warnings = index.cluster.filter(\.isWarning)
    let wide = blocking + warnings
    let warning = try part.slot("cluster-warnings")
    if wide.isEmpty {
      warning.remove()
    } else {
      let noun = index.warnings.count > warnings.count ? "more warning" : "warning"
      let counts = [(blocking.count, "blocker"), (warnings.count, noun)].filter { $0.0 > 0 }.map { counted($0.0, $0.1) }
      let verb = wide.count == 1 ? "concerns" : "concern"
      var pieces: [Piece] = [
        .text("\(counts.joined(separator: " and ")) \(verb) the whole cluster, and so every database: ")
      ]
      for (number, outcome) in wide.enumerated() {
        pieces += [.text(number == 0 ? "" : ", "), .link(outcome.rule, to: .outcome(outcome.key))]
      }
      try warning.slot("text").set(pieces: pieces + [.text(".")], in: self)
    }
    let remark = try part.slot("exit-status")
    if let text = exitStatusRemark(on: report) { try remark.fill("text", text) } else { remark.remove() }
  }

  private func fill(_ row: Element, with plan: DatabasePlan, biggest: Int) throws {
    let verdict = plan.verdict
    try row.set("data-database", plan.name)
    try row.set("class", verdict == .blocked ? "blocked" : verdict == .undecided ? "undecided" : nil)
    try row.fill("name", plan.name)
    try row.fill("tables", orRemove: plan.tables.map { counted($0.count, "table") })
    try row.fill("size", plan.sizeBytes.map(formattedBytes) ?? "not known")
    if let size = plan.sizeBytes {
      let percent = Int(saturating: (Double(size) * 100 / Double(biggest)).rounded())
      try row.slot("bar").set("width", "\(max(1, percent))")
    } else {
      try row.remove(slot: "sizebar")
    }
    for method in Method.allCases { try fill(try row.slot(method.rawValue), with: plan, by: method) }

    if let method = plan.method {
      let words = method == .replication ? "Replicate" : "Dump and restore"
      let wave = report.plan.waves > 1 ? plan.wave.map { ", wave \($0)" } ?? "" : ""
      try row.fill("method", (verdict.isReady ? words : "\(words)?") + wave)
      try row.remove(slot: "no-method")
    } else {
      try row.remove(slot: "method")
      let status = try row.slot("no-method")
      if verdict == .undecided { try status.set(look: Verdict.undecided.look, word: "Not decided") }
    }
    try row.fill("reason", orRemove: plan.briefReason)
    let stop = verdict.isReady && plan.method == .replication ? blockedTime(of: [plan]) : nil
    try row.fill("stop", orRemove: stop.map { "writes stop for \($0)" })
  }

  /// Whether a few databases each name what blocks the whole cluster; of many it stands once, under the table.
  private var repeatsClusterBlockers: Bool { report.plan.databases.count <= 3 }

  private func fill(_ cell: Element, with plan: DatabasePlan, by method: Method) throws {
    let status = try cell.slot("status")
    guard let verdict = plan.verdict(of: method) else {
      try status.set(look: Look(css: "skipped", icon: "skipped", word: "Not asked for"))
      return try cell.remove(slot: "why")
    }
    try status.set(look: verdict.look)

    let concerning = (index.cluster + index.own(plan.name)).filter { $0.methods.contains(method) }
    let blocking = concerning.filter(\.isBlocker)
    let open = concerning.filter(\.isUndecided)
    // The warnings of the cluster stand under the table, once.
    let own = index.own(plan.name).filter { $0.methods.contains(method) }
    // Where something blocks, what is not known decides nothing.
    let shared = repeatsClusterBlockers ? 0 : blocking.count { $0.database == nil }
    let causes =
      (blocking.isEmpty ? open : shared > 0 ? blocking.filter { $0.database != nil } : blocking)
      + own.filter { $0.isWarning || $0.mark != nil }
    guard !causes.isEmpty || shared > 0 else { return try cell.remove(slot: "why") }
    var pieces: [Piece] = shared > 0 ? [.text("\(counted(shared, "blocker")) of the whole cluster")] : []
    for outcome in causes.prefix(Self.maximumCauses) {
      pieces += [.text(pieces.isEmpty ? "" : ", "), .link(outcome.rule, to: .outcome(outcome.key))]
      if let mark = outcome.mark { pieces.append(.text(" (\(mark))")) }
    }
    let rest = causes.count - Self.maximumCauses
    if rest > 0 { pieces.append(.text(" and \(rest) more")) }
    try cell.slot("why").set(pieces: pieces, in: self)
  }

  private func fillTotals(of part: Element) throws {
    let plans = report.plan.databases
    try part.fill("databases", counted(plans.count, "database"))
    let sizes = plans.compactMap(\.sizeBytes)
    let total = sizes.isEmpty ? "not known" : formattedBytes(sizes.sum { $0 })
    try part.fill("total", total + (sizes.isEmpty || sizes.count == plans.count ? "" : " and more"))

    let (replicated, dumped) = (index.ready(by: .replication), index.ready(by: .dump))
    var words: [String] = []
    if !replicated.isEmpty {
      words.append("\(formattedCount(replicated.count)) replicated (writes stop only at the cutover)")
    }
    if !dumped.isEmpty { words.append("\(formattedCount(dumped.count)) dumped (writes stop for the whole copy)") }
    if !index.undecided.isEmpty { words.append("\(formattedCount(index.undecided.count)) undecided") }
    if !index.leftBehind.isEmpty { words.append("\(formattedCount(index.leftBehind.count)) not migrated") }
    if report.plan.waves > 1 { words.append("in \(formattedCount(report.plan.waves)) waves") }
    let moved = (replicated + dumped).compactMap(\.sizeBytes)
    if !moved.isEmpty { words.append("\(formattedBytes(moved.sum { $0 })) moved") }
    try part.fill("totals", words.joined(separator: " · "))
  }
}

extension Outcome {
  /// Somebody has taken it on, so that it does not decide.
  fileprivate var mark: String? { outcome == .waived ? "waived" : acceptedBy == nil ? nil : "accepted" }
}
