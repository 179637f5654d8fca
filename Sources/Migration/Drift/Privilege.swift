import Catalog
import FoundationEssentials

/// A privilege as `ObjectQuery.privileges` writes it.
struct Privilege: Hashable, Decodable {
  /// nil is PUBLIC; empty is the object's owner.
  var grantee: String?
  var name: String
  var isGrantable: Bool
  /// nil is the owner.
  var grantor: String?

  init(grantee: String?, name: String, isGrantable: Bool = false, grantor: String? = nil) {
    self.grantee = grantee
    self.name = name
    self.isGrantable = isGrantable
    self.grantor = grantor
  }

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    grantee = try values.decodeIfPresent(String.self)
    name = try values.decode(String.self)
    isGrantable = try values.decode(String.self) == "true"
    grantor = try values.decodeIfPresent(String.self)
  }

  static func list(_ text: String) -> [Privilege] {
    (try? JSONDecoder().decode([Privilege].self, from: Data(text.utf8))) ?? []
  }

  /// What servers of all versions have: MAINTAIN is new in 17.
  static func common(_ text: String) -> Set<Privilege> { Set(list(text).filter { $0.name != "MAINTAIN" }) }

  /// What everybody has on an object of that kind by default, but for its owner.
  private static func usual(_ kind: String) -> [Privilege] {
    switch kind {
    case "function", "procedure", "aggregate": [Privilege(grantee: nil, name: "EXECUTE")]
    case "type", "domain", "language": [Privilege(grantee: nil, name: "USAGE")]
    case "database": [Privilege(grantee: nil, name: "CONNECT"), Privilege(grantee: nil, name: "TEMPORARY")]
    default: []
    }
  }

  /// The statements that make the one the other.
  ///
  /// - Parameters:
  ///   - object: `TABLE public.orders`, as GRANT has it.
  ///   - columns: ` (v)`, or nothing.
  ///   - owner: who has it; the owner's own privileges are only changed where both are told.
  static func statements(
    _ kind: String, on object: String, columns: String = "", owner: String?, from before: String?, to after: String?
  ) -> [String] {
    var old = before.map(list) ?? (columns.isEmpty ? usual(kind) : [])
    var new = after.map(list) ?? (columns.isEmpty ? usual(kind) : [])
    if before == nil || after == nil || owner == nil {
      old.removeAll { $0.grantee == "" }
      new.removeAll { $0.grantee == "" }
    }
    func statements(_ privileges: [Privilege], _ words: (String, Privilege) -> String) -> [String] {
      // In the order of the first of each.
      var groups: [(of: Privilege, names: [String])] = []
      for privilege in privileges {
        if let index = groups.firstIndex(where: {
          $0.of.grantee == privilege.grantee && $0.of.isGrantable == privilege.isGrantable
        }) {
          groups[index].names.append(privilege.name + columns)
        } else {
          groups.append((privilege, [privilege.name + columns]))
        }
      }
      return groups.map { words($0.names.joined(separator: ", "), $0.of) }
    }
    func role(_ privilege: Privilege) -> String {
      privilege.grantee.map { quotedIdentifier($0.isEmpty ? owner ?? "" : $0) } ?? "PUBLIC"
    }
    func isHeld(_ one: Privilege, in others: [Privilege], alike: Bool) -> Bool {
      others.contains {
        $0.grantee == one.grantee && $0.name == one.name && (!alike || $0.isGrantable == one.isGrantable)
      }
    }
    let revoked = old.filter { !isHeld($0, in: new, alike: false) }
    let reduced = old.filter { old in
      old.isGrantable && isHeld(old, in: new, alike: false) && !isHeld(old, in: new, alike: true)
    }
    let granted = new.filter { !isHeld($0, in: old, alike: true) && !isHeld($0, in: reduced, alike: false) }
    return statements(revoked) { "REVOKE \($0) ON \(object) FROM \(role($1));" }
      + statements(reduced) { "REVOKE GRANT OPTION FOR \($0) ON \(object) FROM \(role($1));" }
      + statements(granted) { "GRANT \($0) ON \(object) TO \(role($1))\($1.isGrantable ? " WITH GRANT OPTION" : "");" }
  }
}
