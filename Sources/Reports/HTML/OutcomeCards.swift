import Assessment
import Catalog
import Markup
import Rules

extension HTMLReport {
  /// So many of them are seen at once, the others when they are asked for.
  static let openFindings = 10
  /// A rule that fails in so many databases has one line, under which they are folded.
  private static let minimumGroup = 4

  func fillCards(of page: Element) throws {
    var examples: [String: Element] = [:]
    for example in page.all(having: "data-card") { examples[example["data-card"] ?? ""] = example }
    let cards = Cards(report: self, examples: examples)

    let left = Set(index.leftBehind.map(\.name))
    let stops = { (outcome: Outcome) in outcome.database.map(left.contains) ?? true }
    let blockers = index.blockers.filter(stops) + index.blockers.filter { !stops($0) }
    try fill(part: "blockers", with: blockers, note: subjectsInWords(blockers), cards: cards)
    try fill(
      part: "warnings", with: index.warnings, note: "the migration can run, but read them first", cards: cards)
    let waived = index.outcomes(.waived)
    try fill(part: "waived", with: waived, note: "failed, and accepted by name", cards: cards)

    let undetermined = index.outcomes(.undetermined)
    if !undetermined.isEmpty {
      let container = try head(of: "undetermined", count: undetermined.count, note: "could not be found out")
      // What could block comes first.
      for fold in folds.filter(\.first.isUndecided) + folds.filter({ !$0.first.isUndecided }) {
        if fold.outcomes.count == 1 {
          try cards.add(fold.first, to: container)
        } else {
          try cards.add(fold, to: container)
        }
      }
    }
    for example in examples.values { example.remove() }
    // Not before, as the examples stand in these parts.
    let parts = ["blockers": blockers, "warnings": index.warnings, "waived": waived, "undetermined": undetermined]
    for (part, outcomes) in parts where outcomes.isEmpty { try removePart(part) }
  }

  private func fill(part: String, with outcomes: [Outcome], note: String, cards: Cards) throws {
    guard !outcomes.isEmpty else { return }
    let container = try head(of: part, count: outcomes.count, note: note)
    for rule in Fold(outcomes: outcomes).byRule {
      let isLong = rule.outcomes.count >= Self.minimumGroup
      let place = isLong ? try cards.addGroup(of: rule.outcomes, to: container) : container
      for outcome in rule.outcomes {
        if isLong, room.isFull { try cards.addBrief(outcome, to: place) } else { try cards.add(outcome, to: place) }
      }
    }
  }

  private func head(of part: String, count: Int, note: String) throws -> Element {
    try self.count(part: part, count)
    let part = try document.root.first(where: "data-part", is: part)
    let joint = note.hasPrefix("in ") ? ", " : "; "
    try part.fill("note", formattedCount(count) + joint + note)
    return try part.slot("cards")
  }

  private func subjectsInWords(_ outcomes: [Outcome]) -> String {
    let databases = outcomes.compactMap(\.database).uniqued.count
    let hasCluster = outcomes.contains { $0.database == nil }
    let parts = (databases > 0 ? [counted(databases, "database")] : []) + (hasCluster ? ["the whole cluster"] : [])
    return "in \(joined(parts))"
  }
}

/// Makes the cards of outcomes from the examples of the template.
struct Cards {
  let report: HTMLReport
  let examples: [String: Element]

  func add(_ outcome: Outcome, to container: Element) throws {
    report.room.addCard()
    let kind = outcome.outcome == .waived ? "waived" : outcome.findings.count == 1 ? "one" : "many"
    let card = try copy(kind, into: container)
    let id = report.id(of: outcome)
    try card.set("id", id)
    try card.mark(as: outcome)
    try fillHead(of: card, with: outcome, id: id)
    switch kind {
    case "waived": try fillWaived(card, with: outcome, id: id)
    case "one": try fillOne(card, with: outcome, id: id)
    default: try fillMany(card, with: outcome, id: id)
    }
    try report.settle(card)
  }

  /// All that is not known for one reason.
  func add(_ fold: Fold, to container: Element) throws {
    let card = try copy("folded", into: container)
    let outcome = fold.first
    let id = report.id(of: outcome)
    try card.set("id", id)
    try card.mark(as: outcome)
    try card.fill("message", outcome.message)
    let rules = fold.byRule
    try card.fill(
      "subject", "\(counted(fold.outcomes.count, "result")) of \(counted(rules.count, "rule")), all for this reason")
    try fillMethods(of: card, with: fold.outcomes)
    try card.slot("anchor").set("href", "#\(id)")
    try card.slot("anchor").set("aria-label", "Link to this result: \(outcome.message)")
    try card.each("rule", rules) { row, rule in
      try row.fill("rule", rule.rule)
      try row.fill("title", rule.outcomes[0].title)
      let databases = rule.outcomes.compactMap(\.database)
      let named = databases.prefix(12).map(visibleOnOneLine).joined(separator: ", ")
      let more = databases.count > 12 ? " and \(databases.count - 12) more" : ""
      try row.fill("subjects", databases.isEmpty ? "the whole cluster" : named + more)
    }
    try fillFix(of: card, with: outcome, findings: outcome.findings)
    try report.settle(card)
  }

  /// All of an outcome as text, where the page is full.
  func addBrief(_ outcome: Outcome, to container: Element) throws {
    let text = try copy("brief", into: container)
    try text.set("id", report.id(of: outcome))
    try text.mark(as: outcome)
    var lines = ["\(outcome.database.map { "Database \($0)" } ?? "Whole cluster"): \(outcome.message)"]
    if let waiver = outcome.waiver { lines.append("  \(waiver.inWords)") }
    let share = report.room.share(outcome.findings, hasRows: false)
    lines += share.lines.map { "  \($0.line)" } + [share.more.map { "  \($0)" }].compactMap(\.self)
    for remedy in Remedy.remedies(for: share.lines) { lines += remedy.lines }
    try text.set(text: lines.joined(separator: "\n"))
    try report.settle(text)
  }

  /// A line for a rule, to which the cards of its outcomes are added.
  func addGroup(of outcomes: [Outcome], to container: Element) throws -> Element {
    let group = try copy("group", into: container)
    let first = outcomes[0]
    try group.set(tone: first.look.css)
    try group.set(icon: first.look.icon)
    try group.fill("title", first.title)
    try group.fill("rule", first.rule)
    let names = outcomes.compactMap(\.database).map(visibleOnOneLine)
    let more = names.count > 3 ? " and \(formattedCount(names.count - 3)) more" : ""
    try group.fill("told", "in \(counted(names.count, "database")): \(names.prefix(3).joined(separator: ", "))\(more)")
    return group
  }

  private func copy(_ kind: String, into container: Element) throws -> Element {
    guard let example = examples[kind] else { throw MarkupError("report.html: no example with data-card=\"\(kind)\"") }
    let card = try example.clone(into: container)
    try card.set("data-card", nil)
    return card
  }

  // MARK: Pieces of a card

  private func fillHead(of card: Element, with outcome: Outcome, id: String) throws {
    try card.set(tone: outcome.look.css)
    try card.set(icon: outcome.look.icon)
    try card.fill("word", outcome.look.word + (outcome.acceptedBy == nil ? "" : ", accepted"))
    try card.fill("message", outcome.message.isEmpty ? outcome.title : outcome.message)
    let subject = try card.slot("subject")
    if let database = outcome.database {
      try subject.set(pieces: [.text("Database ")], in: report)
      try subject.append(element: "b").append(text: database)
    } else {
      try subject.set(text: "Whole cluster")
    }
    try fillMethods(of: card, with: [outcome])
    try card.fill("rule", outcome.rule)
    let anchor = try card.slot("anchor")
    try anchor.set("href", "#\(id)")
    try anchor.set("aria-label", "Link to this result: \(outcome.message)")
  }

  private func fillMethods(of card: Element, with outcomes: [Outcome]) throws {
    let methods = Set(outcomes.flatMap(\.methods)).sorted().map(\.word)
    let slot = try card.slot("methods")
    guard !methods.isEmpty, let first = outcomes.first else { return slot.remove() }
    try slot.set(text: first.isBlocker ? "Blocks: " : first.isUndecided ? "Could block: " : "Concerns: ")
    try slot.append(element: "b").append(text: methods.joined(separator: " and "))
  }

  private func fillOne(_ card: Element, with outcome: Outcome, id: String) throws {
    let finding = outcome.findings[0]
    let body = try card.slot("finding")
    let findingID = try mark(body, as: finding, of: outcome, id: id)
    try card.slot("anchor").set("href", "#\(findingID)")
    try body.fill("object", finding.object)
    try body.fill("message", finding.message)
    try fillEvidence(of: body, with: finding)
    try fillFix(of: card, with: outcome, findings: outcome.findings)
  }

  private func fillMany(_ card: Element, with outcome: Outcome, id: String) throws {
    let share = report.room.share(outcome.findings)
    let shown = share.rows
    let columns = Self.columns(of: shown)
    let table = try card.slot("findings")
    let rest = try card.slot("rest")
    // One or two more are not worth a fold.
    let open = shown.count > HTMLReport.openFindings + 2 ? HTMLReport.openFindings : shown.count
    let folded = try table.clone(into: rest)
    if open > 0 {
      try fill(table, columns, with: shown.prefix(open), of: outcome, id: id)
    } else {
      table.remove()
    }
    if open < shown.count {
      try rest.fill("told", "\(formattedCount(shown.count - open)) more")
      try fill(folded, columns, with: shown.dropFirst(open), of: outcome, id: id)
    } else {
      rest.remove()
    }
    try fillEnd(of: card, with: outcome, share)
  }

  /// What is not told in rows, and what to do.
  private func fillEnd(of card: Element, with outcome: Outcome, _ share: FindingsShare) throws {
    let others = try fillFix(of: card, with: outcome, findings: share.rows, pasting: share.lines)
    let listing = try card.slot("listing")
    if share.lines.isEmpty {
      listing.remove()
    } else {
      try listing.fill("told", "\(formattedCount(share.lines.count)) more, in brief")
      try listing.fill("lines", others.joined(separator: "\n"))
    }
    try card.fill("more", orRemove: share.more)
  }

  private func fill(
    _ table: Element, _ columns: [String]?, with findings: ArraySlice<Finding>, of outcome: Outcome, id: String
  ) throws {
    try table.set("aria-label", "What was found: \(outcome.message)")
    try table.each("column", columns ?? []) { header, name in try header.set(text: name) }
    try table.each("finding", findings) { row, finding in
      let findingID = try mark(row, as: finding, of: outcome, id: id)
      try row.fill("object", finding.object)
      try fillAnchor(of: row, to: findingID, finding)
      try row.fill("message", finding.message)
      if columns == nil { try fillEvidence(of: row, with: finding) } else { try row.remove(slot: "evidence") }
      try row.each("cell", columns ?? []) { cell, name in
        let value = finding.evidence[name] ?? ""
        try cell.set("data-label", name)
        try cell.fill("value", value)
        try cell.slot("value").set("class", value.count < 16 ? "mono nowrap" : "mono")
      }
      report.slim(row)
    }
  }

  private func fillWaived(_ card: Element, with outcome: Outcome, id: String) throws {
    try card.fill("by", outcome.waiver?.by ?? "")
    let until = outcome.waiver?.until ?? ""
    let distance = distance(from: report.report.run.startedAt, to: until)
    try card.fill("until", until + (distance.map { " (\($0))" } ?? ""))
    if let file = report.report.settings.file {
      try card.fill("file", file)
    } else {
      try card.remove(slot: "file-label")
      try card.remove(slot: "file")
    }
    try card.fill("reason", orRemove: outcome.waiver?.reason)
    let share = report.room.share(outcome.findings)
    try card.each("finding", share.rows) { element, finding in
      let findingID = try mark(element, as: finding, of: outcome, id: id)
      try element.fill("object", finding.object)
      try fillAnchor(of: element, to: findingID, finding)
      try element.fill("message", finding.message)
      try fillEvidence(of: element, with: finding)
    }
    try fillEnd(of: card, with: outcome, share)
  }

  /// Gives a finding's element its class, its id, and what says what it is about.
  private func mark(_ element: Element, as finding: Finding, of outcome: Outcome, id: String) throws -> String {
    let findingID = report.anchors.unique("\(id).\(encodedName(finding.object))")
    try element.set("id", findingID)
    try element.set("class", [element["class"], "finding"].compactMap(\.self).joined(separator: " "))
    try element.mark(as: outcome)
    return findingID
  }

  private func fillAnchor(of element: Element, to id: String, _ finding: Finding) throws {
    let anchor = try element.slot("anchor")
    try anchor.set("href", "#\(id)")
    try anchor.set("aria-label", "Link to \(visibleOnOneLine(finding.object))")
  }

  private func fillEvidence(of element: Element, with finding: Finding) throws {
    let list = try element.slot("evidence")
    guard !finding.evidence.isEmpty else { return list.remove() }
    list.removeContent()
    for (name, value) in finding.evidence.sorted(by: { $0.key < $1.key }) {
      try list.append(element: "dt").append(text: name)
      try list.append(element: "dd").append(text: value)
    }
  }

  /// The names of the evidence as columns, where a table takes them; what only repeats the object is left out.
  private static func columns(of findings: ArraySlice<Finding>) -> [String]? {
    let names = Set(findings.flatMap(\.evidence.keys)).sorted()
    let telling = names.filter { name in
      !findings.allSatisfy { finding in finding.evidence[name].map { finding.object.hasSuffix($0) } ?? false }
    }
    return telling.count <= 4 ? telling : nil
  }

  // MARK: What to do

  /// Tells what to do about the findings that have rows. What is to be pasted for others joins it where the advice is
  /// the same; where it is another, it follows their lines.
  ///
  /// - Returns: the lines of the others.
  @discardableResult
  private func fillFix(
    of card: Element, with outcome: Outcome, findings: some Sequence<Finding>, pasting others: ArraySlice<Finding> = []
  ) throws -> [String] {
    var remedies = Remedy.remedies(for: findings)
    let places = Dictionary(uniqueKeysWithValues: zip(remedies.map(\.advice), remedies.indices))
    var lines = others.map(\.line)
    for remedy in Remedy.remedies(for: others) {
      if let place = places[remedy.advice] {
        remedies[place].paste = (remedies[place].paste + remedy.paste).uniqued
      } else {
        lines += remedy.lines
      }
    }
    try fill(card, with: outcome, remedies)
    return lines
  }

  private func fill(_ card: Element, with outcome: Outcome, _ remedies: [Remedy]) throws {
    let fix = try card.slot("fix")
    try fix.each("remedy", remedies) { element, remedy in
      try element.fill("text", orRemove: remedy.advice.text)
      let paste = remedy.paste.joined(separator: "\n")
      if paste.isEmpty {
        try element.remove(slot: "place")
        try element.remove(slot: "paste")
      } else {
        let block = try element.slot("paste")
        if remedy.paste.count > Remedy.maximumOnPaper {
          try block.set("class", "sql long")
          try element.slot("place").set("class", "place long")
        }
        try element.fill("place", orRemove: remedy.advice.place?.words(database: outcome.database))
        block.removeContent()
        try block.append(element: "code").append(text: paste)
      }
    }
    if remedies.isEmpty, fix.children.count == 1 {
      // Nothing to do, and nothing to read.
      return fix.remove()
    }
    guard let link = fix.all(where: "data-slot", is: "documentation").first else { return }
    try fix.fill("explain", "pgpreflight explain \(outcome.rule)")
    try link.set(text: Self.title(of: outcome.documentation))
    let address = Link(outcome.documentation)?.address
    try link.set("href", address)
    if address == nil { try link.set("rel", nil) }
  }

  /// An address as people read it: `PostgreSQL 16: sql-createindex`.
  private static func title(of address: String) -> String {
    var title = Substring(address)
    for prefix in ["https://", "www."] where title.hasPrefix(prefix) { title = title.dropFirst(prefix.count) }
    let page = title.hasSuffix("/") ? title.dropLast() : title.hasSuffix(".html") ? title.dropLast(5) : title
    let parts = page.split(separator: "/")
    guard parts.count == 4, parts[0] == "postgresql.org", parts[1] == "docs" else { return String(page) }
    let name = parts[3].replacing(".html#", with: ", ")
    return parts[2] == "current" ? "PostgreSQL: \(name)" : "PostgreSQL \(parts[2]): \(name)"
  }
}
