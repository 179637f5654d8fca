import Catalog

extension CheckOptions {
  /// For `pg_dump`, which tables it takes along; views and sequences can be named too.
  func dumpArguments(for database: String) -> [String] {
    func arguments(_ option: String, _ patterns: [TablePattern]) -> [String] {
      patterns.filter { $0.database.map { $0.isSameName(as: database) } ?? true }
        .map { "\(option)=\($0.schema.map(patternQuoted) ?? "*").\(patternQuoted($0.table))" }
    }
    switch tables {
    case .all: return []
    case .without(let patterns): return arguments("--exclude-table", patterns)
    case .only(let patterns):
      let selected = arguments("--table", patterns)
      // Without any pattern everything would be dumped.
      return selected.isEmpty ? ["--exclude-schema=*"] : selected
    }
  }
}

/// In a pattern of `pg_dump` everything between quotes means itself (PostgreSQL documentation, psql, "Patterns").
func patternQuoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

extension ArchiveEntry {
  /// Whether it creates one of these extensions, or is its comment.
  func isOf(extensions: [String]) -> Bool {
    extensions.contains { name in
      description.hasPrefix("EXTENSION - \(name) ") || description.hasPrefix("COMMENT - EXTENSION \(name) ")
        || description.hasPrefix("COMMENT - EXTENSION \"\(name)\" ")
    }
  }
}
