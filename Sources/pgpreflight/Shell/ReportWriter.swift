import Assessment
import Foundation
import Reports

/// Writes reports to where they are asked for.
struct ReportWriter {
  let destinations: [ReportDestination]
  let signals: Signals

  /// Every one that can be written, whatever becomes of the others.
  func write(_ report: Report) async -> (written: [ReportDestination], failures: [Failure]) {
    // Side by side, as all of them are pure functions of the report.
    let rendered = await withTaskGroup(of: (Int, Result<String, any Error>).self) { group in
      for (index, destination) in destinations.enumerated() {
        group.addTask { (index, Result { try destination.reporter.render(report) }) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    var failures: [Failure] = []
    var written: [ReportDestination] = []
    signals.removing(destinations.compactMap(\.temporaryPath)) {
      for (index, destination) in destinations.enumerated() {
        do {
          guard let text = try rendered[index]?.get() else { continue }
          try destination.write(text)
          written.append(destination)
        } catch let failure as Failure {
          failures.append(failure)
        } catch {
          failures.append(
            Failure(status: .software, description: "the \(destination.reporter.format) report: \(error)"))
        }
      }
    }
    if written.contains(where: { $0.reporter.format == "github" }) {
      do { try addToStepSummary(report) } catch {
        failures.append(
          Failure(status: .cannotCreate, description: "the summary of the step can't be written: \(error)"))
      }
    }
    return (written, failures)
  }

  /// What GitHub shows below a run, besides its log (GitHub documentation, "Adding a job summary").
  private func addToStepSummary(_ report: Report) throws {
    guard let path = ProcessInfo.processInfo.environment["GITHUB_STEP_SUMMARY"], !path.isEmpty,
      let markdown = Reporter.all.first(where: { $0.format == "markdown" })
    else { return }
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw OutputFile.Problem.last }
    defer { close(file) }
    try OutputFile.write(try markdown.render(report), to: file)
  }
}

extension [Failure] {
  /// Tells of all but the last, which is thrown.
  func throwLast() throws {
    guard let last else { return }
    for failure in dropLast() { writeToStandardError("pgpreflight: \(failure)\n") }
    throw last
  }
}
