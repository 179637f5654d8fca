/// One property of one object, as a server's catalogs tell it.
struct Detail: Hashable, Sendable {
  /// `table`, `column`, `function`, …: the name of the query that has read it.
  var kind: String
  /// The name, qualified and not quoted.
  var object: String
  var property: String
}

/// Where the target is not what the source is.
struct Difference: Hashable, Sendable, CustomStringConvertible {
  var kind: String
  var object: String
  /// `existence` where one side lacks the object.
  var property: String
  /// nil: it is not there.
  var source: String?
  var target: String?

  var description: String {
    func shown(_ value: String?) -> String { value.map { "«\($0.prefix(200))»" } ?? "nothing" }
    return "\(kind) \(object): \(property): \(shown(source)) → \(shown(target))"
  }
}

/// What is compared of a database or a cluster: shares nothing with the product but libpq.
struct Contents: Sendable {
  var details: [Detail: String?] = [:]
  /// Of each table: how often each row is there, by its digest and the beginning of its text.
  var rows: [String: [String: Int]] = [:]
  /// What could not be read.
  var failures: [String] = []

  /// - Parameter reference: the source's schema as the target's own version words it. A definition that is worded so
  ///   on the target is the same.
  static func differences(_ source: Contents, _ target: Contents, reference: Contents? = nil) -> [Difference] {
    var found: [Difference] = []
    let sides = [source, target].map { side in Set(side.details.keys.map { Named(kind: $0.kind, object: $0.object) }) }
    for object in sides[0].symmetricDifference(sides[1]) {
      let isThere = sides[0].contains(object)
      found.append(
        Difference(
          kind: object.kind, object: object.object, property: "existence", source: isThere ? "there" : nil,
          target: isThere ? nil : "there"))
    }
    for (detail, value) in source.details {
      guard let other = target.details[detail], other != value else { continue }
      if let reference, reference.details[detail] == .some(other), Self.isWorded(detail.property) { continue }
      found.append(
        Difference(
          kind: detail.kind, object: detail.object, property: detail.property, source: value, target: other))
    }
    for (table, rows) in source.rows {
      guard let others = target.rows[table], others != rows else { continue }
      func only(_ mine: [String: Int], _ theirs: [String: Int]) -> String {
        let extra = mine.compactMap { row, count in
          let more = count - (theirs[row] ?? 0)
          return more > 0 ? (row: String(row.dropFirst(33)), count: more) : nil
        }.sorted { $0.row < $1.row }
        let total = extra.reduce(0) { $0 + $1.count }
        return "\(total) rows that the other side lacks: \(extra.prefix(2).map(\.row).joined(separator: " "))"
      }
      found.append(
        Difference(
          kind: "rows", object: table, property: "rows", source: only(rows, others), target: only(others, rows)))
    }
    found += (source.failures.map { ("source", $0) } + target.failures.map { ("target", $0) }).map { side, failure in
      Difference(kind: "comparison", object: side, property: "could not be read", source: failure, target: nil)
    }
    return found.sorted { ($0.kind, $0.object, $0.property) < ($1.kind, $1.object, $1.property) }
  }

  private struct Named: Hashable {
    var kind: String
    var object: String
  }

  /// Whether servers of two major versions may write the same thing in different words.
  private static func isWorded(_ property: String) -> Bool {
    ["definition", "default", "expression", "check", "type", "partition key", "partition bound"].contains(property)
  }
}

/// A query of the catalogs that gives objects, properties and values.
struct DetailQuery: Sendable {
  var kind: String
  var sql: String
  /// The oldest version that has these catalogs.
  var minimum = 13

  init(_ kind: String, minimum: Int = 13, _ sql: String) {
    self.kind = kind
    self.sql = sql
    self.minimum = minimum
  }

  /// The parts that many queries have.
  enum Part {
    static func owner(_ oid: String) -> String { "('owner', pg_get_userbyid(\(oid))::text)" }

    /// MAINTAIN is new in 17, and nobody can be given it before.
    static func privileges(_ kind: Character, _ list: String, _ owner: String) -> String {
      "('privileges', \(privilegesValue(kind, list, owner)))"
    }

    static func privilegesValue(_ kind: Character, _ list: String, _ owner: String) -> String {
      """
      (select string_agg(x.text, ', ' order by x.text) from (
           select format('%s=%s%s/%s', case when e.grantee = 0 then 'PUBLIC' else pg_get_userbyid(e.grantee) end,
               e.privilege_type, case when e.is_grantable then '*' end, pg_get_userbyid(e.grantor)) as text
             from aclexplode(coalesce(\(list), acldefault('\(kind)', \(owner)))) e
             where e.privilege_type <> 'MAINTAIN') x)
      """
    }

    static func comment(_ catalog: String, _ oid: String, _ column: String = "0") -> String {
      """
      ('comment', (select words.description from pg_description words
         where words.classoid = 'pg_catalog.\(catalog)'::regclass and words.objoid = \(oid)
           and words.objsubid = \(column)))
      """
    }

    /// Made by a user, and by no extension.
    static func isUsers(_ catalog: String, _ oid: String) -> String {
      """
      (\(oid) >= 16384 and not exists (select from pg_depend member
         where member.classid = 'pg_catalog.\(catalog)'::regclass and member.objid = \(oid) and member.deptype = 'e'))
      """
    }

    /// Not of the server's own or of a session.
    static func isOrdinary(_ schema: String) -> String {
      "(\(schema) !~ '^pg_(toast|temp)' and \(schema) <> 'information_schema')"
    }

    static func sorted(_ array: String) -> String {
      "(select string_agg(o, ', ' order by o) from unnest(\(array)) o where o !~ '^pg_attver=')"
    }
  }
}
