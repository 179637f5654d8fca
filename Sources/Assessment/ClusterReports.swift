import Catalog
import FoundationEssentials
import Rules

extension ClusterReport {
  public init(of cluster: ClusterSnapshot, on side: Side, options: CheckOptions) {
    let isReachable = if case .connected = cluster.connection { true } else { false }
    let server = cluster.server.ifKnown
    let sizes = Dictionary(
      (cluster.databaseSizes.ifKnown ?? []).map { ($0.datname.nameBytes, $0.sizeBytes) },
      uniquingKeysWith: { first, _ in first })
    // Options select from the source; of the target everything is shown that is not a template or the provider's.
    let selection = cluster.databases.ifKnown.map {
      DatabaseSelection(of: $0, options: side == .source ? options : CheckOptions())
    }
    self.init(
      connection: cluster.connectionString, reachable: isReachable, serverVersion: server.map { "\($0.version)" },
      serverVersionNum: server?.versionNum, systemIdentifier: cluster.control.ifKnown?.systemIdentifier,
      provider: cluster.provider.ifKnown?.provider.displayName,
      databases: (selection?.selected ?? []).map { database in
        DatabaseReport(
          name: database.datname, sizeBytes: sizes[database.datname.nameBytes] ?? nil, encoding: database.encoding,
          collate: database.datcollate, ctype: database.datctype)
      },
      excludedDatabases: selection?.excluded ?? [], fingerprint: cluster.fingerprint)
  }
}

extension ClusterSnapshot {
  /// Of what a plan depends on and what does not change by itself: the cluster's identity and version, its databases,
  /// roles, settings, and each database's extensions, languages and tables. Not of sizes, activity or times.
  var fingerprint: String? {
    guard let server = server.ifKnown else { return nil }
    struct Identity: Encodable {
      var versionNum: Int
      var systemIdentifier: String?
      var databases: [Database]?
      var roles: [Role]?
      var settings: [Setting]?
      var extensions: [String: [InstalledExtension]]
      var languages: [String: [Language]]
      var tables: [String: Int]
    }
    func each<Value>(_ value: (DatabaseSnapshot) -> Value?) -> [String: Value] {
      Dictionary(
        inspected.compactMap { snapshot in value(snapshot).map { (snapshot.name, $0) } },
        uniquingKeysWith: { first, _ in first })
    }
    let identity = Identity(
      versionNum: server.versionNum, systemIdentifier: control.ifKnown?.systemIdentifier, databases: databases.ifKnown,
      roles: roles.ifKnown, settings: settings.ifKnown?.sorted { $0.name < $1.name },
      extensions: each { $0.extensions.ifKnown }, languages: each { $0.languages.ifKnown },
      tables: each { $0.summary.ifKnown?.tables })
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(identity)).map { sha256([UInt8]($0)) }
  }
}

extension RuleSet {
  /// The rules of this executable.
  public static let current = RuleSet(
    version: Rule.setVersion,
    digest: sha256(
      Rule.all.flatMap { rule in
        let methods = rule.methods.sorted().map(\.rawValue).joined(separator: ",")
        let words = [rule.id, rule.severity.rawValue, methods, rule.title, rule.explanation.decides]
        return [UInt8]((words.joined(separator: "\u{1F}") + "\n").utf8)
      }),
    rules: Rule.all.count)
}
