import Catalog

/// The two clusters of a move, and what the user asked for.
public struct ClusterPair: Sendable {
  public let source: ClusterSnapshot
  public let target: ClusterSnapshot
  public let options: CheckOptions
  /// What this machine has to migrate with.
  public let tools: Fact<ToolSearch>
  /// Of the source; nil where its list of databases is not known.
  private let knownSelection: DatabaseSelection?
  private let listed: [Side: [[UInt8]: Database]]
  private let inspected: [Side: [[UInt8]: DatabaseSnapshot]]

  public init(
    source: ClusterSnapshot, target: ClusterSnapshot, options: CheckOptions, tools: Fact<ToolSearch>
  ) {
    let (source, target) = (source.without(run: options.resumedRun), target.without(run: options.resumedRun))
    self.tools = tools
    self.source = source
    self.target = target
    self.options = options
    knownSelection = source.databases.ifKnown.map { DatabaseSelection(of: $0, options: options) }
    listed = [
      .source: byName(source.databases.ifKnown ?? [], \.datname),
      .target: byName(target.databases.ifKnown ?? [], \.datname),
    ]
    inspected = [.source: byName(source.inspected, \.name), .target: byName(target.inspected, \.name)]
  }

  public subscript(side: Side) -> ClusterSnapshot { side == .source ? source : target }

  /// The source databases to be moved, those asked for that do not exist, and those left out.
  public var selection: DatabaseSelection {
    get throws(Undetermined) {
      if let knownSelection { return knownSelection }
      return DatabaseSelection(of: try source.databases.value, options: options)
    }
  }

  /// The pairs to evaluate the rules of scope `database` for: one for each selected name, sorted.
  ///
  /// Where the source's list is not known, these are the names that the user gave.
  public var databasePairs: [DatabasePair] {
    let names = (knownSelection?.selected.map(\.datname) ?? []) + (knownSelection?.missing ?? options.includedDatabases)
    var seen: Set<[UInt8]> = []
    return names.filter { seen.insert($0.nameBytes).inserted }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map
    { DatabasePair(clusters: self, name: $0) }
  }

  func inspected(_ name: String, on side: Side) -> DatabaseSnapshot? { inspected[side]?[name.nameBytes] }

  /// The row of `pg_database`; nil where that side has no such database.
  func database(_ name: String, on side: Side) throws(Undetermined) -> Database? {
    if let known = listed[side]?[name.nameBytes] { return known }
    _ = try self[side].databases.value
    return nil
  }
}

private func byName<Element>(_ elements: [Element], _ name: (Element) -> String) -> [[UInt8]: Element] {
  Dictionary(elements.map { (name($0).nameBytes, $0) }, uniquingKeysWith: { first, _ in first })
}

/// One database on both sides.
public struct DatabasePair: Sendable {
  public let clusters: ClusterPair
  public let name: String

  public var options: CheckOptions { clusters.options }

  /// The row of `pg_database` on that side; nil where there is no such database.
  public func database(on side: Side) throws(Undetermined) -> Database? {
    try clusters.database(name, on: side)
  }

  /// What the look into it has shown.
  public func snapshot(on side: Side) throws(Undetermined) -> DatabaseSnapshot {
    guard let snapshot = clusters.inspected(name, on: side) else {
      throw Undetermined(
        "the \(side.rawValue) database was not inspected",
        remedy: "See why in connection-\(side.rawValue)-databases.")
    }
    return snapshot
  }
}
