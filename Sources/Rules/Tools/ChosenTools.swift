import Catalog

extension ClusterPair {
  /// The programs that a migration would run: those of the target's major version, whose output suits it best, else the
  /// nearest newer, else the nearest older ones; never older than the source, which `pg_dump` refuses to dump. Where
  /// columns of the source have options that the target refuses, those that leave them out come first.
  ///
  /// - Returns: nil where this machine has none that could dump the source.
  public func chosenTools() throws(Undetermined) -> ClientTools? {
    .chosen(
      among: try tools.value.found, source: try source.version.major, target: try target.version.major,
      leavesVersionedColumnsOut: hasVersionedColumns)
  }
}

extension ClientTools {
  /// - Parameters:
  ///   - source: its major version, as that of the target.
  ///   - leavesVersionedColumnsOut: whether those come first that leave such options of columns out.
  public static func chosen(
    among found: [ClientTools], source: Int, target: Int, leavesVersionedColumnsOut: Bool
  ) -> ClientTools? {
    let wanted = max(source, target)
    var able = found.filter { $0.pgDump.major >= source }
    if leavesVersionedColumnsOut {
      let knowing = able.filter { $0.pgDump.release.knowsVersionedColumns == true }
      if !knowing.isEmpty { able = knowing }
    }
    // Of several of one major version the newest; of equal ones the first in the order of the search.
    let newest = able.reversed().sorted { $0.pgDump.minor < $1.pgDump.minor }
    return newest.last { $0.pgDump.major == wanted }
      ?? newest.filter { $0.pgDump.major > wanted }.min { $0.pgDump.major < $1.pgDump.major }
      ?? newest.max { $0.pgDump.major < $1.pgDump.major }
  }
}

extension ClusterPair {
  /// Columns of a source database have the option `pg_attver`, which the target is not known to know.
  var hasVersionedColumns: Bool {
    guard (try? target.version.knowsVersionedColumns) != true else { return false }
    return source.inspected.contains { $0.versionedColumns.ifKnown?.areThere == true }
  }
}

extension ToolVersion {
  /// Servers and programs of one release are numbered alike.
  var release: ServerVersion { ServerVersion(rawValue: major *| 10_000 +| minor) }
}

extension ClientTools {
  static let none = Conclusion.skipped("There is no pg_dump to judge: see pg-dump-version.")
}
