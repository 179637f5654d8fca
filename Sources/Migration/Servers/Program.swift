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
  func run(_ arguments: [String], over connection: ProgramConnection? = nil) async throws -> String {
    let words = arguments + (connection.map { ["--dbname", $0.argument] } ?? [])
    let (result, said): (ExecutionResult<Void, BytesOutput, FileDescriptorOutput>, String)
    do {
      (result, said) = try await ErrorOutput.collected(upTo: Self.longestComplaint) { errors in
        try await Subprocess.run(
          .path(FilePath("\(folder)/\(name)")), arguments: Self.arguments(words),
          environment: environment(of: connection), platformOptions: Self.options, output: .bytes(limit: .max),
          error: .fileDescriptor(errors, closeAfterSpawningProcess: true))
      }
    } catch {
      try Task.checkCancellation()
      throw MigrationError("\(name) could not be run: \(error)")
    }
    try Task.checkCancellation()
    guard result.terminationStatus.isSuccess else {
      throw MigrationError(Self.complaint(of: name, said, result.terminationStatus))
    }
    return String(serverText: result.standardOutput)
  }

  /// Runs it to its end, whatever that is.
  ///
  /// - Returns: whether it was a success, and what it wrote to standard error.
  /// - Throws: `MigrationError` where it can't be run, `CancellationError`.
  func attempt(_ arguments: [String], over connection: ProgramConnection) async throws -> (Bool, String) {
    do {
      let (result, said) = try await ErrorOutput.collected(upTo: Self.longestAttempt) { errors in
        try await Subprocess.run(
          .path(FilePath("\(folder)/\(name)")),
          arguments: Self.arguments(arguments + ["--dbname", connection.argument]),
          environment: environment(of: connection), platformOptions: Self.options, output: .discarded,
          error: .fileDescriptor(errors, closeAfterSpawningProcess: true))
      }
      try Task.checkCancellation()
      return (result.terminationStatus.isSuccess, said)
    } catch {
      try Task.checkCancellation()
      throw MigrationError("\(name) could not be run: \(error)")
    }
  }

  /// Runs `self` into `other`, and waits for both.
  func run(
    _ arguments: [String], over connection: ProgramConnection, into other: Program, _ otherArguments: [String],
    over otherConnection: ProgramConnection
  ) async throws {
    let pipe = try FileDescriptor.pipe()
    async let first = ErrorOutput.collected(upTo: Self.longestComplaint) { errors in
      try await Subprocess.run(
        .path(FilePath("\(folder)/\(name)")), arguments: Self.arguments(arguments + ["--dbname", connection.argument]),
        environment: environment(of: connection), platformOptions: Self.options,
        output: .fileDescriptor(pipe.writeEnd, closeAfterSpawningProcess: true),
        error: .fileDescriptor(errors, closeAfterSpawningProcess: true))
    }
    async let second = ErrorOutput.collected(upTo: Self.longestComplaint) { errors in
      try await Subprocess.run(
        .path(FilePath("\(other.folder)/\(other.name)")),
        arguments: Self.arguments(otherArguments + ["--dbname", otherConnection.argument]),
        environment: environment(of: otherConnection), platformOptions: Self.options,
        input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true), output: .discarded,
        error: .fileDescriptor(errors, closeAfterSpawningProcess: true))
    }
    let ((dump, dumpSaid), (restore, restoreSaid)) = try await (first, second)
    try Task.checkCancellation()
    // Where the second one fails, the first one fails by it.
    if !restore.terminationStatus.isSuccess {
      throw MigrationError(Self.complaint(of: other.name, restoreSaid, restore.terminationStatus))
    }
    if !dump.terminationStatus.isSuccess {
      throw MigrationError(Self.complaint(of: name, dumpSaid, dump.terminationStatus))
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
