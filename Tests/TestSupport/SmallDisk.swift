import FoundationEssentials
import Glibc

/// A file system of a few megabytes, in memory, for a tablespace that gets full.
public final class SmallDisk: Sendable {
  public let path: String

  init(path: String, megabytes: Int, owner: ServerUser?) throws {
    self.path = path
    try Self.mount(path, "size=\(megabytes)m,mode=700,uid=\(owner?.id ?? getuid()),gid=\(owner?.group ?? getgid())")
  }

  deinit { umount2(path, Int32(MNT_DETACH)) }

  public func enlarge(megabytes: Int) throws {
    try Self.mount(path, "size=\(megabytes)m", flags: UInt(MS_REMOUNT))
  }

  private static func mount(_ path: String, _ options: String, flags: UInt = 0) throws {
    guard Glibc.mount("tmpfs", path, "tmpfs", flags, options) == 0 else {
      throw TestSupportError("mounting \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Whether this process may mount anything, which takes root, and more than a container usually has.
  static let isPossible: Bool = {
    guard geteuid() == 0, let folder = try? Workspace.current().makeFolder(named: "disk") else { return false }
    return (try? SmallDisk(path: folder, megabytes: 1, owner: nil)) != nil
  }()
}

extension TestCluster {
  /// Makes a tablespace on a disk of its own.
  public func makeSmallTablespace(named name: String, megabytes: Int) async throws -> SmallDisk {
    let owner = try ServerUser.needed.get()
    let folder = try Workspace.current().makeFolder(named: "disk", owner: owner)
    let disk = try SmallDisk(path: folder, megabytes: megabytes, owner: owner)
    try await sql("create tablespace \(name) location '\(folder)'")
    return disk
  }
}
