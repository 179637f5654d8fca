import Foundation
import SystemPackage

/// A file that has no name any more: whatever becomes of this process, nothing of it is left behind.
///
/// A dump of a schema may hold secrets (options of user mappings), and a list of its entries names objects. Other
/// processes of the same user open it by `path` as long as this one keeps it (Linux: proc(5), `/proc/pid/fd`).
final class NamelessFile: Sendable {
  let descriptor: FileDescriptor

  /// For arguments of child processes.
  var path: String { "/proc/\(getpid())/fd/\(descriptor.rawValue)" }

  /// - Throws: `MigrationError` where the folder for temporary files takes none.
  init(_ content: String = "") throws {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array("\(folder)/pgpreflight.XXXXXX".utf8CString)
    let opened = mkstemp(&template)
    guard opened >= 0 else {
      throw MigrationError("can't make a temporary file in \(folder): \(String(cString: strerror(errno)))")
    }
    unlink(template)
    _ = fcntl(opened, F_SETFD, FD_CLOEXEC)
    descriptor = FileDescriptor(rawValue: opened)
    _ = try descriptor.writeAll(content.utf8)
  }

  deinit { try? descriptor.close() }
}
