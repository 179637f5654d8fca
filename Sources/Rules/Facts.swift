import Catalog

// Facts that several rules read, in PostgreSQL's terms.

extension ClusterSnapshot {
  /// The setting's value in force; nil where the server has no such setting or hides it from the role.
  func settingIfShown(_ name: String) throws(Undetermined) -> String? {
    try settings.value.first { $0.name == name }?.setting
  }

  /// The setting's value in force, in the unit of the server.
  func setting(_ name: String) throws(Undetermined) -> String {
    guard let value = try settingIfShown(name) else {
      throw Undetermined(
        "the setting \(name) is not shown to this role", remedy: "GRANT pg_read_all_settings to the role.")
    }
    return value
  }

  func integerSetting(_ name: String) throws(Undetermined) -> Int {
    let text = try setting(name)
    guard let value = Int(text) else {
      throw Undetermined("the setting \(name) is \(text), which is not a number", remedy: "Report this as a defect.")
    }
    return value
  }

  var version: ServerVersion {
    get throws(Undetermined) { try server.value.version }
  }

  /// The provider, or self-managed where it could not be recognised: used for wording only.
  var providerForWording: Provider { provider.ifKnown?.provider ?? .selfManaged }

  /// The version that `CREATE EXTENSION` without a version would install; nil where it is not offered.
  func defaultVersion(of name: String) throws(Undetermined) -> AvailableExtension? {
    let versions = try availableExtensions.value.filter { $0.name == name }
    return versions.first(where: \.isDefault) ?? versions.first
  }
}

extension ClusterPair {
  /// The databases for which replication is under consideration. One of which it is known that it has nothing to replicate
  /// takes neither a slot nor a worker.
  func databasesToReplicate() throws(Undetermined) -> Int {
    let names = Set(try selection.selected.map(\.datname.nameBytes))
    return names.count
      - databasePairs.count { names.contains($0.name.nameBytes) && (try? $0.hasNothingToReplicate()) == true }
  }

  /// Whether logical replication is out of the question for this version; `replication-source-version` says so.
  func sourceIsTooOldToReplicate() throws(Undetermined) -> Bool { try source.version.major < 10 }

  static let tooOldToReplicate = Conclusion.skipped(
    "The source has no logical replication: see replication-source-version.")

  static let nothingToReplicate = Conclusion.skipped("No database has anything to replicate.")
}

extension DatabasePair {
  /// The extensions that must come to the target: those of the source that are not left out.
  func extensionsToMove() throws(Undetermined) -> [InstalledExtension] {
    try snapshot(on: .source).extensions.value
      .filter { !options.excludedExtensions.contains($0.extname) }.sorted { $0.extname < $1.extname }
  }

  /// The extensions that the target database has, or will have from `template0` when it is created.
  func targetExtensions() throws(Undetermined) -> [String: InstalledExtension] {
    guard try database(on: .target) != nil else { return [:] }
    let installed = try snapshot(on: .target).extensions.value
    return Dictionary(installed.map { ($0.extname, $0) }, uniquingKeysWith: { first, _ in first })
  }
}

extension DatabasePair {
  static let nothingToReplicate = Conclusion.passed("The database has nothing to replicate.")

  /// Whether the source database has nothing that could be written to: it gets neither publication nor subscription.
  public func hasNothingToReplicate() throws(Undetermined) -> Bool {
    let source = try snapshot(on: .source)
    let summary = try source.summary.value
    let relations = summary.tables +| summary.partitionedTables +| summary.sequences +| summary.materializedViews
    guard relations == 0 else { return false }
    return try source.largeObjects.value.count == 0
  }

  /// Whether `aiven_extras` is installed in the database of that side, and the role may call its functions.
  func aivenExtrasIsUsable(on side: Side) throws(Undetermined) -> Bool {
    guard try database(on: side) != nil else { return false }
    let snapshot = try snapshot(on: side)
    guard try snapshot.extensions.value.contains(where: { $0.extname == "aiven_extras" }) else { return false }
    return try snapshot.extensionUses.value.contains { $0.extname == "aiven_extras" && $0.schemaUsable }
  }
}

extension Int {
  /// `1 database`, `2 databases`.
  func counted(_ singular: String, _ plural: String? = nil) -> String {
    "\(self) \(self == 1 ? singular : plural ?? singular + "s")"
  }
}

extension Sequence<String> {
  /// `a`, `a and b`, `a, b and 3 more`.
  func listed(atMost limit: Int = 5) -> String {
    let all = Array(self)
    guard all.count > 1 else { return all.first ?? "" }
    guard all.count > limit else { return all.dropLast().joined(separator: ", ") + " and " + all[all.count - 1] }
    return all.prefix(limit).joined(separator: ", ") + " and \(all.count - limit) more"
  }
}
