import Foundation
import Reports

/// Where a report goes.
struct ReportDestination {
  var reporter: Reporter
  /// nil for standard output.
  var path: String?

  /// Of `--report` and `--report-dir`. Without a folder, a format alone goes to standard output.
  static func parse(_ requests: [String], directory: String?, templates: Templates) throws -> [ReportDestination] {
    let reporters = Reporter.all(templates: templates)
    guard !requests.isEmpty else {
      return directory.map { directory in
        reporters.map { ReportDestination(reporter: $0, path: directory.appending(file: $0.fileName)) }
      } ?? []
    }
    let destinations = try requests.map { request -> ReportDestination in
      let parts = request.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let reporter = reporters.first(where: { $0.format == parts[0] }) else {
        let formats = reporters.map(\.format).joined(separator: ", ")
        throw Failure.usage("--report \(request): there is no format \(parts[0]); there are \(formats)")
      }
      guard parts.count == 2 else {
        return ReportDestination(reporter: reporter, path: directory?.appending(file: reporter.fileName))
      }
      guard !parts[1].isEmpty else { throw Failure.usage("--report \(request): the file's name is missing") }
      return ReportDestination(reporter: reporter, path: parts[1] == "-" ? nil : String(parts[1]))
    }
    guard destinations.count(where: { $0.path == nil }) <= 1 else {
      throw Failure.usage("only one report can go to standard output")
    }
    let paths = destinations.compactMap(\.path)
    guard Set(paths).count == paths.count else { throw Failure.usage("two reports go to the same file") }
    return destinations
  }

  /// Makes the folder, and finds out before the inspection whether the file can be written.
  func prepare() throws {
    guard let path else { return }
    let folder = (path as NSString).deletingLastPathComponent
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      throw unwritable("it is a folder")
    }
    guard !isSpecial(path) else { return }
    do {
      if !folder.isEmpty {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      }
      let probe = temporaryName(for: path)
      try Data().write(to: URL(fileURLWithPath: probe))
      try FileManager.default.removeItem(atPath: probe)
    } catch {
      throw unwritable(reason(for: error))
    }
  }

  /// All of it or nothing: a report that is there is replaced only by a whole one.
  func write(_ text: String) throws {
    guard let path else {
      writeToStandardOutput(text)
      return
    }
    do {
      let data = Data(text.utf8)
      if isSpecial(path) {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.write(contentsOf: data)
        try handle.close()
      } else {
        let temporary = temporaryName(for: path)
        try data.write(to: URL(fileURLWithPath: temporary))
        guard rename(temporary, path) == 0 else {
          let message = String(cString: strerror(errno))
          unlink(temporary)
          throw unwritable(message)
        }
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw unwritable(reason(for: error))
    }
  }

  private func unwritable(_ reason: String) -> Failure {
    Failure(
      status: .cannotCreate, description: "the \(reporter.format) report can't be written to \(path ?? "-"): \(reason)")
  }

  /// A pipe or a device, which can't be replaced.
  private func isSpecial(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  private func temporaryName(for path: String) -> String { "\(path).\(getpid()).tmp" }

  private func reason(for error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    guard let underlying, underlying.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
    return String(cString: strerror(Int32(underlying.code)))
  }
}

extension String {
  fileprivate func appending(file: String) -> String { (self as NSString).appendingPathComponent(file) }
}
