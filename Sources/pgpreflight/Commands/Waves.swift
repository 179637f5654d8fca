import Catalog

/// What is told of databases that can't be replicated at the same time as others.
enum Waves {
  /// The command that migrates them.
  static func next(_ databases: [String]) -> String {
    let names = databases.map(quotedIdentifier).joined(separator: ",")
    let quoted = "'" + names.replacing("'", with: "'\\''") + "'"
    return "once those that are replicated have been cut over: pgpreflight migrate --include-database \(quoted)"
  }
}
