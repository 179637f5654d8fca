import Foundation
import TestSupport

/// A migration with a fault at a point, and `--resume` until it ends well.
struct InterruptedCommand: Sendable {
  let bench: TortureBench
  let point: TorturePoint?
  var patience: Double
  /// Is called when the first run has ended.
  var interrupted: @Sendable () async throws -> Void = {}

  func run(_ migrate: [String]) async throws -> ([Invocation], FirstRun) {
    let program = RunningProgram()
    let restarts = Restarts()
    bench.arm(point) { [bench, point] in
      switch point?.kind {
      case .kill: program.signal(SIGKILL)
      case .interrupt: program.signal(SIGINT)
      case .restartSource: restarts.begin(bench.source)
      case .restartTarget: restarts.begin(bench.target)
      default: break
      }
    }
    var invocations = [try await Invocation.run(migrate, patience: patience, program: program)]
    let first = FirstRun(struck: bench.struck, counts: bench.counts)
    await restarts.finish()
    bench.heal()
    try await interrupted()
    // Whatever it was interrupted at: the same command with --resume is what comes next.
    for _ in 0..<4 where invocations.last?.status != .exited(0) {
      invocations.append(try await Invocation.run(migrate + ["--resume"], patience: patience))
    }
    return (invocations, first)
  }
}

extension Invocation {
  var migrationEnd: End {
    if hung { return .hung }
    if wasKilled { return .killed }
    return status == .exited(0) ? .done : .undone
  }

  var migrationViolations: [Violation] {
    guard command == "migrate" else { return [] }
    if hung { return [Violation(kind: .hung, words: "migrate did not end by itself")] }
    switch status {
    case .exited(70): return [Violation(kind: .crash, words: "migrate: internal error")]
    case .signaled(let signal) where signal != SIGKILL:
      return [Violation(kind: .crash, words: "migrate: signal \(signal)")]
    default: return []
    }
  }
}
