import Catalog

/// How much is to be moved, as far as it may be seen.
public struct TotalSize {
  public var bytes = 0
  /// Databases whose size this role may not see.
  public var hidden: [String] = []
  var byDatabase: [(name: String, bytes: Int)] = []
}

extension ClusterPair {
  /// The sum over the selected databases; with a table filter, over the selected tables.
  public func totalSize() throws(Undetermined) -> TotalSize {
    var total = TotalSize()
    let selected = try selection.selected
    let sizes = options.tables == .all ? try source.databaseSizes.value : []
    let byName = Dictionary(sizes.map { ($0.datname.nameBytes, $0.sizeBytes) }, uniquingKeysWith: { first, _ in first })
    for database in selected where !database.isInvalid {
      let name = database.datname
      let bytes: Int? =
        if options.tables == .all {
          byName[name.nameBytes] ?? nil
        } else {
          try inspected(name, on: .source)?.tables.value.lazy
            .filter { options.tables.selects($0, in: name) }.sum(of: \.sizeBytes)
        }
      if let bytes {
        total.bytes +|= bytes
        total.byDatabase.append((name, bytes))
      } else {
        total.hidden.append(name)
      }
    }
    return total
  }
}

extension TotalSize {
  /// The largest databases, as evidence.
  var evidence: [String: String] {
    var evidence: [String: String] = ["total size": formattedBytes(bytes)]
    let largest = byDatabase.sorted { $0.bytes > $1.bytes }
    for (name, bytes) in largest.prefix(10) { evidence["database \(name)"] = formattedBytes(bytes) }
    if largest.count > 10 { evidence["other databases"] = "\(largest.count - 10)" }
    return evidence
  }

  /// Why a sum that may not be complete can't pass.
  var hiddenSizes: Undetermined {
    Undetermined(
      "the size of \(hidden.count.counted("source database")) may not be seen: \(hidden.listed())",
      remedy: "Grant CONNECT on them, or pg_read_all_stats, to the source role.")
  }
}
