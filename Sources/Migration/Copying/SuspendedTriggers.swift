import Postgres

// What is copied or emptied again by a run that goes on with another one may have its triggers and rules already.

extension Connection {
  /// These statements of one transaction, with the triggers and rules of some tables suspended while they run.
  func suspendingTriggers(of tables: Set<String>, during statements: [Statement]) async throws -> [Statement] {
    let triggers = try await query(FiringTrigger.sql).decode(FiringTrigger.self).filter { tables.contains($0.table) }
    return triggers.map { Statement($0.disabling) } + statements + triggers.map { Statement($0.enabling) }
  }
}

extension DatabaseMigration {
  /// The parts with what would act on their rows.
  func suspendingTriggers(of parts: [TablePart], _ resumption: Resumption) async throws -> [TablePart] {
    guard !parts.isEmpty, resumption.steps.keys.contains(where: { $0.hasPrefix("rest") }) else { return parts }
    let triggers = try await target.session(in: name, for: "looking for triggers") {
      Dictionary(grouping: try await $0.query(FiringTrigger.sql).decode(FiringTrigger.self), by: \.table)
    }
    return parts.map { part in
      var part = part
      part.suspendedTriggers = triggers[part.table.name] ?? []
      return part
    }
  }
}
