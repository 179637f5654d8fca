import Foundation

/// A file that is written as a whole or not at all.
struct OutputFile {
  /// What the operating system said.
  struct Problem: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    static var last: Problem { Problem(String(cString: strerror(errno))) }
  }

  var path: String
  /// Of a new file, less what the umask takes away.
  var mode: mode_t = 0o666

  /// A pipe or a device, which can't be replaced.
  var isSpecial: Bool { kind.map { $0 != S_IFREG && $0 != S_IFDIR } ?? false }

  /// Beside the file, so that a rename can put it there. A link stays one: what it leads to is replaced.
  var temporaryPath: String { "\(destination).\(getpid()).tmp" }

  private var destination: String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private var kind: mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  /// Makes the folder, and tries whether a file can be made in it.
  func prepare() throws {
    if kind == S_IFDIR { throw Problem("it is a folder") }
    if isSpecial {
      guard access(path, W_OK) == 0 else { throw Problem.last }
      return
    }
    if path.hasSuffix("/") { throw Problem("the file's name is missing") }
    if let slash = path.lastIndex(of: "/") { try Self.makeFolder(String(path[..<slash])) }
    let descriptor = try create(temporaryPath)
    close(descriptor)
    guard unlink(temporaryPath) == 0 else { throw Problem.last }
  }

  /// The same for a file that must not replace another one: what stands there may be all that is left of it.
  func prepareForSecrets(replaces: Bool = false) throws {
    do {
      guard kind == nil || isSpecial || replaces else { throw Problem("it exists already") }
      try prepare()
    } catch {
      throw Failure(status: .cannotCreate, description: "passwords can't be written to \(path): \(error)")
    }
  }

  /// All of it or nothing: a file that is there is replaced only by a whole one.
  func write(_ text: String) throws { try write { try Self.write(text, to: $0) } }

  /// The same of what is written bit by bit, to the descriptor that `body` is given.
  func write(_ body: (Int32) throws -> Void) throws {
    if isSpecial {
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Problem.last }
      defer { close(descriptor) }
      return try body(descriptor)
    }
    let temporary = temporaryPath
    let descriptor = try create(temporary)
    do {
      do {
        try body(descriptor)
      } catch {
        close(descriptor)
        throw error
      }
      // A file system over a network may tell only now that it is full.
      guard close(descriptor) == 0, rename(temporary, destination) == 0 else { throw Problem.last }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  static func write(_ text: String, to descriptor: Int32) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let count = Foundation.write(descriptor, start, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw Problem.last }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// What is there; nil where nothing is.
  func text() throws -> String? {
    guard kind == S_IFREG else { return nil }
    let bytes = try InputFile(path: path, limit: 8 << 20).bytes()
    guard let text = String(data: bytes, encoding: .utf8) else { throw Problem("it is not UTF-8") }
    return text
  }

  /// Never through a link or into a file that somebody else has put there, which they could read.
  private func create(_ path: String) throws -> Int32 {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw Problem.last }
    return descriptor
  }

  private static func makeFolder(_ path: String) throws {
    var status = stat()
    guard !path.isEmpty, stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else { return }
    if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw Problem.last }
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw Problem("\(path) is no folder") }
  }
}
