import Foundation

/// A file that was named to be read. It may be anything: a folder, a device without an end, a pipe that nobody writes
/// into.
struct InputFile {
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  /// Of snapshots and reports. Those of a cluster with a million tables take a third of it.
  static let largestJSON = 512 << 20

  /// `-` is standard input.
  var path: String
  /// In bytes.
  var limit: Int

  /// All that is in it.
  ///
  /// - Throws: `Problem`.
  func bytes() throws -> Data {
    if path == "-" { return try read(STDIN_FILENO) }
    // Opening a pipe would wait for its other end.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw unreadable() }
    defer { close(descriptor) }
    return try read(descriptor)
  }

  private func read(_ descriptor: Int32) throws -> Data {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable() }
    let kind = status.st_mode & S_IFMT
    if kind == S_IFDIR { throw Problem(description: "the file can't be read: it is a folder") }
    guard [S_IFREG, S_IFIFO, S_IFSOCK].contains(kind) || isatty(descriptor) == 1 else {
      throw Problem(description: "the file can't be read: it is a device")
    }
    if kind == S_IFREG, status.st_size > limit { throw tooLarge }
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var patience = 100
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count > 0 {
        data.append(contentsOf: buffer[..<count])
        guard data.count <= limit else { throw tooLarge }
      } else if count == 0 {
        // Of a pipe that nobody has opened to write, this is not the end yet.
        guard kind == S_IFIFO, data.isEmpty, path != "-", patience > 0 else { return data }
        patience -= 1
        usleep(50_000)
      } else if errno == EAGAIN {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&polled, 1, -1)
      } else if errno != EINTR {
        throw unreadable()
      }
    }
  }

  private func unreadable() -> Problem {
    Problem(description: "the file can't be read: \(String(cString: strerror(errno)))")
  }

  private var tooLarge: Problem {
    Problem(description: "the file is larger than \(limit >> 20) MiB")
  }
}
