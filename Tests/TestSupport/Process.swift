import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// What a finished program left behind.
public struct ProcessOutput: Sendable {
  public enum Status: Sendable, Hashable {
    case exited(Int32)
    case signaled(Int32)
  }

  public var status: Status
  public var stdout: String
  public var stderr: String
  public var duration: Duration

  /// The exit status as a shell shows it: 128 + signal for a program that a signal ended.
  public var exitStatus: Int32 {
    switch status {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}

/// Why a helper of the tests could not do its work.
public struct TestSupportError: Error, CustomStringConvertible {
  public var description: String

  public init(_ description: String) {
    self.description = description
  }
}

/// Runs a program to its end and returns what it printed, whatever its exit status.
///
/// The program sees the tests' environment without the variables that libpq, `pgpreflight` and aiven-db-migrate read,
/// so that a developer's own settings can't change a test. It runs in a process group of its own.
///
/// - Parameters:
///   - environment: variables to set, or with `nil` to remove.
///   - input: the text for standard input; `nil` is an empty one.
///   - workingDirectory: `nil` is a new, empty folder.
///   - timeout: after this time the program's process group is ended and the call throws.
///   - whileRunning: is given the program's process id once it runs, to send signals, say; the call waits for both.
/// - Throws: ``TestSupportError`` when the program can't be started or takes too long, and what `whileRunning` throws.
public func run(
  executable: String = pgpreflight,
  arguments: [String],
  environment: [String: String?] = [:],
  input: String? = nil,
  workingDirectory: String? = nil,
  timeout: Duration = .seconds(120),
  whileRunning: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
) async throws -> ProcessOutput {
  let folder = try workingDirectory ?? Workspace.current().makeFolder(named: "run")
  return try await run(
    Command(
      executable: executable, arguments: arguments, environment: environment, input: input,
      workingDirectory: folder, timeout: timeout),
    whileRunning: whileRunning)
}

/// The path of the executable under test, which SwiftPM builds beside the tests' own.
public let pgpreflight: String = {
  let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  return FilePath(tests).removingLastComponent().appending("pgpreflight").string
}()

struct Command: Sendable {
  var executable: String
  var arguments: [String]
  var environment: [String: String?] = [:]
  var input: String?
  var workingDirectory: String
  var timeout: Duration = .seconds(120)
  /// `nil` is the tests' own user.
  var user: ServerUser?
}

func run(
  _ command: Command, whileRunning: @escaping @Sendable (pid_t) async throws -> Void = { _ in }
) async throws -> ProcessOutput {
  let clock = ContinuousClock()
  let start = clock.now
  return try await withThrowingTaskGroup(of: ProcessOutput?.self) { group in
    group.addTask { try await spawn(command, start: start, whileRunning: whileRunning) }
    group.addTask {
      try await Task.sleep(for: command.timeout)
      return nil
    }
    defer { group.cancelAll() }
    if let output = try await group.next(), let output { return output }

    // Cancelling ends the program; what it had printed until then says where it hung.
    group.cancelAll()
    let output = try await group.next() ?? nil
    throw TestSupportError(
      """
      \(command.executable) \(command.arguments.first ?? "") took longer than \(command.timeout)
      \(output?.stdout ?? "")
      \(output?.stderr ?? "")
      """)
  }
}

private func spawn(
  _ command: Command, start: ContinuousClock.Instant, whileRunning: @escaping @Sendable (pid_t) async throws -> Void
) async throws -> ProcessOutput {
  // A child that ends without reading its input must not end the tests.
  signal(SIGPIPE, SIG_IGN)
  var options = PlatformOptions()
  options.processGroupID = 0
  options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(5))]
  let words = (command.user?.prefix ?? []) + [command.executable] + command.arguments

  let result = try await Subprocess.run(
    .path(FilePath(words[0])),
    arguments: Arguments(Array(words.dropFirst())),
    environment: environment(updating: command.environment),
    workingDirectory: FilePath(command.workingDirectory),
    platformOptions: options,
    input: .string(command.input ?? ""),
    output: .string(limit: .max),
    error: .string(limit: .max)
  ) { execution in
    try await whileRunning(execution.processIdentifier.value)
  }
  let status: ProcessOutput.Status =
    switch result.terminationStatus {
    case .exited(let code): .exited(code)
    case .signaled(let signal): .signaled(signal)
    }
  return ProcessOutput(
    status: status, stdout: result.standardOutput, stderr: result.standardError,
    duration: ContinuousClock().now - start)
}

private func environment(updating changes: [String: String?]) -> Environment {
  // The servers' own client programs, for those that Debian does not have.
  let folders = (13...18).compactMap { TestCluster.available($0) }
  let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
  let changes = ["PATH": "\(path):\(folders.joined(separator: ":"))"].merging(changes) { $1 }
  var variables = ProcessInfo.processInfo.environment.filter { name, _ in
    !name.hasPrefix("PG") && !["SOURCE_SERVICE_URI", "TARGET_SERVICE_URI"].contains(name)
  }
  for (name, value) in changes { variables[name] = value }
  return .custom(
    Dictionary(
      uniqueKeysWithValues: variables.compactMap { name, value in
        Environment.Key(rawValue: name).map { ($0, value) }
      }))
}
