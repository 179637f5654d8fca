import Catalog

extension Rule {
  static let sourceVersionSupported = supportedVersion(of: .source)
  static let targetVersionSupported = supportedVersion(of: .target)

  private static func supportedVersion(of side: Side) -> Rule {
    Rule(
      "\(side)-version-supported", "The \(side)'s version is one that these rules know",
      group: .server, severity: .warning,
      documentation: "https://www.postgresql.org/docs/current/release.html",
      explanation: Explanation(
        why: """
          What a newer version than these rules know does otherwise is not checked. Versions past their last release \
          get no more corrections.
          """,
        decides: """
          The major version is \(oldest(on: side)) or newer and not newer than \(newestMajor / 100). Where the server's \
          own date is past the version's last release, a notice says so.
          """,
        fix: "Use a version of PostgreSQL that is supported, or a newer release of this tool."),
      decide: .cluster { pair in
        let server = try pair[side].server.value
        let version = server.version
        let object = "\(side), PostgreSQL \(version)"
        if version.majorOrder > newestMajor {
          return .failed(
            "PostgreSQL \(version.majorName) is newer than these rules know.",
            [
              Finding(
                object, "what is new in it is not checked",
                remediation: Remediation("Look for a newer release of this tool."))
            ])
        }
        if version.majorOrder < (side == .source ? 906 : 1000) {
          return .failed(
            "PostgreSQL \(version.majorName) is older than these rules know.",
            [
              Finding(
                object, "what it lacks is not checked",
                remediation: Remediation("Upgrade it to a version from \(oldest(on: side)) on first."))
            ])
        }
        guard let last = lastReleases[version.majorOrder], server.takenAt.prefix(10) > last else {
          return .passed("PostgreSQL \(version) is supported.")
        }
        return .passed(
          "PostgreSQL \(version.majorName) had its last release on \(last).",
          notices: [
            Finding(
              object, "it gets no more corrections since \(last)", evidence: ["date of the server": server.takenAt],
              remediation: side == .target
                ? Remediation("Create the target with a version that is supported.") : nil)
          ])
      })
  }

  static let minorCurrent = Rule(
    "minor-current", "The minor releases have no known trouble for a move",
    group: .server, severity: .warning,
    documentation: "https://www.postgresql.org/docs/release/",
    explanation: Explanation(
      why: "Some minor releases lose or damage what is moved; the next ones of the same major version do not.",
      decides: """
        The source is none of the releases of a table: logical decoding that misses changes after ALTER PUBLICATION or \
        ALTER TYPE beside a running transaction (before 14.18, 15.13, 16.9 and 17.5), its correction that fails with \
        "invalid memory alloc request size" (those four themselves), and CREATE INDEX CONCURRENTLY that makes damaged \
        indexes (14.0 to 14.3). A target of the same major version that is older gets a notice.
        """,
      fix: "Install the newest minor release; that takes a restart, no dump."),
    decide: .cluster { pair in
      let source = try pair.source.version
      let target = try pair.target.version
      let replicates = pair.options.method.allows(.replication)
      let troubles = knownTroubles.filter {
        $0.releases.contains(source.rawValue) && (replicates || !$0.isOfDecoding)
      }
      guard troubles.isEmpty else {
        return .failed(
          "PostgreSQL \(source) of the source has known trouble.",
          troubles.map {
            Finding(
              "source, PostgreSQL \(source)", $0.message, evidence: ["corrected in": $0.correctedIn],
              remediation: Remediation("Install the newest minor release of \(source.majorName) on the source."))
          })
      }
      let isOlder = source.majorOrder == target.majorOrder && target < source
      return .passed(
        "\(source) and \(target) have no known trouble.",
        notices: isOlder
          ? [
            Finding(
              "target, PostgreSQL \(target)", "it lacks corrections that the source's \(source) has",
              remediation: Remediation("Install the newest minor release of \(target.majorName) on the target."))
          ] : [])
    })
}

private func oldest(on side: Side) -> String { side == .source ? "9.6" : "10" }

/// As `ServerVersion.majorOrder`.
private let newestMajor = 1900

/// The day of the last minor release, by `ServerVersion.majorOrder`.
/// Source: postgresql.org, "Versioning Policy", column "Final Release".
private let lastReleases: [Int: String] = [
  906: "2021-11-11", 1000: "2022-11-10", 1100: "2023-11-09", 1200: "2024-11-21", 1300: "2025-11-13",
  1400: "2026-11-12", 1500: "2027-11-11", 1600: "2028-11-09", 1700: "2029-11-08", 1800: "2030-11-14",
]

private struct KnownTrouble {
  /// As `server_version_num`.
  var releases: Range<Int>
  var message: String
  var correctedIn: String
  var isOfDecoding: Bool
}

/// Source: release notes 14.4; those of May and of August 2025 (14.18 and 14.19, and their like of 15, 16 and 17).
private let knownTroubles: [KnownTrouble] = {
  var troubles = [
    KnownTrouble(
      releases: 140_000..<140_004,
      message: "indexes made or rebuilt CONCURRENTLY may lack rows: check them with amcheck", correctedIn: "14.4",
      isOfDecoding: false)
  ]
  for corrected in [140_018, 150_013, 160_009, 170_005] {
    let version = ServerVersion(rawValue: corrected)
    troubles.append(
      KnownTrouble(
        releases: corrected / 10_000 * 10_000..<corrected,
        message: "changes are not replicated after ALTER PUBLICATION or ALTER TYPE beside a running transaction",
        correctedIn: "\(version)", isOfDecoding: true))
    troubles.append(
      KnownTrouble(
        releases: corrected..<corrected + 1,
        message: "replication may fail with \"invalid memory alloc request size\"",
        correctedIn: "\(ServerVersion(rawValue: corrected + 1))", isOfDecoding: true))
  }
  return troubles
}()
