import Assessment
import Catalog

/// What several formats tell of a migration.
extension MigrationReport {
  func databases(_ status: MigratedDatabase.Status) -> [MigratedDatabase] { databases.filter { $0.status == status } }

  func roles(_ status: MigratedRole.Status) -> [MigratedRole] { roles.filter { $0.status == status } }

  /// Created, but not quite as they are on the source.
  var rolesWithNotes: [MigratedRole] { roles.filter { $0.status != .failed && !$0.message.isEmpty } }

  var rolesWithNewPasswords: [MigratedRole] { roles.filter(\.passwordPlaceholder) }

  /// Whether the target holds something that `--resume` goes on with: the journal of at least one database.
  var canBeResumed: Bool {
    status != .done
      && databases.contains { database in
        let phases = database.phases.map(\.name)
        let begun = phases.firstIndex(of: "database").map { $0 + 1 < phases.count } ?? false
        return database.status == .done || database.status == .inStep || begun || phases.contains("resumption")
      }
  }

  /// From start to finish, in whole seconds, as the moments are: `7 s`, `12 min 4 s`.
  var duration: String? {
    guard let start = Moment(startedAt), let end = Moment(finishedAt) else { return nil }
    let seconds = max(0, end.secondNumber - start.secondNumber)
    return seconds < 60 ? "\(seconds) s" : formattedDuration(Double(seconds))
  }

  /// `2 done, 1 failed`
  var countsInWords: [String] {
    let statuses: [MigratedDatabase.Status] = [.done, .inStep, .failed, .cancelled, .skipped]
    return statuses.compactMap { status in
      let count = databases(status).count
      return count == 0 ? nil : "\(formattedCount(count)) \(status.word)"
    }
  }
}

extension MigrationReport.Status {
  var headline: String {
    switch self {
    case .done: "Migrated"
    case .failed: "Failed"
    case .cancelled: "Interrupted"
    }
  }
}

extension MigratedDatabase.Status {
  var word: String {
    switch self {
    case .done: "done"
    case .inStep: "in step"
    case .failed: "failed"
    case .skipped: "left out"
    case .cancelled: "interrupted"
    }
  }

  var isGood: Bool { self == .done || self == .inStep }
}

extension MigratedRole.Status {
  var word: String {
    switch self {
    case .created: "created"
    case .exists: "exists"
    case .failed: "failed"
    case .excluded: "left out"
    }
  }
}

extension [MigratedDatabase] {
  /// What arrived in all of them.
  var tables: Int { reduce(0) { $0 + $1.tables } }
  var rows: Int { reduce(0) { $0 + $1.rows } }
  var bytes: Int { reduce(0) { $0 + $1.bytes } }

  /// `16 tables`, `773,002 rows`, `53.1 MB`
  var arrived: [String] { [counted(tables, "table"), counted(rows, "row"), formattedBytes(bytes)] }
}

extension MigratedDatabase {
  /// Of all its phases.
  var durationSeconds: Double {
    phases.reduce(0) { $0 + ($1.durationSeconds.isFinite ? max(0, $1.durationSeconds) : 0) }
  }

  /// How fast its rows came, in bytes a second; nil where none did.
  var rate: Int? {
    let copying = phases.filter { $0.name == "data" }.reduce(0) { $0 + $1.durationSeconds }
    guard bytes > 0, copying.isFinite, copying > 0.001, Double(bytes) / copying < 1e15 else { return nil }
    return Int(Double(bytes) / copying)
  }

  /// A run that was resumed has nothing left to do in it; what arrived and was verified is in the report of that run.
  var wasDoneBefore: Bool { status == .done && phases.last?.name == "resumption" }

  /// Whether this run did anything of which there are numbers.
  var hasNumbers: Bool { !wasDoneBefore && (status.isGood || !phases.isEmpty) }

  /// `counts equal in 27 tables`; nil where there was nothing to verify.
  var verificationInWords: String? {
    if wasDoneBefore { return "done by an earlier run" }
    guard let verification, verification.mode != .none else { return status.isGood ? "not verified" : nil }
    let compared = counted(verification.tables, "table")
    let what = verification.mode == .counts ? "counts" : "contents"
    guard verification.mismatches.isEmpty else {
      return "\(counted(verification.mismatches.count, "difference")), \(what) of \(compared) compared"
    }
    return "\(what) equal in \(compared)"
  }
}

// MARK: - The verdict

/// The sentence under the headline of a migration.
func lede(of migration: MigrationReport) -> [Piece] {
  let all = migration.databases
  guard !all.isEmpty else { return [.text("There was no database to migrate.")] }
  let good = all.filter(\.status.isGood)
  var pieces: [Piece] = []
  if good.count == all.count {
    let who = all.count == 1 ? "The database was" : all.count == 2 ? "Both databases were" : "All \(all.count) were"
    pieces.append(.text("\(who) migrated: \(all.arrived.joined(separator: ", "))."))
  } else {
    for (status, one, many) in [
      (MigratedDatabase.Status.failed, " was not migrated.", " were not migrated."),
      (.cancelled, " was not finished.", " were not finished."), (.skipped, " was left out.", " were left out."),
    ] {
      let databases = migration.databases(status)
      guard !databases.isEmpty else { continue }
      pieces.append(.text(pieces.isEmpty ? "" : " "))
      pieces += names(of: databases) + [.text(databases.count == 1 ? one : many)]
    }
    if !good.isEmpty {
      let others = good.count == 1 ? "The other one is" : "The other \(numberWord(good.count)) are"
      pieces.append(.text(" \(others) done: \(good.arrived.joined(separator: ", "))."))
    }
  }
  let fresh = good.filter { !$0.wasDoneBefore }
  let verified = fresh.filter { ($0.verification?.mode ?? .none) != .none }
  if !fresh.isEmpty {
    let what = verified.contains { $0.verification?.mode == .full } ? "contents" : "counts"
    let tables = verified.reduce(0) { $0 + ($1.verification?.tables ?? 0) }
    let which = verified.count == fresh.count ? "in all that was compared" : "where that was compared"
    pieces.append(
      .text(
        verified.isEmpty
          ? " Nothing was verified."
          : " Source and target have equal \(what) \(which): \(counted(tables, "table"))."))
  }
  return pieces
}

/// Up to three by name.
private func names(of databases: [MigratedDatabase]) -> [Piece] {
  guard databases.count <= 3 else { return [.text(counted(databases.count, "database"))] }
  var pieces: [Piece] = [.text(databases.count == 1 ? "Database " : "Databases ")]
  for (number, database) in databases.enumerated() {
    if number > 0 { pieces.append(.text(number == databases.count - 1 ? " and " : ", ")) }
    pieces.append(.strong(database.name))
  }
  return pieces
}

/// What to do after a migration: what failed, how to go on, what roles still need, and then the applications.
func nextSteps(after migration: MigrationReport) -> [NextStep] {
  var steps: [NextStep] = []
  let failed = migration.databases(.failed)
  for database in failed.prefix(2) {
    let message = sentence(firstSentence(of: database.message.isEmpty ? "It failed" : database.message))
    steps.append(NextStep(subject: database.name, pieces: [.link(message, to: .part("migration"))]))
  }
  if failed.count > 2 {
    steps.append(
      NextStep(
        pieces: [
          .text("\(capitalized(numberWord(failed.count - 2))) more failed: see the "),
          .link("migration", to: .part("migration")), .text("."),
        ]))
  }
  if migration.status == .cancelled || !failed.isEmpty { steps.append(NextStep(pieces: goOn(with: migration))) }
  let left = migration.databases(.skipped)
  if !left.isEmpty {
    let who = left.count <= 3 ? joined(left.map(\.name)) : counted(left.count, "database")
    steps.append(
      NextStep(
        subject: who,
        pieces: [
          .text("Left out. What stands in the way is in the "), .link("plan", to: .part("plan")),
          .text("; \(left.count == 1 ? "it" : "they") can be migrated later, with "), .code("--include-database"),
          .text("."),
        ]))
  }
  let (broken, noted) = (migration.roles(.failed), migration.rolesWithNotes)
  if !broken.isEmpty || !noted.isEmpty {
    let parts = [
      broken.isEmpty ? nil : "\(counted(broken.count, "role")) could not be created",
      noted.isEmpty ? nil : "\(counted(noted.count, "role")) \(noted.count == 1 ? "lacks" : "lack") something",
    ]
    steps.append(
      NextStep(pieces: [.link(sentence(capitalized(joined(parts.compactMap(\.self)))), to: .part("migration-roles"))]))
  }
  let placeholders = migration.rolesWithNewPasswords
  if !placeholders.isEmpty {
    let verb = placeholders.count == 1 ? "has" : "have"
    steps.append(
      NextStep(
        pieces: [
          .link(counted(placeholders.count, "role"), to: .part("migration-roles")),
          .text(" \(verb) a random password: hand out what stands in the file of "), .code("--role-passwords"),
          .text(", or set others."),
        ]))
  }
  if migration.databases.contains(where: \.status.isGood) {
    let since = Moment(migration.startedAt).map { " since \($0.inWords)" } ?? " since the copy began"
    let which = migration.status == .done ? "" : " of what is done"
    steps.append(
      NextStep(
        pieces: [
          .text("Point the applications\(which) to the target. What was written to the source\(since) is not there.")
        ]))
  }
  return steps
}

private func goOn(with migration: MigrationReport) -> [Piece] {
  let cause = migration.databases(.failed).isEmpty ? "Run" : "Remove the cause, then run"
  guard migration.canBeResumed else {
    return [.text("\(cause) the same command again: nothing was begun that would have to be gone on with.")]
  }
  return [
    .text("\(cause) the same command with "), .code("--resume"),
    .text(": what is finished stays finished."),
  ]
}
