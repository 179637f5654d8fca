import Foundation
import Synchronization
import TestSupport

/// A run of the program that has ended.
struct Invocation: Sendable {
  var command: String
  /// What it printed, both streams in the order in which they came.
  var output: String
  var status: ProcessOutput.Status
  var startedAt: Double
  var endedAt: Double
  /// When it had said that the target is the one to be written to, or had exited with 0.
  var switchedAt: Double?
  /// It had to be ended.
  var hung = false
  /// The fault has killed it, or interrupted it.
  var wasKilled: Bool { status == .signaled(SIGKILL) }

  var claims: Set<Claim> { Claim.all(in: output) }

  /// The end of what it said.
  var lastLines: String { output.split(separator: "\n").suffix(8).map { $0.prefix(400) }.joined(separator: "\n") }
}

/// Where the faults find the program that runs at the moment.
final class RunningProgram: Sendable {
  private let pid = Mutex<pid_t?>(nil)

  func set(_ new: pid_t?) { pid.withLock { $0 = new } }

  func signal(_ signal: Int32) { pid.withLock { pid in if let pid { kill(pid, signal) } } }
}

extension Invocation {
  /// Runs the program and listens to what it says.
  ///
  /// - Parameters:
  ///   - patience: in seconds; then it is interrupted, and after a while killed.
  ///   - switched: is called once, when it first says that the target is the one to be written to.
  static func run(
    _ arguments: [String], patience: Double, program: RunningProgram = RunningProgram(),
    switched: @escaping @Sendable () -> Void = {}
  ) async throws -> Invocation {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let file = "\(folder.path)/output"
    let heard = Locked<Double?>(nil)
    let hung = Locked(false)
    let end = Locked<Double?>(nil)
    let start = now()
    // The shell becomes the program, so that the process is the same.
    let result = try await TestSupport.run(
      executable: "/bin/sh", arguments: ["-c", "exec \"$0\" \"$@\" >'\(file)' 2>&1", pgpreflight] + arguments,
      timeout: .seconds(patience + 60)
    ) { pid in
      program.set(pid)
      while isAlive(pid) {
        if heard.get() == nil, Claim.all(in: text(file)).contains(.switched) {
          heard.set(now())
          switched()
        }
        let age = now() - start
        if age > patience, !hung.get() {
          hung.set(true)
          kill(pid, SIGINT)
        }
        if age > patience + 20 { kill(pid, SIGKILL) }
        try await Task.sleep(for: .milliseconds(10))
      }
      end.set(now())
      program.set(nil)
    }
    let endedAt = end.get() ?? now()
    if result.status == .exited(0), arguments.first == "cutover", heard.get() == nil {
      heard.set(endedAt)
      switched()
    }
    return Invocation(
      command: arguments.first ?? "", output: text(file), status: result.status, startedAt: start, endedAt: endedAt,
      switchedAt: heard.get(), hung: hung.get())
  }

  private static func text(_ file: String) -> String {
    String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
  }

  /// Whether it has neither ended nor been waited for.
  private static func isAlive(_ pid: pid_t) -> Bool {
    guard let stat = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return false }
    let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
    return state != "Z" && state != "X"
  }
}
