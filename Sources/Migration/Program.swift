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
    let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
    do {
      result = try await Subprocess.run(
        .path(FilePath("\(folder)/\(name)")), arguments: Arguments(words), environment: environment(of: connection),
        platformOptions: Self.options, output: .string(limit: .max), error: .string(limit: 1 << 20))
    } catch {
      try Task.checkCancellation()
      throw MigrationError("\(name) could not be run: \(error)")
    }
    try Task.checkCancellation()
    guard result.terminationStatus.isSuccess else {
      throw MigrationError(Self.complaint(of: name, result.standardError, result.terminationStatus))
    }
    return result.standardOutput
  }

  /// Runs it to its end, whatever that is.
  ///
  /// - Returns: whether it was a success, and what it wrote to standard error.
  /// - Throws: `MigrationError` where it can't be run, `CancellationError`.
  func attempt(_ arguments: [String], over connection: ProgramConnection) async throws -> (Bool, String) {
    do {
      let result = try await Subprocess.run(
        .path(FilePath("\(folder)/\(name)")), arguments: Arguments(arguments + ["--dbname", connection.argument]),
        environment: environment(of: connection), platformOptions: Self.options, output: .discarded,
        error: .string(limit: 1 << 28))
      try Task.checkCancellation()
      return (result.terminationStatus.isSuccess, result.standardError)
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
    async let first = Subprocess.run(
      .path(FilePath("\(folder)/\(name)")), arguments: Arguments(arguments + ["--dbname", connection.argument]),
      environment: environment(of: connection), platformOptions: Self.options,
      output: .fileDescriptor(pipe.writeEnd, closeAfterSpawningProcess: true), error: .string(limit: 1 << 20))
    async let second = Subprocess.run(
      .path(FilePath("\(other.folder)/\(other.name)")),
      arguments: Arguments(otherArguments + ["--dbname", otherConnection.argument]),
      environment: environment(of: otherConnection), platformOptions: Self.options,
      input: .fileDescriptor(pipe.readEnd, closeAfterSpawningProcess: true), output: .discarded,
      error: .string(limit: 1 << 20))
    let (dump, restore) = try await (first, second)
    try Task.checkCancellation()
    // Where the second one fails, the first one fails by it.
    if !restore.terminationStatus.isSuccess {
      throw MigrationError(Self.complaint(of: other.name, restore.standardError, restore.terminationStatus))
    }
    if !dump.terminationStatus.isSuccess {
      throw MigrationError(Self.complaint(of: name, dump.standardError, dump.terminationStatus))
    }
  }

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

  /// What the program said, less the statements that it ran, which may hold secrets, and less details, which may show
  /// rows.
  static func complaint(of name: String, _ text: String, _ status: TerminationStatus) -> String {
    var lines: [Substring] = []
    var isStatement = false
    for line in text.split(separator: "\n") {
      if line.hasPrefix("\(name): ") { isStatement = line.hasPrefix("\(name): detail: ") }
      if ["Command was: ", "DETAIL: ", "CONTEXT: "].contains(where: line.hasPrefix) { isStatement = true }
      if line.hasPrefix("HINT: ") { isStatement = false }
      if !isStatement { lines.append(line) }
    }
    let words = lines.prefix(12).map { line in
      line.hasPrefix("\(name): ") ? line.dropFirst(name.count + 2) : line
    }
    return "\(name) failed: " + (words.isEmpty ? "\(status)" : words.joined(separator: "; "))
  }
}
