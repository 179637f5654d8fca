import Foundation
import Reports

/// Where a report goes.
struct ReportDestination: Sendable {
  var reporter: Reporter
  /// nil for standard output.
  var path: String?

  /// Of `--report` and `--report-dir`. Without a folder, a format alone goes to standard output.
  static func parse(_ requests: [String], directory: String?, templates: Templates) throws -> [ReportDestination] {
    func inDirectory(_ reporter: Reporter) -> String? {
      directory.map { $0.hasSuffix("/") ? $0 + reporter.fileName : "\($0)/\(reporter.fileName)" }
    }
    if directory == "" { throw Failure.usage("--report-dir: the folder's name is missing") }
    let reporters = Reporter.all(templates: templates)
    guard !requests.isEmpty else {
      guard directory != nil else { return [] }
      return reporters.filter(\.isStandard).map { ReportDestination(reporter: $0, path: inDirectory($0)) }
    }
    let destinations = try requests.map { request -> ReportDestination in
      let parts = request.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let reporter = reporters.first(where: { $0.format == parts[0] }) else {
        let formats = reporters.map(\.format).joined(separator: ", ")
        throw Failure.usage("--report \(request): there is no format \(parts[0]); there are \(formats)")
      }
      guard parts.count == 2 else { return ReportDestination(reporter: reporter, path: inDirectory(reporter)) }
      guard !parts[1].isEmpty else { throw Failure.usage("--report \(request): the file's name is missing") }
      return ReportDestination(reporter: reporter, path: parts[1] == "-" ? nil : String(parts[1]))
    }
    guard destinations.count(where: { $0.path == nil }) <= 1 else {
      throw Failure.usage("only one report can go to standard output")
    }
    let files = destinations.compactMap(\.path).filter { !OutputFile(path: $0).isSpecial }
    let paths = files.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    guard Set(paths).count == paths.count else { throw Failure.usage("two reports go to the same file") }
    return destinations
  }

  /// Makes the folder, and finds out before the inspection whether the file can be written.
  func prepare() throws {
    guard let path else { return }
    do {
      try OutputFile(path: path).prepare()
    } catch {
      throw unwritable(error)
    }
  }

  func write(_ text: String) throws {
    do {
      if let path {
        try OutputFile(path: path).write(text)
      } else {
        try OutputFile.write(text, to: STDOUT_FILENO)
      }
    } catch {
      throw unwritable(error)
    }
  }

  /// What would be left behind by a program that ends in the middle of ``write(_:)``.
  var temporaryPath: String? { path.map { OutputFile(path: $0).temporaryPath } }

  private func unwritable(_ error: any Error) -> Failure {
    let place = path ?? "standard output"
    return Failure(
      status: .cannotCreate, description: "the \(reporter.format) report can't be written to \(place): \(error)")
  }
}
