import Assessment
import Markup
import Rules

/// Everything that was checked, and what was not.
extension HTMLReport {
  /// Of longer lists the rows have words only: an icon is half of what a browser has to draw for one.
  private static let maximumIcons = 1000

  func fillLedger(of page: Element) throws {
    guard !report.outcomes.isEmpty else { return try removePart("checked") }
    let part = try document.element(id: "checked")
    try count(part: "checked", report.summary.total)
    try part.fill(
      "note",
      "\(counted(report.summary.total, "result")) of \(counted(report.outcomes.map(\.rule).uniqued.count, "rule")); "
        + "\(formattedCount(report.summary.passed)) passed")
    try fillFilter(of: part)

    let groups = Dictionary(grouping: report.outcomes, by: \.group)
    let numbers = Dictionary(subjects.map { ($0.name, $0.number) }, uniquingKeysWith: { first, _ in first })
    try part.each("group", Rule.Group.allCases.filter { groups[$0] != nil }) { element, group in
      try fill(element, group: group, outcomes: groups[group] ?? [], numbers: numbers)
    }
  }

  private func fillFilter(of part: Element) throws {
    let filter = try part.slot("subjects")
    if subjects.isEmpty { return filter.remove() }
    let shown = subjects.count <= Self.maximumFilter ? subjects : []
    try filter.each("subject", shown) { label, subject in
      try label.fill("name", subject.name)
      guard let input = label.children.first(where: { $0.name == "input" }) else { return }
      try input.set("id", "db-\(subject.number)")
      // A name can be nothing but spaces.
      try input.set("aria-label", "database \(subject.name)")
    }
  }

  private func fill(_ element: Element, group: Rule.Group, outcomes: [Outcome], numbers: [String: Int]) throws {
    try element.set("id", "checked-\(group.rawValue)")
    try element.fill("title", group.title)
    try element.slot("ledger").set("aria-label", "\(group.title): every result")
    let order = ["failed-blocker", "failed-warning", "undetermined", "waived", "skipped", "passed"]
    let looks = Dictionary(grouping: outcomes, by: \.look).sorted {
      (order.firstIndex(of: $0.key.css) ?? 0) < (order.firstIndex(of: $1.key.css) ?? 0)
    }
    try element.each("sum", looks) { sum, look in
      let word = look.key.word.lowercased()
      let isNoun = look.key.css.hasPrefix("failed")
      try sum.set(look: look.key, word: counted(look.value.count, word, isNoun ? nil : word))
    }

    // Rules of both kinds stand in one table, in the order of the report.
    let clusterExample = try element.first(where: "data-each", is: "cluster-rule")
    let databaseExample = try element.first(where: "data-each", is: "database-rule")
    for rule in Fold(outcomes: outcomes).byRule {
      let first = rule.outcomes[0]
      let body = try (first.scope == .database ? databaseExample : clusterExample)
        .clone(into: try element.slot("ledger"))
      try body.set("data-each", nil)
      if first.scope == .database {
        try body.fill("title", first.title)
        // The rule's id stands beside its title, in the heading.
        if let head = body.children.first, let code = head.descendants.first(where: { $0.name == "code" }) {
          try code.set(text: rule.rule)
        }
      }
      try body.each("row", rule.outcomes) { row, outcome in
        // The first one's: a report that was edited may give one rule several scopes.
        try fill(row, with: outcome, number: outcome.database.flatMap { numbers[$0] } ?? 0, scope: first.scope)
        slim(row)
        try document.settle(row)
      }
    }
    clusterExample.remove()
    databaseExample.remove()
  }

  /// - Parameter scope: which of the two kinds of rows it is.
  private func fill(_ row: Element, with outcome: Outcome, number: Int, scope: Rule.Scope) throws {
    try row.mark(as: outcome)
    try row.set("data-s", "\(number)")
    try row.slot("status").set(look: outcome.look)
    if report.outcomes.count > Self.maximumIcons { try row.first(named: "svg").remove() }
    if scope == .database {
      try row.fill("title", outcome.database ?? "")
    } else {
      try row.fill("title", outcome.title)
      try row.fill("rule", outcome.rule)
    }
    let id = id(of: outcome)
    let seen = try row.slot("seen")
    let message = outcome.message.isEmpty ? outcome.title : outcome.message
    let target = link(to: .outcome(outcome.key))
    let isTold = isTold(outcome)
    if isTold {
      try seen.set(pieces: [.link(message, to: .outcome(outcome.key))], in: self)
    } else {
      try seen.set(text: message)
    }
    // The card bears the id; a row does where there is none, or where the card is that of several outcomes.
    if !isTold || target != "#\(id)" { try row.set("id", id) }
    if isTold, target != "#\(id)" {
      // The card does not name the objects of each of its outcomes.
      for object in outcome.findings.map(\.object).uniqued { try seen.append(text: " · \(object)") }
    }
    try fillNotices(of: row, with: isTold ? [] : outcome.findings, of: outcome, id: id)
  }

  /// What a rule that holds has noticed all the same.
  private func fillNotices(of row: Element, with findings: [Finding], of outcome: Outcome, id: String) throws {
    let share = room.share(findings)
    try row.each("notice", share.rows) { element, finding in
      let findingID = anchors.unique("\(id).\(encodedName(finding.object))")
      try element.set("id", findingID)
      try element.set("class", "notice finding")
      try element.mark(as: outcome)
      try element.fill("object", finding.object)
      try element.fill("message", finding.message)
      try element.slot("anchor").set("href", "#\(findingID)")
      try element.slot("anchor").set("aria-label", "Link to \(visibleOnOneLine(finding.object))")
      try element.fill("text", orRemove: finding.remediation?.text)
      let paste = try element.slot("paste")
      if let sql = finding.remediation?.sql {
        paste.removeContent()
        try paste.append(element: "code").append(text: sql)
      } else {
        paste.remove()
      }
    }
    let listing = try row.slot("listing")
    if share.lines.isEmpty, share.left == 0 { return listing.remove() }
    try listing.fill("told", "\(formattedCount(share.lines.count + share.left)) more, in brief")
    let lines = share.lines.flatMap { [$0.line] + ($0.remediation?.lines ?? []) }
    try listing.fill("lines", (lines + [share.more].compactMap(\.self)).joined(separator: "\n"))
  }

  func fillNotChecked(of page: Element) throws {
    let part = try document.element(id: "not-checked")
    // One line for what does not apply to many databases for one reason.
    var lines: [(outcome: Outcome, databases: Int)] = []
    var places: [String: Int] = [:]
    for outcome in index.outcomes(.skipped) {
      let key = "\(outcome.rule)\u{0}\(outcome.message)"
      if let place = places[key] {
        lines[place].databases += 1
      } else {
        places[key] = lines.count
        lines.append((outcome, 1))
      }
    }
    if lines.isEmpty {
      try part.remove(slot: "skipped")
    } else {
      try part.each("skipped", lines) { item, line in
        try item.fill("title", line.outcome.title)
        try item.fill("rule", line.outcome.rule)
        let whom = line.outcome.database.map { line.databases == 1 ? $0 : counted(line.databases, "database") }
        try item.fill("message", sentence(line.outcome.message) + (whom.map { " (\($0))" } ?? ""))
      }
    }
    if report.migration?.databases.contains(where: { $0.verification?.mode == .full }) ?? false {
      try part.remove(slot: "content")
    }
    let version = report.target.serverVersion.map { " \($0.prefix { $0 != "." })" } ?? " of the target"
    try part.fill(
      "application", "Whether the application works with PostgreSQL\(version): drivers, SQL, query plans.")
  }
}
