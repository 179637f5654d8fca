import Assessment
import Catalog
import Markup
import Rules

/// What a migration has done: left out of the report of a check.
extension HTMLReport {
  /// So many of a list are told; the rest is in the JSON report.
  private static let maximumRows = 200
  /// With more databases the drawings are folded.
  private static let maximumOpen = 6

  func fillMigration(of page: Element) throws {
    guard let migration = report.migration else { return try removePart("migration") }
    try count(part: "migration", migration.databases.count)
    let part = try document.element(id: "migration")
    try part.set("data-migration", migration.status.rawValue)
    try part.slot("outcome").set(look: migration.look)
    try part.fill("times", times(of: migration))
    if migration.databases.isEmpty {
      try part.remove(slot: "databases")
    } else {
      try part.each("migrated", migration.databases) { body, database in
        try fill(body, with: database)
        try settle(body)
      }
      try fillTotals(of: part, migration)
    }
    try fillDifferences(of: part, migration)
    try fillPhases(of: part, migration)
    try fillRoles(of: part, migration)
  }

  /// `14 September 2026, 07:42 to 08:15 UTC (33 min 12 s)`
  private func times(of migration: MigrationReport) -> String {
    guard let start = Moment(migration.startedAt), let end = Moment(migration.finishedAt) else {
      return "\(migration.startedAt) to \(migration.finishedAt)"
    }
    let duration = migration.duration.map { " (\($0))" } ?? ""
    if start.inWords == end.inWords { return start.inWords + duration }
    if start.dayNumber != end.dayNumber { return "\(start.inWords) to \(end.inWords)\(duration)" }
    return "\(start.dayInWords), \(start.timeInWords) to \(end.timeInWords) UTC\(duration)"
  }

  // MARK: The databases

  private func fill(_ body: Element, with database: MigratedDatabase) throws {
    let row = try body.slot("row")
    let look = database.status.look
    let isBad = database.status == .failed
    try body.set("id", anchors.unique("migration.\(encodedName(database.name))"))
    try body.set("data-database", database.name)
    try body.set("data-status", database.status.rawValue)
    try row.set("class", isBad ? "blocked" : nil)
    try row.fill("name", database.name)
    let methods = ["dump": "dump and restore"]
    try row.fill("method", orRemove: database.method.map { methods[$0] ?? $0 })
    try row.slot("status").set(look: look)
    let isTried = database.hasNumbers
    try row.fill("tables", isTried ? formattedCount(database.tables) : "–")
    try row.fill("rows", isTried ? formattedCount(database.rows) : "–")
    try row.fill("size", isTried ? formattedBytes(database.bytes) : "–")
    try row.fill("duration", database.phases.isEmpty ? "–" : formattedDuration(database.durationSeconds))
    try row.fill("rate", orRemove: database.rate.map { "\(formattedBytes($0))/s" })
    try row.fill("verification", database.verificationInWords.map(capitalized) ?? "–")

    let said = try body.slot("said")
    if database.message.isEmpty {
      said.remove()
    } else {
      try said.set("class", isBad ? "said blocked" : "said")
      try said.fill("message", sentence(database.message))
    }
  }

  private func fillTotals(of part: Element, _ migration: MigrationReport) throws {
    let databases = migration.databases
    try part.fill("total-databases", counted(databases.count, "database"))
    try part.fill("total-counts", migration.countsInWords.joined(separator: " · "))
    try part.fill("total-tables", formattedCount(databases.tables))
    try part.fill("total-rows", formattedCount(databases.rows))
    try part.fill("total-size", formattedBytes(databases.bytes))
    try part.fill("total-duration", migration.duration ?? "–")
  }

  private func fillDifferences(of part: Element, _ migration: MigrationReport) throws {
    let differing = migration.databases.filter { $0.verification?.allMismatches.isEmpty == false }
    let all = differing.flatMap { database in
      (database.verification?.allMismatches ?? []).map { (database: database.name, difference: $0) }
    }
    guard !all.isEmpty else { return try part.remove(slot: "differences") }
    try part.fill(
      "difference-counts", "\(formattedCount(all.count)), in \(counted(differing.count, "database"))")
    try part.each("difference", all.prefix(Self.maximumRows)) { row, item in
      try row.fill("database", item.database)
      try row.fill("object", item.difference.object)
      try row.fill("message", item.difference.message)
      try settle(row)
    }
    let rest = all.count - Self.maximumRows
    try part.fill("difference-rest", orRemove: rest > 0 ? "and \(formattedCount(rest)) more in report.json" : nil)
  }

  // MARK: Where the time went

  private func fillPhases(of part: Element, _ migration: MigrationReport) throws {
    let drawn = migration.databases.filter { !$0.phases.isEmpty }
    guard !drawn.isEmpty else { return try part.remove(slot: "phases") }
    let slowest = max(drawn.map(\.durationSeconds).max() ?? 0, 0.001)
    if drawn.count > Self.maximumOpen { try part.slot("phases").set("open", nil) }
    try part.fill(
      "phase-note",
      drawn.count == 1
        ? "where the time went" : "where the time went; a full bar is \(formattedDuration(slowest))")
    try part.each("phases", drawn) { figure, database in
      try fill(figure, phasesOf: database, slowest: slowest)
      try settle(figure)
    }
  }

  /// Each phase has its own shade, the same in every bar; neighbours differ.
  private static let shades: [(css: String, phases: Set<String>)] = [
    ("bar-2", ["snapshot", "slot and snapshot", "schema", "rest of the schema", "verification"]),
    ("bar-1", ["dump of the schema", "data", "sequences", "subscription"]),
    ("bar-3", ["publication", "resumption", "database", "constraints", "statistics", "catching up"]),
  ]

  private func shade(of name: String, at place: Int) -> String {
    let shade = Self.shades.first { $0.phases.contains(name) } ?? Self.shades[place % Self.shades.count]
    return shade.css
  }

  private func fill(_ figure: Element, phasesOf database: MigratedDatabase, slowest: Double) throws {
    try figure.fill("title", database.name)
    try figure.fill("told", formattedDuration(database.durationSeconds))
    let phases = database.phases.map { phase in
      (name: phase.name, seconds: phase.durationSeconds.isFinite ? max(0, phase.durationSeconds) : 0)
    }
    let bar = try figure.slot("bar")
    let words = phases.map { "\(visibleOnOneLine($0.name)) \(formattedDuration($0.seconds))" }
    try bar.set("aria-label", "Phases of \(visibleOnOneLine(database.name)): \(words.joined(separator: ", "))")
    var start = 0.0
    try bar.each("phase", phases.enumerated()) { rect, phase in
      let (left, right) = (start / slowest * 1000, (start + phase.element.seconds) / slowest * 1000)
      try rect.set("class", shade(of: phase.element.name, at: phase.offset))
      try rect.set("x", tenths(left))
      // A gap between two, where there is room for one.
      try rect.set("width", tenths(right - left > 6 ? right - left - 2 : right - left))
      start += phase.element.seconds
    }
    try figure.each("key", zip(phases.enumerated(), words)) { item, key in
      try item.slot("colour").set("class", shade(of: key.0.element.name, at: key.0.offset))
      try item.fill("text", key.1)
    }
  }

  // MARK: Roles

  private func fillRoles(of part: Element, _ migration: MigrationReport) throws {
    let roles = migration.roles
    let box = try part.slot("migrated-roles")
    guard !roles.isEmpty else { return box.remove() }
    let statuses: [MigratedRole.Status] = [.created, .exists, .failed, .excluded]
    let counts = statuses.map { ($0, migration.roles($0).count) }.filter { $0.1 > 0 }
    try box.fill(
      "migrated-role-counts",
      counts.map { status, count in
        "\(formattedCount(count)) \(status == .exists && count > 1 ? "exist" : status.word)"
      }.joined(separator: " · "))
    let isRemarkable = roles.contains { $0.status == .failed || !$0.message.isEmpty || $0.passwordPlaceholder }
    if !isRemarkable { try box.set("open", nil) }
    try box.each("migrated-role", roles) { row, role in
      try row.fill("name", role.name)
      try row.slot("status").set(look: role.look)
      let password = role.passwordPlaceholder ? "It has a random password: see the file of --role-passwords." : nil
      let message = role.message.isEmpty ? nil : sentence(capitalized(role.message))
      let note = [message, password].compactMap(\.self).joined(separator: " ")
      try row.fill("note", note.isEmpty ? "–" : note)
      try settle(row)
    }
  }
}

extension MigrationReport {
  var look: Look {
    switch status {
    case .done: Look(css: "ready", icon: "passed", word: headline)
    case .failed: Look(css: "blocked", icon: "blocked", word: headline)
    case .waiting, .cancelled: Look(css: "undecided", icon: "undetermined", word: headline)
    }
  }
}

extension MigratedDatabase.Status {
  fileprivate var look: Look {
    let word = capitalized(self.word)
    return switch self {
    case .done, .inStep: Look(css: "ready", icon: "passed", word: word)
    case .failed: Look(css: "blocked", icon: "blocked", word: word)
    case .cancelled: Look(css: "undecided", icon: "undetermined", word: word)
    case .skipped, .waiting: Look(css: "skipped", icon: "skipped", word: word)
    }
  }
}

extension MigratedRole {
  fileprivate var look: Look {
    let word = capitalized(status.word)
    return switch status {
    case .created where !message.isEmpty: Look(css: "warning", icon: "warning", word: word)
    case .created, .exists: Look(css: "passed", icon: "passed", word: word)
    case .failed: Look(css: "blocked", icon: "blocked", word: word)
    case .excluded: Look(css: "skipped", icon: "skipped", word: word)
    }
  }
}
