import Foundation
import Postgres
import Subprocess
import SystemPackage

/// `pg_dump` or `pg_restore`.
struct Program: Sendable {
  let folder: String
  let name: String

  /// Runs it to its end.
  ///
  /// - Returns: what it wrote to standard output.
  /// - Throws: `MigrationError` with what it said, or `CancellationError` when it was ended because the task is cancelled.
  @discardableResult
  func run(_ arguments: [String], over session: ProgramSession? = nil) async throws -> String {
    let (result, said) = try await alone(over: session) {
      try await launched(arguments, over: session, as: $0, output: .bytes(limit: .max), upTo: Self.longestComplaint)
    }
    guard result.terminationStatus.isSuccess else {
      throw MigrationError(Self.complaint(of: name, said, result.terminationStatus))
    }
    return String(serverText: result.standardOutput)
  }

  /// Runs it to its end, whatever that is.
  ///
  /// - Returns: whether it was a success, and what it wrote to standard error.
  /// - Throws: `MigrationError` where it can't be run, `CancellationError`.
  func attempt(_ arguments: [String], over session: ProgramSession) async throws -> (Bool, String) {
    let (result, said) = try await alone(over: session) {
      try await launched(arguments, over: session, as: $0, output: .discarded, upTo: Self.longestAttempt)
    }
    return (result.terminationStatus.isSuccess, said)
  }

  /// Runs `self` into `other`, and waits for both.
  func run(
    _ arguments: [String], over session: ProgramSession, into other: Program, _ otherArguments: [String],
    over otherSession: ProgramSession
  ) async throws {
    let (running, otherRunning) = (RunningProgram(), RunningProgram())
    let watch = ProgramWatch(programs: [(name, running, session), (other.name, otherRunning, otherSession)])
    let ((dump, dumpSaid), (restore, restoreSaid)) = try await watched(
      {
        let pipe = try FileDescriptor.pipe()
        async let first = launched(
          arguments, over: session, as: running,
          output: .fileDescriptor(pipe.writeEnd, closeAfterSpawningProcess: true), upTo: Self.longestComplaint)
        async let second = other.launched(
          otherArguments, over: otherSession, as: otherRunning,
          input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true), output: .discarded,
          upTo: Self.longestComplaint)
        return try await (first, second)
      }, by: { try await watch.watch() })
    try Task.checkCancellation()
    // Where the second one fails, the first one fails by it.
    if !restore.terminationStatus.isSuccess {
      throw MigrationError(Self.complaint(of: other.name, restoreSaid, restore.terminationStatus))
    }
    if !dump.terminationStatus.isSuccess {
      throw MigrationError(Self.complaint(of: name, dumpSaid, dump.terminationStatus))
    }
  }

  private func alone<Result: Sendable>(
    over session: ProgramSession?, _ body: @escaping @Sendable (RunningProgram) async throws -> Result
  ) async throws -> Result {
    let running = RunningProgram()
    let result: Result
    if let session {
      let watch = ProgramWatch(programs: [(name, running, session)])
      result = try await watched({ try await body(running) }, by: { try await watch.watch() })
    } else {
      result = try await body(running)
    }
    try Task.checkCancellation()
    return result
  }

  private func launched<Input: InputProtocol, Output: OutputProtocol>(
    _ arguments: [String], over session: ProgramSession?, as running: RunningProgram, input: Input = .none,
    output: Output, upTo limit: Int
  ) async throws -> (ExecutionResult<Void, Output, FileDescriptorOutput>, String) {
    let words = arguments + (session.map { ["--dbname", $0.connection.argument] } ?? [])
    do {
      return try await ErrorOutput.collected(upTo: limit) { errors in
        try await Subprocess.run(
          .path(FilePath("\(folder)/\(name)")), arguments: Self.arguments(words),
          environment: environment(of: session?.connection), platformOptions: Self.options, input: input,
          output: output, error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
        ) { running.began($0.processIdentifier.value) }
      }
    } catch {
      try Task.checkCancellation()
      throw MigrationError("\(name) could not be run: \(error)")
    }
  }

  /// Names among them are of any bytes.
  private static func arguments(_ words: [String]) -> Arguments { Arguments(words.map { $0.serverBytes + [0] }) }

  private func environment(of connection: ProgramConnection?) -> Environment {
    // What it says is read, and shown, in English.
    let values = (connection?.environment ?? [:]).merging(["LC_MESSAGES": "C", "LANGUAGE": "C"]) { first, _ in first }
    return .inherit.updating(
      Dictionary(
        uniqueKeysWithValues: values.compactMap { name, value in
          Environment.Key(rawValue: name).map { ($0, value) }
        }))
  }

  private static var options: PlatformOptions {
    var options = PlatformOptions()
    // A terminal's ^C reaches only this process, which ends its children by itself.
    options.processGroupID = 0
    options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
    return options
  }

  /// Bytes that are kept of what a program writes to standard error, where its first lines tell, and where all of it is
  /// read: 100,000 lines of a schema that is restored.
  private static let longestComplaint = 1 << 20
  private static let longestAttempt = 16 << 20

  /// What the program said, less statements and rows.
  static func complaint(of name: String, _ text: String, _ status: TerminationStatus) -> String {
    let words = Complaint(of: name, in: text).words
    return "\(name) failed: " + (words.isEmpty ? "\(status)" : words)
  }
}
