import Catalog

extension Rule {
  static let replicaIdentity = Rule(
    "replica-identity", "Every table has a replica identity",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-publication.html",
    explanation: Explanation(
      why: """
        A subscriber finds the row to change by its replica identity, by default the primary key. As soon as a table \
        without one is published, UPDATE and DELETE on it fail: on the source, for everybody. So it is not published, \
        and has to get across in another way.
        """,
      decides: """
        Each selected permanent table has a primary key that is not deferrable, or the index that REPLICA IDENTITY \
        USING INDEX names, or REPLICA IDENTITY FULL (replica-identity-full says whether that does). A warning for those \
        that are given one by --set-replica-identity until the cutover, and for those that are copied while writes are \
        blocked, where all that has to be copied then fits into --max-blocked-time; a blocker where it does not. With \
        --copy-at-cutover never: a blocker where the statistics show that rows of such a table are updated or deleted, \
        or where they are younger than a week or of unknown age; else a warning.
        """,
      fix: """
        Add a primary key; or name a unique index over columns that are NOT NULL; or else set REPLICA IDENTITY FULL, \
        where every column can be compared; or let a migration do it for the time it takes (--set-replica-identity).
        """),
    decide: .database { pair in
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).unidentifiedTables.value)
      guard count > 0 else { return .passed("Every table has a replica identity.") }
      let crossing = try pair.crossing()
      let given = Set(crossing.changes.map(\.qualifiedName))
      let days = try pair.database(on: .source)?.statisticsDays
      func findings(_ tables: [UnidentifiedTable]) -> [Finding] {
        Dictionary(grouping: tables) { Ailment(cause: $0.cause, remedy: $0.remedy) }.sorted { left, right in
          let (first, second) = (left.value.changes, right.value.changes)
          return first == second ? left.key < right.key : first > second
        }.map { finding($0.key, $0.value, statisticsDays: days) }
      }
      let late = tables.filter { !given.contains($0.qualifiedName) }
      let lateCount = count -| given.count
      var message = "\(count.counted("table has", "tables have")) no replica identity"
      var all: [Finding] = []
      if !given.isEmpty {
        message += "; \(given.count.counted("is", "are")) given one until the cutover"
        let changes = tables.filter { given.contains($0.qualifiedName) }
        all = [settled(changes, by: "given a replica identity on the source until the cutover", statisticsDays: days)]
        if late.isEmpty { return .failed("\(message).", all, severity: .warning) }
      }
      switch crossing.way {
      case .late:
        let fate = "copied while writes are blocked"
        message += "; \(lateCount.counted("is", "are")) \(fate) (\(crossing.words))."
        return .failed(message, [settled(late, by: fate, statisticsDays: days)] + all, severity: .warning)
      case .tooLong:
        message += "; \(lateCount.counted("is", "are")) too large to be copied while writes are blocked."
        return .failed(
          message, crossing.excess(in: pair.name) + findings(late) + all, severity: .blocker)
      case .none:
        let changed = late.count { $0.changes > 0 }
        let isUsed = try pair.isUsed(late.map(\.changes))
        message +=
          changed > 0
          ? "; rows of \(changed) are updated or deleted."
          : isUsed
            ? "; the statistics are too young to say that none is updated." : "; the statistics show no update."
        return .failed(message, findings(late) + all, severity: isUsed ? .blocker : .warning)
      }
    })
}

/// What is wrong with a table, and what to do about it.
private struct Ailment: Hashable, Comparable {
  enum Cause: Int {
    case noPrimaryKey, deferrableKey, indexGone, nothing

    func words(ofOne isOne: Bool) -> String {
      switch self {
      case .noPrimaryKey: isOne ? "it has no primary key" : "they have no primary key"
      case .deferrableKey: isOne ? "its primary key is deferrable" : "their primary keys are deferrable"
      case .indexGone:
        isOne
          ? "the index that is its replica identity is gone or invalid"
          : "the indexes that are their replica identities are gone or invalid"
      case .nothing: isOne ? "its REPLICA IDENTITY is NOTHING" : "their REPLICA IDENTITY is NOTHING"
      }
    }
  }
  enum Remedy: Int {
    case standard, usingIndex, full, primaryKey
  }

  var cause: Cause
  var remedy: Remedy

  static func < (left: Self, right: Self) -> Bool {
    (left.cause.rawValue, left.remedy.rawValue) < (right.cause.rawValue, right.remedy.rawValue)
  }
}

private func settled(_ tables: [UnidentifiedTable], by way: String, statisticsDays: Int?) -> Finding {
  let causes = Dictionary(grouping: tables, by: \.cause).sorted { $0.key.rawValue < $1.key.rawValue }
  let words = causes.map { "\($0.key.words(ofOne: $0.value.count == 1)) (\($0.value.count))" }.joined(separator: "; ")
  return Crossing.settled(
    tables,
    (
      one: causes.first?.key.words(ofOne: true) ?? "",
      several: causes.count == 1 ? causes[0].key.words(ofOne: false) : words
    ), evidence: evidence(of: tables, statisticsDays), way: way, advice: "A primary key makes a table replicable.")
}

private func evidence(of tables: [UnidentifiedTable], _ statisticsDays: Int?) -> [String: String] {
  [
    "tables": tables.map(\.qualifiedName).listed(atMost: 100), "rows updated or deleted": "\(tables.changes)",
    "statistics": statisticsDays.map { "of the last \($0.counted("day"))" } ?? "of unknown age",
  ]
}

private func finding(_ ailment: Ailment, _ tables: [UnidentifiedTable], statisticsDays: Int?) -> Finding {
  let isOne = tables.count == 1
  let shown = tables.prefix(100)
  let remediation =
    switch ailment.remedy {
    case .standard: Remediation("Let the primary key be the replica identity.", paste: script(shown), at: .source)
    case .usingIndex:
      Remediation(
        "Name a unique index over columns that are NOT NULL, or add a primary key.", paste: script(shown), at: .source)
    case .full:
      Remediation(
        """
        Add a primary key. Where there is none to be had, let the whole row be the identity: each changed row is then \
        written to WAL as it was, and looked for by all its columns (see replica-identity-full).
        """, paste: script(shown), at: .source)
    case .primaryKey:
      Remediation("Add a primary key: REPLICA IDENTITY FULL does not do where a column can't be compared.")
    }
  var evidence = evidence(of: tables, statisticsDays)
  if ailment.remedy == .primaryKey {
    evidence["not comparable"] = shown.flatMap(\.incomparable).listed(atMost: 20)
  }
  return Finding(
    isOne ? "table \(tables[0].qualifiedName)" : "\(tables.count) tables", ailment.cause.words(ofOne: isOne),
    evidence: evidence, remediation: remediation)
}

private func script(_ tables: some Collection<UnidentifiedTable>) -> String {
  tables.map { "ALTER TABLE \($0.qualifiedName) REPLICA IDENTITY \($0.identity);" }.joined(separator: "\n")
}

extension UnidentifiedTable {
  fileprivate var cause: Ailment.Cause {
    switch replident {
    case "n": .nothing
    case "i": .indexGone
    default: hasDeferrableKey ? .deferrableKey : .noPrimaryKey
    }
  }

  fileprivate var remedy: Ailment.Remedy {
    if hasPrimaryKey { return .standard }
    if candidateIndex != nil { return .usingIndex }
    return incomparable.isEmpty ? .full : .primaryKey
  }

  fileprivate var identity: String {
    if hasPrimaryKey { return "DEFAULT" }
    return candidateIndex.map { "USING INDEX \(quotedIdentifier($0))" } ?? "FULL"
  }
}

extension [UnidentifiedTable] {
  fileprivate var changes: Int { sum(of: \.changes) }
}
