import Synchronization

/// What a ``TestProxy`` does when the message comes for which it waits.
public enum Fault: Sendable {
  /// Calls it before the message is passed on; else, the message is lost and the client's side ends, as where the call
  /// has killed the client.
  case call(passesOn: Bool, @Sendable () -> Void)
  /// Resets the connection on both sides, and the message is lost.
  case cut
  /// Passes the message on, waits until the server has answered it, and resets the connection instead of passing the
  /// answer on.
  case loseAnswer
  /// Passes nothing more on in either direction and keeps the connection open, for so long or until ``TestProxy/thaw()``.
  case freeze(Duration?)
  /// The same for all connections of the proxy, new ones included.
  case freezeProxy(Duration?)
}

/// A message as it came by.
public struct TracedMessage: Sendable, CustomStringConvertible {
  public enum Direction: String, Sendable {
    case toServer = ">"
    case toClient = "<"
  }

  /// How many messages counted until then, this one included.
  public var number: Int
  public var proxy: String
  /// Connections of a proxy are numbered from 1.
  public var connection: Int
  public var direction: Direction
  public var message: ProtocolMessage
  /// Whether it can be struck at.
  public var counts: Bool
  /// The last statement that the client has sent over this connection, this message included.
  public var statement: String?

  public var description: String {
    let kind =
      switch message.kind {
      case .startup: "startup"
      case .encryptionRequest: "encryption request"
      case .cancelRequest: "cancel request"
      case .typed(let type): "'\(type)'"
      }
    let words = (statement ?? message.text).split(separator: " ").joined(separator: " ")
    return "\(number) \(proxy)#\(connection) \(direction.rawValue) \(kind) at: \(words.prefix(160))"
  }
}

/// Counts the messages of one proxy, or of several that share it, and strikes at one of them. Messages by which nothing is
/// done are traced and do not count: there are many of them, and to break there is to break at the next one that counts.
public final class MessageCounter: Sendable {
  public enum Counted: Sendable { case all, toServer }

  private struct Armed {
    var number: Int
    var counted: Counted
    var fault: Fault
  }

  private struct State {
    var all = 0
    var toServer = 0
    var armed: Armed?
    var struck: TracedMessage?
    var trace: [TracedMessage] = []
  }

  private static let longestTrace = 20_000

  private let state = Mutex(State())

  public init() {}

  /// Forgets what it has counted.
  public func reset() { state.withLock { $0 = State() } }

  /// Strikes once, at the message of that number, from 1, or at the first one after it.
  public func arm(_ fault: Fault, at number: Int, of counted: Counted = .all) {
    state.withLock { $0.armed = Armed(number: number, counted: counted, fault: fault) }
  }

  public func disarm() { state.withLock { $0.armed = nil } }

  /// How many messages there were.
  public func count(of counted: Counted = .all) -> Int {
    state.withLock { counted == .all ? $0.all : $0.toServer }
  }

  /// At which message the fault struck; nil where it has not.
  public var struck: TracedMessage? { state.withLock { $0.struck } }

  /// The first 20,000 messages, without the rows of results.
  public var trace: [TracedMessage] { state.withLock { $0.trace } }

  func note(_ message: TracedMessage) -> Fault? {
    state.withLock { state in
      if message.counts {
        state.all += 1
        if message.direction == .toServer { state.toServer += 1 }
      }
      var message = message
      message.number = state.all
      let isRow = message.direction == .toClient && message.message.kind == .typed("D")
      if !isRow, state.trace.count < Self.longestTrace { state.trace.append(message) }
      guard message.counts, let armed = state.armed else { return nil }
      switch armed.counted {
      case .all: if state.all < armed.number { return nil }
      case .toServer: if message.direction != .toServer || state.toServer < armed.number { return nil }
      }
      state.armed = nil
      state.struck = message
      return armed.fault
    }
  }
}
