import FoundationEssentials
import Glibc

/// A PostgreSQL installation of this machine as a throw-away copy that offers other extensions.
///
/// A server looks for its files relative to its own executable, so that the executables are copies and the rest are
/// links. Nothing outside of the tests' own folder changes.
public final class TestInstallation: Sendable {
  public let version: Int
  public let binDirectory: String

  private let root: String

  /// - Parameters:
  ///   - version: a major version that Debian installed, under `/usr/lib/postgresql`.
  ///   - lacking: extensions to take away.
  ///   - extensions: a folder whose files (`.control`, `.sql`) are added to those of the copy, or take their place.
  /// - Throws: ``TestSupportError`` where this machine has no such installation.
  public init(version: Int = 15, lacking: [String] = [], extensions: String? = nil) throws {
    let installed = "/usr/lib/postgresql/\(version)"
    let shared = "/usr/share/postgresql/\(version)"
    let files = FileManager.default
    guard files.isExecutableFile(atPath: "\(installed)/bin/postgres"), files.fileExists(atPath: shared) else {
      throw TestSupportError("Debian's packages of PostgreSQL \(version) are not installed")
    }
    self.version = version
    root = try Workspace.current().makeFolder(named: "installation", owner: ServerUser.needed.get())
    binDirectory = "\(root)/lib/postgresql/\(version)/bin"
    let share = "\(root)/share/postgresql/\(version)"

    try files.createDirectory(atPath: "\(root)/lib/postgresql/\(version)", withIntermediateDirectories: true)
    try files.createDirectory(atPath: "\(root)/share/postgresql", withIntermediateDirectories: true)
    try Self.link(contentsOf: "\(installed)/bin", into: binDirectory, copying: ["initdb", "pg_ctl", "postgres"])
    try files.createSymbolicLink(
      atPath: "\(root)/lib/postgresql/\(version)/lib", withDestinationPath: "\(installed)/lib")
    try Self.link(contentsOf: shared, into: share, leavingOut: "extension")
    let absent = Set(lacking.map { "\($0).control" })
    try Self.link(contentsOf: "\(shared)/extension", into: "\(share)/extension", leavingOut: absent.contains)
    guard let extensions else { return }
    for name in try files.contentsOfDirectory(atPath: extensions) {
      let destination = "\(share)/extension/\(name)"
      unlink(destination)
      try files.copyItem(atPath: "\(extensions)/\(name)", toPath: destination)
      // The repository may lie where the server's user has no access.
      chmod(destination, 0o644)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  private static func link(contentsOf folder: String, into copy: String, leavingOut name: String) throws {
    try link(contentsOf: folder, into: copy, leavingOut: { $0 == name })
  }

  private static func link(
    contentsOf folder: String, into copy: String, leavingOut: (String) -> Bool = { _ in false },
    copying: Set<String> = []
  ) throws {
    let files = FileManager.default
    try files.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for name in try files.contentsOfDirectory(atPath: folder) where !leavingOut(name) {
      let original = "\(folder)/\(name)"
      if copying.contains(name) {
        try files.copyItem(atPath: original, toPath: "\(copy)/\(name)")
      } else {
        try files.createSymbolicLink(atPath: "\(copy)/\(name)", withDestinationPath: original)
      }
    }
  }
}
