import Catalog

extension DatabasePair {
  /// Whether the source is older than `major`, and the target is not.
  func crosses(_ major: Int) throws(Undetermined) -> Bool {
    let source = try clusters.source.version
    let target = try clusters.target.version
    return source.major < major && major <= target.major
  }

  /// With `--with-table`, a dump has nothing but tables.
  var hasTablesOnly: Bool { if case .only = options.tables { true } else { false } }
}

extension Conclusion {
  /// For a rule about what `major` has changed.
  static func notCrossed(_ major: Int) -> Conclusion {
    .skipped("It only concerns a move from a version before \(major) to \(major) or newer.")
  }

  static let tablesOnly = Conclusion.passed("Only the named tables are moved.")
}
