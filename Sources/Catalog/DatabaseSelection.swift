/// A database that is left out, and why.
public struct ExcludedDatabase: Codable, Sendable, Equatable {
  public enum Reason: String, Codable, Sendable {
    case template
    case provider
    case excluded
    case notIncluded = "not-included"
  }

  public var name: String
  public var reason: Reason

  public init(name: String, reason: Reason) {
    self.name = name
    self.reason = reason
  }
}

/// Which databases of a cluster are part of the move.
public struct DatabaseSelection: Sendable, Equatable {
  public var selected: [Database] = []
  public var excluded: [ExcludedDatabase] = []
  /// Asked for by name, but the cluster has none of that name.
  public var missing: [String] = []

  public init(of databases: [Database], options: CheckOptions) {
    let included = Set(options.includedDatabases.map(\.nameBytes))
    let left = Set(options.excludedDatabases.map(\.nameBytes))
    for database in databases {
      if let reason = Self.exclusion(of: database.datname, excluded: left, included: included) {
        excluded.append(ExcludedDatabase(name: database.datname, reason: reason))
      } else {
        selected.append(database)
      }
    }
    var names = Set(databases.map(\.datname.nameBytes))
    missing = options.includedDatabases.filter { names.insert($0.nameBytes).inserted }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Databases in which providers keep their own things, and into which customers may not connect.
  public static let providerDatabases: Set<String> = [
    "rdsadmin", "cloudsqladmin", "alloydbadmin", "alloydbmetadata", "azure_maintenance", "azure_sys", "_aiven", "_dodb",
  ]

  private static func exclusion(
    of name: String, excluded: Set<[UInt8]>, included: Set<[UInt8]>
  ) -> ExcludedDatabase.Reason? {
    if name == "template0" || name == "template1" { return .template }
    if excluded.contains(name.nameBytes) { return .excluded }
    if included.contains(name.nameBytes) { return nil }
    if providerDatabases.contains(name) { return .provider }
    return included.isEmpty ? nil : .notIncluded
  }
}
