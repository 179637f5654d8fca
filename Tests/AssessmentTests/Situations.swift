import Testing

@testable import Assessment
@testable import Catalog
@testable import Rules

let unread = Undetermined("it was not read", remedy: "Read it.")

/// Two clusters of which nothing is known but their databases.
func pair(
  _ databases: [String] = ["app"], target: [String]? = [], _ change: (inout CheckOptions) -> Void = { _ in }
) -> ClusterPair {
  func cluster(_ names: [String]?) -> ClusterSnapshot {
    var snapshot = ClusterSnapshot(
      connectionString: "postgres://h", connection: .notAttempted("a test"), unknown: unread)
    if let names {
      snapshot.databases = .known(
        names.map { name in
          Database(
            oid: 1, datname: name, owner: nil, encoding: "UTF8", datcollate: "C", datctype: "C", localeProvider: "c",
            locale: nil, datistemplate: false, datallowconn: true, datconnlimit: -1, canConnect: true, canCreate: true)
        })
    }
    return snapshot
  }
  var options = CheckOptions()
  change(&options)
  return ClusterPair(source: cluster(databases), target: cluster(target), options: options, tools: .unknown(unread))
}

/// A rule that always concludes the same.
func rule(
  _ id: String, _ methods: Set<Catalog.Method> = [.replication, .dump], severity: Severity = .blocker,
  decide: Rule.Decision
) -> Rule {
  Rule(
    id, "Title of \(id)", group: .server, severity: severity, methods: methods, documentation: "https://example.org",
    explanation: Explanation(why: "Why.", decides: "How.", fix: "Fix."), decide: decide)
}

enum Answer: String, CaseIterable {
  case passes, warns, blocks, unknown, skips

  func conclusion() throws -> Conclusion {
    switch self {
    case .passes: .passed("It holds.")
    case .warns: .failed("It nearly holds.", [], severity: .warning)
    case .blocks: .failed("It does not hold.", [])
    case .unknown: throw unread
    case .skips: .skipped("It does not apply.")
    }
  }

  /// A rule of the clusters with this answer.
  func rule(_ id: String, _ methods: Set<Catalog.Method> = [.replication, .dump]) -> Rule {
    AssessmentTests.rule(id, methods, decide: .cluster { _ in try conclusion() })
  }

  /// A rule of databases with this answer for one of them.
  func rule(_ id: String, for name: String, _ methods: Set<Catalog.Method> = [.replication, .dump]) -> Rule {
    AssessmentTests.rule(
      id, methods, decide: .database { $0.name == name ? try conclusion() : .passed("It holds.") })
  }
}
