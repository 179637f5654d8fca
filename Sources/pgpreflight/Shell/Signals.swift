import Dispatch
import Foundation
import Synchronization

/// ^C, or a polite request to end.
struct Interrupted: Error {
  var signal: Int32
}

/// What SIGINT, SIGTERM and SIGHUP do, from its making to the end of the program: the first signal does what is set,
/// a second one ends the program at once.
///
/// There is one for the whole program: a source of signals that follows another one may never see any, as cancelling
/// the first one takes its time.
struct Signals {
  private final class Action: Sendable {
    private let action = Mutex<@Sendable (Int32) -> Void>(Signals.end)

    func set(_ new: @escaping @Sendable (Int32) -> Void) { action.withLock { $0 = new } }

    func get() -> @Sendable (Int32) -> Void { action.withLock { $0 } }
  }

  private let action = Action()
  private let sources: [any DispatchSourceSignal]

  init() {
    var numbers = [SIGINT, SIGTERM]
    // Under `nohup`, SIGHUP is ignored, and stays so.
    var hangup = sigaction()
    sigaction(SIGHUP, nil, &hangup)
    let handler = unsafeBitCast(hangup.__sigaction_handler.sa_handler, to: Int.self)
    if handler != unsafeBitCast(SIG_IGN, to: Int.self) { numbers.append(SIGHUP) }

    sources = numbers.map { [numbers, action] number in
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        for number in numbers { signal(number, SIG_DFL) }
        action.get()(number)
      }
      source.resume()
      return source
    }
  }

  /// Runs `body`, and cancels it on a signal: what it has open is closed before `Interrupted` is thrown.
  func untilInterrupted<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
    let (signals, continuation) = AsyncStream.makeStream(of: Int32.self)
    action.set { continuation.yield($0) }
    defer { action.set(Signals.end) }

    return try await withThrowingTaskGroup(of: T?.self) { group in
      group.addTask { try await body() }
      group.addTask {
        for await number in signals { throw Interrupted(signal: number) }
        return nil
      }
      defer { group.cancelAll() }
      while let value = try await group.next() {
        if let value { return value }
      }
      throw CancellationError()
    }
  }

  /// Runs `body`, which can't be cancelled; a signal removes `files` and ends the program.
  func removing(_ files: [String], during body: () throws -> Void) rethrows {
    action.set { number in
      for file in files { unlink(file) }
      Signals.end(number)
    }
    defer { action.set(Signals.end) }
    try body()
  }

  private static let end: @Sendable (Int32) -> Void = { number in _exit(128 + number) }
}
