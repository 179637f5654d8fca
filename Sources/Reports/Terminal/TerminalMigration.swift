import Assessment
import Catalog

/// What a migration has done: each database, what to do about those that are not done, the roles, and the check before
/// it in a line.
extension TerminalSummary {
  /// A message of a database takes so many lines at most, without `-v`; so many roles are told one by one.
  private static let shown = (lines: 10, roles: 10)

  func blocks(of migration: MigrationReport, written: [String]) -> [[String]] {
    [
      [title], databases(of: migration), steps(after: migration), roles(of: migration),
      style.verbose ? results : check, remarks, closing(of: migration, written: written),
    ]
  }

  private var dash: String { style.unicode ? "–" : "-" }

  private func tone(of status: MigratedDatabase.Status) -> TerminalStyle.Tone {
    switch status {
    case .done, .inStep: .ready
    case .failed: .blocked
    case .cancelled: .undetermined
    case .skipped, .waiting: .skipped
    }
  }

  // MARK: The databases

  private func databases(of migration: MigrationReport) -> [String] {
    let all = migration.databases
    guard !all.isEmpty else { return ["  There was no database to migrate."] }
    var shown = all
    if !style.verbose, all.count > Self.shownDatabases {
      shown = Array(all.filter { !$0.status.isGood }.prefix(Self.shownDatabases))
    }
    var lines = shown.isEmpty ? [] : table(of: shown)
    if shown.count < all.count {
      let others = shown.isEmpty ? "" : "more "
      let brief = migration.countsInWords.joined(separator: ", ")
      lines += wrapped(
        "\(counted(all.count - shown.count, "\(others)database")); all in all: \(brief) (-v lists them)",
        to: style.width - 2
      ).map { "  \($0)" }
    }
    return lines
  }

  /// A line for each database, and under it what was verified, or why it is not done.
  private func table(of databases: [MigratedDatabase]) -> [String] {
    let names = databases.map { style.plain($0.name) }
    var header = ["TABLES", "ROWS", "SIZE", "TIME", "RATE"]
    var rows = databases.map { database in
      !database.hasNumbers
        ? header.map { _ in dash }
        : [
          formattedCount(database.tables), formattedCount(database.rows), formattedBytes(database.bytes),
          database.phases.isEmpty ? dash : formattedDuration(database.durationSeconds),
          database.rate.map { "\(formattedBytes($0))/s" } ?? dash,
        ].map(style.plain)
    }
    func widths() -> [Int] {
      header.indices.map { column in ([header] + rows).map { columns(of: $0[column]) }.max() ?? 0 }
    }
    let statusWidth = databases.map { columns(of: $0.status.word) + 2 }.max() ?? 0
    let named = min(max(8, names.map { columns(of: $0) }.max() ?? 0), 24)
    func room() -> Int { style.width - 4 - max(6, statusWidth) - widths().reduce(0) { $0 + $1 + 2 } }
    // Where it gets narrow, what can be told from the others goes first.
    while room() < min(named, 12), header.count > 1 {
      header.removeLast()
      rows = rows.map { Array($0.dropLast()) }
    }
    let nameWidth = max(min(named, room()), 8)
    let cells = widths()

    func line(_ name: String, _ status: String, _ row: [String]) -> String {
      "  \(padded(name, to: nameWidth))  \(status)"
        + zip(row, cells).map { "  " + padded($0, to: $1, right: true) }.joined()
    }
    var lines = [line("DATABASE", padded("STATUS", to: max(6, statusWidth)), header)]
    for ((database, name), row) in zip(zip(databases, names), rows) {
      let short = shortened(name, to: nameWidth, unicode: style.unicode)
      let status =
        "\(style.icon(tone(of: database.status))) \(padded(database.status.word, to: max(6, statusWidth) - 2))"
      lines.append(line(short, status, row))
      lines += remarks(on: database)
    }
    return lines
  }

  private func remarks(on database: MigratedDatabase) -> [String] {
    let indent = 4
    var texts: [String] = []
    if !database.message.isEmpty { texts.append(database.message) }
    if let verified = database.verificationInWords { texts.append(verified) }
    let mismatches = database.verification?.allMismatches ?? []
    let told = style.verbose ? mismatches[...] : mismatches.prefix(3)
    texts += told.map { "\($0.object): \($0.message)" }
    if told.count < mismatches.count { texts.append("and \(formattedCount(mismatches.count - told.count)) more") }
    return texts.flatMap { text -> [String] in
      var lines = wrapped(style.plain(text), to: style.width - indent)
      if !style.verbose, lines.count > Self.shown.lines {
        lines = lines.prefix(Self.shown.lines - 1) + ["(-v: the rest of it)"]
      }
      return lines.map { String(repeating: " ", count: indent) + $0 }
    }
  }

  // MARK: What to do

  private func steps(after migration: MigrationReport) -> [String] {
    let failed = migration.databases(.failed)
    let waiting = migration.databases(.waiting)
    let text: String
    if !failed.isEmpty || migration.status == .cancelled {
      let start = failed.isEmpty ? "Run" : "Remove the cause, then run"
      text =
        migration.canBeResumed
        ? "\(start) the same command with --resume: what is finished stays finished"
        : "\(start) the same command again: nothing was begun that --resume could go on with"
    } else if !waiting.isEmpty {
      text =
        "Cut over what is replicated (pgpreflight cutover), then run: pgpreflight migrate --include-database "
        + style.plain(includeList(waiting))
    } else {
      return []
    }
    return wrapped(text, to: style.width - 3).enumerated().map { number, line in
      number == 0 ? "\(style.arrow) \(line)" : "\(style.unicode ? "  " : "   ")\(line)"
    }
  }

  private func roles(of migration: MigrationReport) -> [String] {
    var lines: [String] = []
    let broken = migration.roles(.failed)
    let told =
      broken.map { ($0, "could not be created: \($0.message)", TerminalStyle.Tone.blocked) }
      + migration.rolesWithNotes.map { ($0, $0.message, .warning) }
    let shown = style.verbose ? told[...] : told.prefix(Self.shown.roles)
    for (role, text, tone) in shown {
      lines += labelled(style.plain(text), subject: "role \(style.plain(role.name))", rule: nil, tone)
    }
    if shown.count < told.count {
      let rest = counted(told.count - shown.count, "more role")
      lines += labelled(
        "\(rest) could not be created as on the source (-v lists them)", subject: nil, rule: nil,
        broken.count > shown.count ? .blocked : .warning)
    }
    let placeholders = migration.rolesWithNewPasswords.map { style.plain($0.name) }
    if !placeholders.isEmpty {
      let verb = placeholders.count == 1 ? "has" : "have"
      let names = style.verbose ? placeholders.joined(separator: ", ") : listing(placeholders)
      lines += labelled(
        "\(counted(placeholders.count, "role")) \(verb) a random password, to be found in the file of "
          + "--role-passwords: \(names)", subject: nil, rule: nil, .warning)
    }
    return lines
  }

  // MARK: The end

  /// The check that came before, briefly: it has been read, and the plan carried out.
  private var check: [String] {
    let counts = report.summary.toLookAt
    guard !counts.isEmpty else { return [] }
    return labelled(
      "The check before it: \(counts.joined(separator: ", ")) (-v lists them)", subject: nil, rule: nil, .warning)
  }

  private func closing(of migration: MigrationReport, written: [String]) -> [String] {
    let tone: TerminalStyle.Tone =
      switch migration.status {
      case .done: .ready
      case .failed: .blocked
      case .waiting, .cancelled: .undetermined
      }
    let parts = migration.countsInWords + migration.databases.arrived
    return closing(migration.headline, tone, parts.map(style.plain), written: written)
  }
}
