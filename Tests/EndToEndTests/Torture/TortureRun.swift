import Foundation
import Synchronization
import TestSupport

/// All points that are asked for, spread over some workers, and the table of what came of them.
struct TortureRun: Sendable {
  let options: TortureOptions

  struct Outcome: Sendable {
    var phase: TortureOptions.Phase
    var counts: MessageCounts
    var results: [TrialResult]
    /// Points that could not be tried, and why: that is a fault of the harness, or of the machine.
    var failures: [String]
    var seconds: Double

    var violations: [(TrialResult, Violation)] {
      results.flatMap { result in result.violations.map { (result, $0) } }
    }
  }

  func run() async throws -> Outcome {
    let start = now()
    let benches = try await withThrowingTaskGroup(of: TortureBench.self) { group in
      for _ in 0..<options.workers { group.addTask { try await prepared() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    defer { for bench in benches { bench.stop() } }
    let baseline = try await trial(benches[0], nil)
    let counts = baseline.counts
    tell(
      "\(counts.program) messages of the program (\(counts.programToServer) to the servers), \(counts.stream) of the stream"
    )
    tell(line(baseline))
    let points = options.points(counts)
    tell("\(points.count) points, seed \(options.seed)")
    let progress = Progress(points, baseline)
    await withTaskGroup(of: Void.self) { group in
      for bench in benches { group.addTask { await work(on: bench, progress) } }
    }
    return Outcome(
      phase: options.phase, counts: counts, results: progress.results.withLock { $0 },
      failures: progress.failures.withLock { $0 },
      seconds: now() - start)
  }

  /// What the workers share.
  private final class Progress: Sendable {
    let left: Mutex<[TorturePoint]>
    let results: Mutex<[TrialResult]>
    let failures = Mutex<[String]>([])

    init(_ points: [TorturePoint], _ baseline: TrialResult) {
      left = Mutex(points.reversed())
      results = Mutex([baseline])
    }
  }

  private func work(on bench: TortureBench, _ progress: Progress) async {
    while let point = progress.left.withLock({ $0.popLast() }) {
      do {
        let result = try await trial(bench, point)
        progress.results.withLock { $0.append(result) }
        tell(line(result))
      } catch {
        progress.failures.withLock { $0.append("\(point): \(error)") }
        tell("\(point): could not be tried: \(error)")
      }
    }
  }

  private func prepared() async throws -> TortureBench {
    let bench = try await TortureBench.start(version: options.targetVersion)
    switch options.phase {
    case .cutover: try await bench.setUpReplication()
    case .migrate, .dump: try await bench.save()
    }
    return bench
  }

  private func trial(_ bench: TortureBench, _ point: TorturePoint?) async throws -> TrialResult {
    switch options.phase {
    case .cutover: try await CutoverTrial(bench: bench, point: point, patience: options.patience).run()
    case .migrate: try await MigrationTrial(bench: bench, point: point, patience: options.patience).run()
    case .dump: try await DumpTrial(bench: bench, point: point, patience: options.patience).run()
    }
  }

  /// A line as soon as there is one: a run takes long.
  private func tell(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }

  private func line(_ result: TrialResult) -> String {
    let seconds = String(format: "%.1f s", result.seconds)
    let kinds = Set(result.violations.map(\.kind.rawValue)).sorted().joined(separator: ", ")
    let point = result.point.map { "\($0)" } ?? "no fault"
    let words = result.violations.map { "\n    \($0.kind.rawValue): \($0.words)" }
    let runs = kinds.isEmpty ? [] : result.invocations.map { "\n    \($0.command): \($0.lastLines)" }
    return "\(point): \(result.ends.map(\.rawValue).joined(separator: ", then ")) (\(seconds))"
      + (kinds.isEmpty ? "" : ": \(kinds)") + words.joined() + runs.joined()
  }
}

extension TortureRun.Outcome {
  /// What `scripts/torture` ends with.
  func report() -> String {
    let limit = phase == .cutover ? CutoverTrial.limit : MigrationTrial.limit
    var lines: [String] = []
    for (index, (result, violation)) in violations.enumerated() {
      lines.append("\(index + 1). \(violation.kind.rawValue): \(violation.words)")
      lines.append("   \(result.point.map { "\($0)" } ?? "no fault")")
      if let struck = result.struck { lines.append("   \(struck)") }
      // The same runs are shown once.
      guard index == 0 || violations[index - 1].0.point != result.point else { continue }
      for invocation in result.invocations {
        lines.append("   \(invocation.command): \(invocation.status)")
        lines += invocation.lastLines.split(separator: "\n").map { "     \($0)" }
      }
    }
    let kinds = Violation.Kind.allCases
    let columns =
      ["points", "struck"] + End.allCases.map(\.rawValue) + kinds.map(\.rawValue) + ["longest block", "s a point"]
    lines.append("")
    lines.append((["kind"] + columns).joined(separator: " | "))
    let groups: [(String, [TrialResult])] =
      [("no fault", results.filter { $0.point == nil })]
      + TorturePoint.Kind.allCases.map { kind in (kind.rawValue, results.filter { $0.point?.kind == kind }) }
      + [("all", results)]
    for (name, results) in groups where !results.isEmpty {
      var cells = ["\(results.count)", "\(results.filter { $0.struck != nil }.count)"]
      cells += End.allCases.map { end in "\(results.filter { $0.ends.first == end }.count)" }
      cells += kinds.map { kind in "\(results.filter { $0.violations.contains { $0.kind == kind } }.count)" }
      let block = results.map(\.longestBlock).max() ?? 0
      cells.append(String(format: "%.1f s of %d s", block, limit))
      cells.append(String(format: "%.1f", results.map(\.seconds).reduce(0, +) / Double(results.count)))
      lines.append(([name] + cells).joined(separator: " | "))
    }
    lines += failures.map { "could not be tried: \($0)" }
    lines.append(String(format: "%d points in %.0f s", results.count, seconds))
    return lines.joined(separator: "\n")
  }
}
