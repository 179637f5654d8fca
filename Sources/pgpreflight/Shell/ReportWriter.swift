import Assessment
import Foundation
import Reports

/// Writes reports to where they are asked for.
struct ReportWriter {
  let destinations: [ReportDestination]
  let signals: Signals

  /// Every one that can be written, whatever becomes of the others.
  func write(_ report: Report) async -> (written: [ReportDestination], failures: [Failure]) {
    // Made side by side, as all of them are pure functions of the report, but no more than that: each is held as a whole.
    // Written in the order in which they were asked for, so that one that nobody takes does not keep back those before it.
    let failed = await withTaskGroup(of: (Int, Result<String, any Error>).self) { group in
      var failed: [Int: Failure] = [:]
      var made: [Int: Result<String, any Error>] = [:]
      var next = 0
      func writeInOrder() {
        while let text = made.removeValue(forKey: next) {
          failed[next] = write(text, to: destinations[next])
          next += 1
        }
      }
      for (index, destination) in destinations.enumerated() {
        if index >= Self.atATime, let (done, text) = await group.next() {
          made[done] = text
          writeInOrder()
        }
        group.addTask { (index, Result { try destination.reporter.render(report) }) }
      }
      for await (done, text) in group {
        made[done] = text
        writeInOrder()
      }
      return failed
    }
    var failures = destinations.indices.compactMap { failed[$0] }
    let written = destinations.indices.filter { failed[$0] == nil }.map { destinations[$0] }
    if written.contains(where: { $0.reporter.format == "github" }) {
      do { try addToStepSummary(report) } catch {
        failures.append(
          Failure(status: .cannotCreate, description: "the summary of the step can't be written: \(error)"))
      }
    }
    return (written, failures)
  }

  private static let atATime = 2

  /// - Returns: why it could not be written.
  private func write(_ text: Result<String, any Error>, to destination: ReportDestination) -> Failure? {
    do {
      let text = try text.get()
      try signals.removing([destination.temporaryPath].compactMap(\.self)) { try destination.write(text) }
      return nil
    } catch let failure as Failure {
      return failure
    } catch {
      return Failure(status: .software, description: "the \(destination.reporter.format) report: \(error)")
    }
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
