/// What has changed in the schema of a database since its replication was set up, as logical replication carries none of
/// it. What is the same on both sides is no drift, whoever has made it.
public struct SchemaDrift: Codable, Sendable, Equatable {
  public var source: [ObjectChange] = []
  public var target: [ObjectChange] = []

  public init() {}

  /// What the target would be wrong with: all of the source's changes, and what the target has no more or otherwise. What
  /// somebody has made on the target besides is in nobody's way.
  func obstacles(_ accepted: AcceptedDrift) -> (source: [ObjectChange], target: [ObjectChange]) {
    (source.filter { !accepted.accepts($0) }, target.filter { $0.change != .created && !accepted.accepts($0) })
  }

  /// Why a cutover would lose something; nil where it would not.
  public func obstacle(_ accepted: AcceptedDrift = AcceptedDrift()) -> String? {
    let (source, target) = obstacles(accepted)
    let sides = [("source", source), ("target", target)].filter { !$0.1.isEmpty }
    guard !sides.isEmpty else { return nil }
    let words = sides.map { side, changes in "on the \(side): \(Self.listed(changes))" }
    return "the schema has changed since the replication was set up, \(words.joined(separator: "; ")); "
      + "make the same changes on the other side, or accept them by --accept-drift"
  }

  /// The same for one that may not be known.
  static func obstacle(_ drift: SchemaDrift?, _ accepted: AcceptedDrift) -> String? {
    guard let drift else { return accepted.acceptsAll ? nil : unknown + "; accept that by --accept-drift all" }
    return drift.obstacle(accepted)
  }

  public static let unknown =
    "could not determine whether the schema has changed: the target does not hold what there was at set-up"

  /// The first few in words.
  public static func listed(_ changes: [ObjectChange], limit: Int = 3) -> String {
    changes.prefix(limit).map(\.words).joined(separator: ", ")
      + (changes.count > limit ? " and \(changes.count - limit) more" : "")
  }
}

/// An object that one side has otherwise than when the replication was set up.
struct ChangedObject: Sendable {
  var before: SchemaObject?
  var after: SchemaObject?
  /// What the other side has of that name now.
  var other: SchemaObject?

  var object: SchemaObject? { after ?? before }
}

extension SchemaDrift {
  /// - Parameters:
  ///   - handled: quoted names of tables of the source of which the cutover takes care, or that are not its concern.
  ///   - isSameVersion: whether both servers write definitions in the same words.
  init(source: [ChangedObject], target: [ChangedObject], handled: Set<String>, isSameVersion: Bool) {
    let comparison = Comparison(isSameVersion: isSameVersion)
    let here = comparison.changes(source, isSource: true, handled: handled)
    let known = Set(here.map(\.key))
    self.source = here.map(\.change)
    self.target = comparison.changes(target, isSource: false, handled: handled).filter { !known.contains($0.key) }
      .map(\.change)
  }

  private struct Told {
    var change: ObjectChange
    var key: String { "\(change.kind) \(change.identity)\u{0}\(change.part ?? "")\u{0}\(change.aspect ?? "")" }
  }

  private struct Comparison {
    var isSameVersion: Bool

    func changes(_ objects: [ChangedObject], isSource: Bool, handled: Set<String>) -> [Told] {
      let dropped = Set(objects.filter { $0.after == nil }.compactMap { $0.before?.identity })
      // Partitions that were attached or detached.
      let moved = Set(
        objects.filter {
          $0.before != nil && $0.after != nil && $0.before?["partition of"] != $0.after?["partition of"]
        }
        .compactMap { $0.after?.identity })
      return objects.sorted { Self.order($0) < Self.order($1) }.flatMap { changed -> [Told] in
        guard let object = changed.object else { return [] }
        if handled.contains(object.relation ?? object.identity), changed.before == nil { return [] }
        // It comes and goes with its column.
        if object.kind == "identity sequence", changed.before == nil || changed.after == nil { return [] }
        // It goes with its table, and attaching the table makes it.
        if object.kind == "index", let relation = object.relation, moved.contains(relation),
          changed.before?["partition of"] != changed.after?["partition of"]
        {
          return []
        }
        // What goes with a table that is gone is gone with it.
        if changed.after == nil, let relation = object.relation, dropped.contains(relation) { return [] }
        return changes(changed, object, isSource: isSource).map { Told(change: $0) }
      }
    }

    /// In which statements can be run one after the other: what depends on others is dropped before and made after them.
    private static func order(_ changed: ChangedObject) -> (Int, String) {
      guard let object = changed.object else { return (0, "") }
      let rank = kinds.firstIndex(of: object.kind) ?? kinds.count
      return (changed.after == nil ? -1 - rank : rank, object.name)
    }

    private static let kinds = [
      "database", "schema", "extension", "language", "access method", "collation", "conversion", "type", "domain",
      "foreign-data wrapper", "server", "user mapping", "sequence", "function", "procedure", "aggregate", "operator",
      "operator family", "operator class", "cast", "transform", "text search template", "text search parser",
      "text search dictionary", "text search configuration", "table", "foreign table", "view", "materialized view",
      "index", "constraint", "statistics", "rule", "trigger", "policy",
    ]

    private func changes(_ changed: ChangedObject, _ object: SchemaObject, isSource: Bool) -> [ObjectChange] {
      func told(_ kind: ObjectChange.Kind, _ difference: ObjectDifference? = nil) -> ObjectChange {
        var change = ObjectChange(
          kind: object.kind, identity: object.identity, change: kind,
          part: difference.flatMap { $0.part.isEmpty ? nil : $0.part }, aspect: difference?.aspect)
        // What the other side lacks, there.
        if isSource {
          change.statement = ChangeStatement.sql(change, difference, from: changed.other, to: changed.after ?? object)
        }
        return change
      }
      switch (changed.before, changed.after) {
      case (nil, let after?):
        guard let other = changed.other else { return [told(.created)] }
        return differences(of: after, since: other, created: true).map { tell($0, told) }
      case (_?, nil): return changed.other == nil ? [] : [told(.dropped)]
      case (let before?, let after?):
        let differences = after.differences(since: before)
        guard let other = changed.other else {
          // It was never carried, or the target has dropped it, which is told there.
          return []
        }
        return collapsed(differences.filter { !isSame($0, in: other) }).map { tell($0, told) }
      case (nil, nil): return []
      }
    }

    private func tell(
      _ difference: ObjectDifference, _ told: (ObjectChange.Kind, ObjectDifference?) -> ObjectChange
    ) -> ObjectChange {
      if difference.part.isEmpty, difference.aspect == "partition of" {
        var change = told(difference.after == nil ? .detached : .attached, difference)
        change.aspect = difference.after ?? difference.before
        return change
      }
      guard difference.aspect == nil else { return told(.changed, difference) }
      return told(difference.after == nil ? .dropped : .created, difference)
    }

    /// A partition that is attached elsewhere has other bounds with that.
    private func collapsed(_ differences: [ObjectDifference]) -> [ObjectDifference] {
      guard differences.contains(where: { $0.aspect == "partition of" }) else { return differences }
      return differences.filter { $0.aspect != "partition bound" }
    }

    private func differences(of after: SchemaObject, since other: SchemaObject, created: Bool) -> [ObjectDifference] {
      collapsed(
        after.differences(since: other).filter { difference in
          if let aspect = difference.aspect, !isSameVersion, Self.isWritten(aspect) { return false }
          return !isSame(difference, in: other)
        })
    }

    /// Whether the other side has what this one has now.
    private func isSame(_ difference: ObjectDifference, in other: SchemaObject) -> Bool {
      let part = other.parts[difference.part]
      guard let aspect = difference.aspect else { return (part == nil) == (difference.after == nil) }
      let value = part?[aspect]
      if value == difference.after { return true }
      guard !isSameVersion, let value, let after = difference.after else { return false }
      if aspect == "privileges" { return Privilege.common(value) == Privilege.common(after) }
      return Self.isWritten(aspect) && Self.plain(value) == Self.plain(after)
    }

    /// What servers of different versions may write in different words, or have in other versions.
    private static func isWritten(_ aspect: String) -> Bool {
      [
        "definition", "default", "generation expression", "USING", "WITH CHECK", "partition bound", "partition key",
        "tables", "version",
      ].contains(aspect)
    }

    private static func plain(_ text: String) -> String { text.filter { !$0.isWhitespace && !"()".contains($0) } }
  }
}
