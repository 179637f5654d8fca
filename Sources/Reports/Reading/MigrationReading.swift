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
    ![.done, .waiting].contains(status)
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
    let statuses: [MigratedDatabase.Status] = [.done, .inStep, .waiting, .failed, .cancelled, .skipped]
    return statuses.compactMap { status in
      let count = databases(status).count
      return count == 0 ? nil : "\(formattedCount(count)) \(status.word)"
    }
  }
}

extension MigrationReport {
  /// In one or two words. A database that is replicated has not crossed before its cutover.
  var headline: String {
    switch status {
    case .done: databases(.inStep).isEmpty ? "Migrated" : "Replicating"
    case .waiting: databases(.inStep).isEmpty ? "First wave migrated" : "First wave replicating"
    case .failed: databases(.failed).isEmpty ? "Incomplete" : "Failed"
    case .cancelled: "Interrupted"
    }
  }
}

extension MigratedDatabase.Status {
  var word: String {
    switch self {
    case .done: "done"
    case .inStep: "caught up"
    case .failed: "failed"
    case .waiting: "waiting"
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
  var tables: Int { sum(of: \.tables) }
  var rows: Int { sum(of: \.rows) }
  var bytes: Int { sum(of: \.bytes) }

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
    return Int(saturating: Double(bytes) / copying)
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
    let what = verification.mode == .full ? "contents" : "counts"
    guard verification.mismatches.isEmpty else {
      return "\(counted(verification.mismatches.count, "difference")), \(what) of \(compared) compared"
    }
    let differing = verification.objectDifferences?.count ?? 0
    let objects = verification.objects.map { objects in
      "; \(differing == 0 ? "no difference" : counted(differing, "difference")) in \(counted(objects, "object")) of the schema"
    }
    return "\(what) equal in \(compared)\(verification.depthInWords.map { ": \($0)" } ?? "")\(objects ?? "")"
  }
}

extension Verification {
  /// `9 compared in full, 4 by a sample of rows, 1 by counts alone`; nil where all were compared alike.
  public var depthInWords: String? {
    guard mode == .sample, let sampledTables, let countedTables else { return nil }
    let parts = [
      (tables - sampledTables - countedTables, "compared in full"), (sampledTables, "by a sample of rows"),
      (countedTables, "by counts alone"),
    ]
    let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    return words.isEmpty ? nil : words
  }
}
