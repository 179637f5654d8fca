import FoundationEssentials
import Postgres

/// One object of a database, as it is compared: what it is called, and what it is by aspect.
struct SchemaObject: Sendable, Equatable {
  /// In PostgreSQL's words: `table`, `materialized view`.
  var kind: String
  /// Qualified and quoted as in SQL; with the table that it is on, where names are the table's: `p on public.orders`.
  var identity: String
  /// The table that it goes with: that of an index, say, or of the column that owns a sequence.
  var relation: String?
  /// By part (`column v`; empty for the object itself), then by aspect (`default`).
  var parts: [String: [String: String]]

  var name: String { "\(kind) \(identity)" }
  /// Its own name, without the table's.
  var ownName: String {
    guard let relation, identity.hasSuffix(" on \(relation)") else { return identity }
    return String(identity.dropLast(" on \(relation)".count))
  }

  subscript(aspect: String) -> String? { parts[""]?[aspect] }

  init(kind: String, identity: String, relation: String? = nil, parts: [String: [String: String]]) {
    self.kind = kind
    self.identity = identity
    self.relation = relation
    self.parts = parts
  }

  /// - Parameter detail: as `ObjectStatements` have it.
  /// - Returns: nil for what is none.
  init?(kind: String, identity: String, relation: String?, detail: String) {
    guard let detail = try? JSONDecoder().decode(Detail.self, from: Data(detail.utf8)) else { return nil }
    var parts = detail.parts
    var own = detail.aspects
    own["comment"] = detail.comment
    own["security labels"] = detail.labels
    parts[""] = own
    parts = Dictionary(
      parts.map { part, aspects in
        let values = aspects.map { ($0.key, Self.alike($0.key, $0.value)) }
        return (Quoting.withoutUnequalQuotes(part), Dictionary(uniqueKeysWithValues: values))
      }, uniquingKeysWith: { first, _ in first })
    self.init(kind: kind, identity: identity, relation: relation, parts: parts)
  }

  /// What was written by users is kept as it is; in what the servers have written, not all of them quote the same words.
  private static func alike(_ aspect: String, _ value: String) -> String {
    let own: Set = [
      "comment", "labels", "security labels", "privileges", "owner", "value", "options", "foreign options",
      "storage parameters", "storage parameters of TOAST",
    ]
    return own.contains(aspect) ? value : Quoting.withoutUnequalQuotes(value)
  }

  private struct Detail: Decodable {
    var aspects: [String: String]
    var parts: [String: [String: String]]
    var comment: String?
    var labels: String?

    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      aspects = try values.decode([String: String].self)
      parts = try values.decodeIfPresent([String: [String: String]].self) ?? [:]
      comment = try values.decodeIfPresent(String.self)
      labels = try values.decodeIfPresent(String.self)
    }
  }
}

/// Where two states of an object differ.
struct ObjectDifference: Sendable, Equatable {
  var part: String
  /// nil: the whole part is there, or not.
  var aspect: String?
  var before: String?
  var after: String?
}

extension SchemaObject {
  /// What is not as it was, parts in the order of their names.
  func differences(since before: SchemaObject) -> [ObjectDifference] {
    Set(parts.keys).union(before.parts.keys).sorted().flatMap { part -> [ObjectDifference] in
      switch (before.parts[part], parts[part]) {
      case (nil, nil): []
      case (nil, _?): [ObjectDifference(part: part, aspect: nil, before: nil, after: "")]
      case (_?, nil): [ObjectDifference(part: part, aspect: nil, before: "", after: nil)]
      case (let old?, let new?):
        Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map {
          ObjectDifference(part: part, aspect: $0, before: old[$0], after: new[$0])
        }
      }
    }
  }
}
