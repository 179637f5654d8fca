import FoundationEssentials
import Glibc

extension TestCluster {
  /// The folder of that major version's programs, or `nil` where this machine lacks it.
  ///
  /// `scripts/servers` fetches the versions that Debian does not have; `PGPREFLIGHT_TEST_SERVERS` names another folder
  /// with one folder for each major version.
  public static func available(_ version: Int) -> String? {
    ["\(fetchedServers)/\(version)/bin", "/usr/lib/postgresql/\(version)/bin"].first {
      FileManager.default.isExecutableFile(atPath: "\($0)/postgres")
    }
  }

  /// The reason in words, for a test that is skipped.
  public static func whyUnavailable(_ version: Int) -> String {
    let reason = try? String(contentsOfFile: "\(fetchedServers)/\(version).missing", encoding: .utf8)
    return reason?.split(separator: "\n").first.map(String.init)
      ?? "PostgreSQL \(version) is not on this machine; scripts/servers fetches it"
  }

  private static let fetchedServers: String = {
    let environment = ProcessInfo.processInfo.environment
    if let folder = environment["PGPREFLIGHT_TEST_SERVERS"] { return folder }
    // Servers don't run as root, and root's home is closed to others.
    if geteuid() == 0 { return "/var/cache/pgpreflight/servers" }
    let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
    return "\(cache)/pgpreflight/servers"
  }()
}
