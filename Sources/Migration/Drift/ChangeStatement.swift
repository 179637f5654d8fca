import Catalog
import FoundationEssentials

/// The SQL that does on one side what was done on the other, where it is simple.
struct ChangeStatement {
  /// What the side has on which it runs.
  var old: SchemaObject?
  /// What it is to have.
  var new: SchemaObject

  /// - Parameters:
  ///   - other: what the side has on which it runs.
  ///   - object: what it is to have; for what was dropped, what it was.
  static func sql(
    _ change: ObjectChange, _ difference: ObjectDifference?, from other: SchemaObject?, to object: SchemaObject
  ) -> String? {
    let statement = ChangeStatement(old: other, new: object)
    switch (change.change, difference) {
    case (.created, nil): return statement.creation.map { $0.joined(separator: "\n") }
    case (.dropped, nil): return statement.drop
    case (_, let difference?): return statement.change(difference)?.joined(separator: "\n")
    case (_, nil): return nil
    }
  }

  // MARK: Names

  var keyword: String { new.kind.uppercased().replacing("-", with: " ") }

  /// As COMMENT, ALTER and DROP have it: `TRIGGER t ON public.orders`.
  var address: String {
    guard let relation = new.relation, new.identity != new.ownName else { return "\(keyword) \(new.identity)" }
    return "\(keyword) \(new.ownName) ON \(relation)"
  }

  /// As GRANT has it.
  private var grantee: String {
    switch new.kind {
    case "view", "materialized view", "foreign table", "table", "privileges on relation": "TABLE \(new.identity)"
    case "aggregate", "privileges on function": "FUNCTION \(new.identity)"
    case "server": "FOREIGN SERVER \(new.identity)"
    default: "\(keyword) \(new.identity)"
    }
  }

  private var drop: String? {
    switch new.kind {
    case "database", "default privileges", "privileges on relation", "privileges on function", "identity sequence": nil
    case "constraint":
      new.relation.map { "ALTER TABLE \($0) DROP CONSTRAINT \(new.ownName);" }
    default: "DROP \(address);"
    }
  }

  // MARK: What has changed

  func change(_ difference: ObjectDifference) -> [String]? {
    if !difference.part.isEmpty { return changeOfPart(difference) }
    guard let aspect = difference.aspect else { return nil }
    let after = difference.after
    switch aspect {
    case "owner": return after.map { ["ALTER \(address) OWNER TO \(quotedIdentifier($0));"] }
    case "comment": return ["COMMENT ON \(address) IS \(after.map(quotedLiteral) ?? "NULL");"]
    case "privileges":
      return new.kind == "default privileges"
        ? defaultPrivileges(after)
        : Privilege.statements(
          new.kind, on: grantee, owner: new["owner"], from: old?["privileges"], to: after)
    case "row security":
      return ["ALTER TABLE \(new.identity) \(after == nil ? "DISABLE" : "ENABLE") ROW LEVEL SECURITY;"]
    case "forced row security":
      return ["ALTER TABLE \(new.identity) \(after == nil ? "NO FORCE" : "FORCE") ROW LEVEL SECURITY;"]
    case "replica identity": return ["ALTER TABLE \(new.identity) REPLICA IDENTITY \(after ?? "DEFAULT");"]
    case "statistics target": return ["ALTER STATISTICS \(new.identity) SET STATISTICS \(after ?? "-1");"]
    case "persistence": return ["ALTER TABLE \(new.identity) SET \(after == nil ? "LOGGED" : "UNLOGGED");"]
    case "storage parameters": return storageParameters(after)
    case "partition of": return partition(difference)
    case "parameters": return after.map { ["ALTER SEQUENCE \(new.identity) \($0);"] }
    case "owned by": return ["ALTER SEQUENCE \(new.identity) OWNED BY \(after ?? "NONE");"]
    case "labels": return after.flatMap(labels)
    case "state": return state(after)
    case "version": return after.map { ["ALTER EXTENSION \(new.identity) UPDATE TO \(quotedLiteral($0));"] }
    case "NOT NULL" where new.kind == "domain":
      return ["ALTER DOMAIN \(new.identity) \(after == nil ? "DROP" : "SET") NOT NULL;"]
    case "default" where new.kind == "domain":
      return ["ALTER DOMAIN \(new.identity) \(after.map { "SET DEFAULT \($0)" } ?? "DROP DEFAULT");"]
    default: return redefinition(aspect)
    }
  }

  /// What can't be altered is made again, unless others can depend on it.
  private func redefinition(_ aspect: String) -> [String]? {
    switch (new.kind, aspect) {
    case ("view", "definition"), ("function", "definition"), ("procedure", "definition"): return main
    case ("constraint", "definition"):
      if let relation = new.relation, let before = old?["definition"], let after = new["definition"],
        before == "\(after) NOT VALID"
      {
        return ["ALTER TABLE \(relation) VALIDATE CONSTRAINT \(new.ownName);"]
      }
    case ("policy", _), ("index", "definition"), ("trigger", "definition"), ("rule", "definition"),
      ("statistics", "definition"), ("materialized view", "definition"):
      break
    default: return nil
    }
    guard let drop, let creation else { return nil }
    return [drop] + creation
  }

  private func partition(_ difference: ObjectDifference) -> [String]? {
    if new.kind == "index" {
      return difference.after.map { ["ALTER INDEX \($0) ATTACH PARTITION \(new.identity);"] }
    }
    let detach = difference.before.map { ["ALTER TABLE \($0) DETACH PARTITION \(new.identity);"] } ?? []
    guard let parent = difference.after else { return detach }
    return new["partition bound"].map {
      detach + ["ALTER TABLE \(parent) ATTACH PARTITION \(new.identity) \($0);"]
    }
  }

  private func state(_ after: String?) -> [String]? {
    let words = ["D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"]
    let word = after.flatMap { words[$0] } ?? "ENABLE"
    if new.kind == "event trigger" {
      return ["ALTER EVENT TRIGGER \(new.identity) \(word);"]
    }
    guard ["trigger", "rule"].contains(new.kind), let relation = new.relation else { return nil }
    return ["ALTER TABLE \(relation) \(word) \(keyword) \(new.ownName);"]
  }

  private func labels(_ after: String) -> [String]? {
    func decoded(_ text: String?) -> [String]? {
      text.flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
    }
    guard let labels = decoded(after), let known = decoded(old?["labels"]), known.allSatisfy(labels.contains) else {
      return nil
    }
    return labels.enumerated().filter { !known.contains($0.element) }.map { index, label in
      let place =
        index > 0
        ? " AFTER \(quotedLiteral(labels[index - 1]))"
        : known.first.map { " BEFORE \(quotedLiteral($0))" } ?? ""
      return "ALTER TYPE \(new.identity) ADD VALUE \(quotedLiteral(label))\(place);"
    }
  }

  private func defaultPrivileges(_ after: String?) -> [String]? {
    guard let place = new.identity.range(of: " ON ", options: .backwards) else { return nil }
    let kinds = String(new.identity[place.upperBound...])
    return Privilege.statements(new.kind, on: kinds, owner: nil, from: old?["privileges"] ?? "[]", to: after ?? "[]")
      .map { "ALTER DEFAULT PRIVILEGES \(new.identity[..<place.lowerBound]) \($0)" }
  }

  /// `{fillfactor=70,autovacuum_enabled=off}`, where no value needs quotes.
  static func parameters(_ text: String?) -> [String]? {
    guard let text else { return [] }
    guard text.hasPrefix("{"), text.hasSuffix("}"), !text.contains("\"") else { return nil }
    return text.dropFirst().dropLast().split(separator: ",").map(String.init)
  }

  private func storageParameters(_ after: String?) -> [String]? {
    guard let before = Self.parameters(old?["storage parameters"]), let now = Self.parameters(after) else { return nil }
    func name(_ parameter: String) -> String { String(parameter.prefix { $0 != "=" }) }
    let gone = before.map(name).filter { !now.map(name).contains($0) }
    let set = now.filter { !before.contains($0) }
    return (gone.isEmpty ? [] : ["ALTER \(address) RESET (\(gone.joined(separator: ", ")));"])
      + (set.isEmpty ? [] : ["ALTER \(address) SET (\(set.joined(separator: ", ")));"])
  }

  // MARK: Columns and settings

  private func changeOfPart(_ difference: ObjectDifference) -> [String]? {
    guard let space = difference.part.firstIndex(of: " ") else { return nil }
    let name = String(difference.part[difference.part.index(after: space)...])
    switch difference.part[..<space] {
    case "column": return Self.column(name, difference, of: self)
    case "setting":
      guard !name.contains(" of role ") else { return nil }
      guard let value = new.parts[difference.part]?["value"] else {
        return ["ALTER DATABASE \(new.identity) RESET \(name);"]
      }
      let isList = ["search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"]
        .contains(name)
      return ["ALTER DATABASE \(new.identity) SET \(name) TO \(isList ? value : quotedLiteral(value));"]
    default: return nil
    }
  }

  private static func column(_ name: String, _ difference: ObjectDifference, of change: ChangeStatement) -> [String]? {
    let table = change.new.identity
    guard change.new.kind != "type" else { return nil }
    guard let aspect = difference.aspect else {
      guard let column = change.new.parts[difference.part] else { return ["ALTER TABLE \(table) DROP COLUMN \(name);"] }
      return creation(of: name, column, in: change)
    }
    let after = difference.after
    let alter = "ALTER TABLE \(table) ALTER COLUMN \(name)"
    switch aspect {
    case "type": return after.map { ["\(alter) TYPE \($0);"] }
    case "default": return ["\(alter) \(after.map { "SET DEFAULT \($0)" } ?? "DROP DEFAULT");"]
    case "NOT NULL": return ["\(alter) \(after == nil ? "DROP" : "SET") NOT NULL;"]
    case "statistics target": return ["\(alter) SET STATISTICS \(after ?? "-1");"]
    case "storage":
      let words = ["p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"]
      return after.flatMap { words[$0] }.map { ["\(alter) SET STORAGE \($0);"] }
    case "compression":
      let words = ["p": "pglz", "l": "lz4"]
      return ["\(alter) SET COMPRESSION \(after.flatMap { words[$0] } ?? "default");"]
    case "comment":
      return ["COMMENT ON COLUMN \(table).\(name) IS \(after.map(quotedLiteral) ?? "NULL");"]
    case "privileges":
      return Privilege.statements(
        change.new.kind, on: "TABLE \(table)", columns: " (\(name))", owner: change.new["owner"],
        from: difference.before, to: after)
    default: return nil
    }
  }

  private static func creation(of name: String, _ column: [String: String], in change: ChangeStatement) -> [String]? {
    // A view's column is its definition's.
    guard !["view", "materialized view"].contains(change.new.kind) else {
      return column.sorted { $0.key < $1.key }.flatMap { aspect, value in
        Self.column(
          name, ObjectDifference(part: "column \(name)", aspect: aspect, before: nil, after: value), of: change) ?? []
      }
    }
    guard let type = column["type"], column["identity"] == nil, column["generated"] != "v" else { return nil }
    let collation = column["collation"].map { " COLLATE \($0)" } ?? ""
    let value =
      column["generation expression"].map { " GENERATED ALWAYS AS (\($0)) STORED" }
      ?? column["default"].map { " DEFAULT \($0)" } ?? ""
    let main =
      "ALTER TABLE \(change.new.identity) ADD COLUMN \(name) \(type)\(collation)\(value)"
      + (column["NOT NULL"] == nil ? ";" : " NOT NULL;")
    let rest = ["comment", "privileges", "statistics target", "storage", "compression"].flatMap { aspect -> [String] in
      guard let value = column[aspect] else { return [] }
      return Self.column(
        name, ObjectDifference(part: "column \(name)", aspect: aspect, before: nil, after: value), of: change) ?? []
    }
    return [main] + rest
  }
}
