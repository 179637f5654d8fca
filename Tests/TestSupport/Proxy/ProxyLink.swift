import Glibc

/// One connection of a client, and the one to the server that belongs to it. All on the proxy's thread.
final class ProxyLink {
  private static let mostInFlight = 1 << 18

  private struct Lane {
    var framing: MessageFraming
    var outgoing: [UInt8] = []
    /// Whether the sender has said that no more comes.
    var hasEnded = false
    /// Whether the receiver has been told so.
    var isShut = false
    /// Of the last message.
    var kind: ProtocolMessage.Kind?
    /// Whether what arrives is thrown away.
    var discards = false
  }

  private let proxy: String
  private let number: Int
  private let client: Int32
  private let server: Int32
  private var toServer = Lane(framing: MessageFraming(isFromClient: true))
  private var toClient = Lane(framing: MessageFraming(isFromClient: false))
  private var statement: String?
  private var isForReplication = false
  private var frozenUntil: ContinuousClock.Instant?
  /// When the connection is cut although the server has not answered.
  private var losesAnswerUntil: ContinuousClock.Instant?
  /// How many more times the server will say that it is ready for the next query.
  private var pendingAnswers = 0
  private(set) var isClosed = false

  init(proxy: String, number: Int, client: Int32, server: Int32) {
    self.proxy = proxy
    self.number = number
    self.client = client
    self.server = server
  }

  var isTimed: Bool { frozenUntil != nil || losesAnswerUntil != nil }

  var polls: [pollfd] {
    guard frozenUntil == nil else { return [] }
    return [(client, toServer, toClient), (server, toClient, toServer)].compactMap { socket, incoming, outgoing in
      var events: Int32 = 0
      if !incoming.hasEnded, incoming.outgoing.count < Self.mostInFlight { events |= POLLIN }
      if !outgoing.outgoing.isEmpty { events |= Int32(POLLOUT) }
      return events == 0 ? nil : pollfd(fd: socket, events: Int16(events), revents: 0)
    }
  }

  /// Passes on what can be.
  ///
  /// - Parameter passes: is asked for each message; it may do something to this connection.
  func work(_ passes: (TracedMessage) -> Bool) {
    if let until = frozenUntil {
      guard until <= .now else { return }
      frozenUntil = nil
    }
    move(\.toServer, .toServer, from: client, to: server, passes)
    move(\.toClient, .toClient, from: server, to: client, passes)
    guard !isClosed, frozenUntil == nil else { return }
    if let until = losesAnswerUntil, until <= .now { return cut() }
    if toServer.isShut && toClient.isShut { closeBoth() }
  }

  // MARK: - Faults

  func cut() {
    guard !isClosed else { return }
    flush(\.toServer, to: server)
    flush(\.toClient, to: client)
    guard !isClosed else { return }
    isClosed = true
    reset(client)
    reset(server)
  }

  func freeze(until: ContinuousClock.Instant) {
    flush(\.toServer, to: server)
    flush(\.toClient, to: client)
    frozenUntil = until
  }

  func thaw() { frozenUntil = nil }

  func loseAnswer() {
    toClient.discards = true
    losesAnswerUntil = .now + .seconds(5)
  }

  /// As where the client's process has ended.
  func endClient() {
    toServer.hasEnded = true
    toServer.framing = MessageFraming(isFromClient: true)
    toClient.discards = true
  }

  // MARK: - Bytes

  private func move(
    _ lane: ReferenceWritableKeyPath<ProxyLink, Lane>, _ direction: TracedMessage.Direction, from source: Int32,
    to destination: Int32, _ passes: (TracedMessage) -> Bool
  ) {
    guard !isClosed, frozenUntil == nil else { return }
    if !self[keyPath: lane].hasEnded, self[keyPath: lane].outgoing.count < Self.mostInFlight {
      receive(lane, from: source)
    }
    while !isClosed, frozenUntil == nil, let piece = self[keyPath: lane].framing.next() {
      handle(piece, lane, direction, passes)
    }
    guard frozenUntil == nil else { return }
    flush(lane, to: destination)
    guard !isClosed, self[keyPath: lane].hasEnded, self[keyPath: lane].outgoing.isEmpty,
      !self[keyPath: lane].isShut
    else { return }
    self[keyPath: lane].isShut = true
    shutdown(destination, Int32(SHUT_WR))
  }

  private func handle(
    _ piece: MessageFraming.Piece, _ lane: ReferenceWritableKeyPath<ProxyLink, Lane>,
    _ direction: TracedMessage.Direction, _ passes: (TracedMessage) -> Bool
  ) {
    switch piece {
    case .rest(let bytes):
      if !self[keyPath: lane].discards { self[keyPath: lane].outgoing += bytes }
    case .message(let message, let bytes):
      if message.kind == .encryptionRequest {
        toClient.outgoing.append(UInt8(ascii: "N"))
        return
      }
      count(message, direction)
      if direction == .toClient, losesAnswerUntil != nil {
        // Now the server has done all that it was asked for, or waits for data.
        let isAnswered = message.kind == .typed("Z") && pendingAnswers <= 0
        if isAnswered || [.typed("G"), .typed("H"), .typed("W")].contains(message.kind) { cut() }
        return
      }
      if let text = message.statement { statement = text }
      if message.kind == .startup { isForReplication = message.text.contains("replication·") }
      // Of the rows of a COPY, the first.
      let isNextRow = message.kind == .typed("d") && self[keyPath: lane].kind == .typed("d") && !isForReplication
      self[keyPath: lane].kind = message.kind
      let traced = TracedMessage(
        number: 0, proxy: proxy, connection: number, direction: direction, message: message,
        counts: message.counts(direction) && !isNextRow, statement: statement)
      if passes(traced), !isClosed, !self[keyPath: lane].discards { self[keyPath: lane].outgoing += bytes }
    }
  }

  private func count(_ message: ProtocolMessage, _ direction: TracedMessage.Direction) {
    switch (direction, message.kind) {
    case (.toServer, .startup), (.toServer, .typed("Q")), (.toServer, .typed("S")): pendingAnswers += 1
    case (.toClient, .typed("Z")): pendingAnswers -= 1
    default: break
    }
  }

  private func receive(_ lane: ReferenceWritableKeyPath<ProxyLink, Lane>, from socket: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    if count > 0 {
      self[keyPath: lane].framing.append(Array(buffer.prefix(count)))
    } else if count == 0 {
      self[keyPath: lane].hasEnded = true
    } else if errno != EAGAIN && errno != EINTR {
      // What one side suffers, the other is told.
      isClosed = true
      reset(client)
      reset(server)
    }
  }

  private func flush(_ lane: ReferenceWritableKeyPath<ProxyLink, Lane>, to socket: Int32) {
    guard !isClosed, !self[keyPath: lane].outgoing.isEmpty else { return }
    let bytes = self[keyPath: lane].outgoing
    let count = send(socket, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    if count > 0 {
      self[keyPath: lane].outgoing.removeFirst(count)
    } else if count < 0, errno != EAGAIN, errno != EINTR {
      isClosed = true
      reset(client)
      reset(server)
    }
  }

  private func closeBoth() {
    guard !isClosed else { return }
    isClosed = true
    close(client)
    close(server)
  }
}
