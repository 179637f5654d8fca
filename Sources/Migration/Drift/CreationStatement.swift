import Catalog
import FoundationEssentials

extension ChangeStatement {
  /// The object, and then what it has that a new one has not; nil where it is not simple.
  var creation: [String]? {
    guard let main else { return nil }
    let created = ChangeStatement(old: nil, new: new)
    let rest = ["owner", "privileges", "comment", "state", "owned by"].flatMap { aspect -> [String] in
      guard let value = new[aspect] else { return [] }
      return created.change(ObjectDifference(part: "", aspect: aspect, before: nil, after: value)) ?? []
    }
    let columns =
      ["view", "materialized view"].contains(new.kind) ? new.parts.keys.filter { !$0.isEmpty }.sorted() : []
    return main + rest
      + columns.flatMap {
        created.change(ObjectDifference(part: $0, aspect: nil, before: nil, after: "")) ?? []
      }
  }

  /// What makes the object itself, or replaces it.
  var main: [String]? {
    let definition = new["definition"]
    func ended(_ text: String) -> String {
      let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
      return text.hasSuffix(";") ? text : text + ";"
    }
    switch new.kind {
    case "index", "function", "procedure", "trigger", "rule", "statistics": return definition.map { [ended($0)] }
    case "view", "materialized view":
      guard let definition, let parameters = Self.parameters(new["storage parameters"]) else { return nil }
      let options = parameters.isEmpty ? "" : " WITH (\(parameters.joined(separator: ", ")))"
      let verb = new.kind == "view" ? "CREATE OR REPLACE" : "CREATE"
      return ["\(verb) \(keyword) \(new.identity)\(options) AS\n\(ended(definition))"]
    case "constraint":
      guard let definition, let relation = new.relation else { return nil }
      return ["ALTER TABLE \(relation) ADD CONSTRAINT \(new.ownName) \(definition);"]
    case "policy": return policy.map { [$0] }
    case "schema": return ["CREATE SCHEMA \(new.identity);"]
    case "sequence": return new["parameters"].map { ["CREATE SEQUENCE \(new.identity) \($0);"] }
    case "extension":
      return new["schema"].map { ["CREATE EXTENSION \(new.identity) SCHEMA \($0);"] }
    case "type":
      guard let text = new["labels"], let labels = try? JSONDecoder().decode([String].self, from: Data(text.utf8))
      else { return nil }
      return ["CREATE TYPE \(new.identity) AS ENUM (\(labels.map(quotedLiteral).joined(separator: ", ")));"]
    case "domain":
      return definition.map {
        [
          "CREATE DOMAIN \(new.identity) AS \($0)" + (new["default"].map { " DEFAULT \($0)" } ?? "")
            + (new["NOT NULL"] == nil ? ";" : " NOT NULL;")
        ]
      }
    case "default privileges": return []
    default: return nil
    }
  }

  private var policy: String? {
    guard let relation = new.relation, let roles = new["roles"] else { return nil }
    let commands = ["r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"]
    let kind = new["permissive"] == nil ? "" : " AS RESTRICTIVE"
    let command = new["command"].flatMap { commands[$0] } ?? "ALL"
    let clauses = ["USING", "WITH CHECK"].compactMap { clause in new[clause].map { " \(clause) (\($0))" } }.joined()
    return "CREATE POLICY \(new.ownName) ON \(relation)\(kind) FOR \(command) TO \(roles)\(clauses);"
  }
}
