import Postgres

/// A setting as `pg_db_role_setting` keeps it: `name=value`.
struct StoredParameter {
  let name: String
  private let value: String

  init?(entry: String) {
    guard let sign = entry.firstIndex(of: "=") else { return nil }
    name = String(entry[..<sign])
    value = String(entry[entry.index(after: sign)...])
  }

  /// For `SET`. Lists of names are kept with their quotes, and are lists again when they are set (`pg_dumpall` does the
  /// same); a customized option has two names, each of which may need quotes.
  var assignment: String {
    let quoted = name.split(separator: ".").map { Quoting.identifier(String($0)) }.joined(separator: ".")
    guard Self.lists.contains(name.lowercased()) else { return "\(quoted) TO \(Quoting.literal(value))" }
    let names = Self.names(in: value)
    return "\(quoted) TO " + (names.isEmpty ? "''" : names.map(Quoting.literal).joined(separator: ", "))
  }

  private static let lists: Set = [
    "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
    "temp_tablespaces", "unix_socket_directories",
  ]

  /// `"$user", public` becomes `$user` and `public`.
  static func names(in text: String) -> [String] {
    var names: [String] = []
    var name = ""
    var isQuoted = false
    var hasName = false
    var rest = Substring(text)
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        name.append(character)
        rest.removeFirst()
      case "\"":
        isQuoted.toggle()
        hasName = true
      case "," where !isQuoted:
        if hasName { names.append(name) }
        (name, hasName) = ("", false)
      case " " where !isQuoted: continue
      default:
        name.append(character)
        hasName = true
      }
    }
    return hasName ? names + [name] : names
  }
}
