/// One message of the frontend/backend protocol, version 3 (PostgreSQL documentation, "Message Formats").
public struct ProtocolMessage: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case startup
    /// `SSLRequest` or `GSSENCRequest`.
    case encryptionRequest
    case cancelRequest
    /// The byte that begins every later message.
    case typed(Character)
  }

  public var kind: Kind
  /// The beginning of its contents, in characters that can be printed.
  public var text: String

  /// Whether something is done by it, or has been done. What only prepares (`Parse`, `Bind`), describes, or is a row of a
  /// result changes nothing on either side.
  func counts(_ direction: TracedMessage.Direction) -> Bool {
    guard case .typed(let type) = kind else { return kind != .encryptionRequest }
    return switch direction {
    // Query, Execute, FunctionCall, Sync, CopyData, CopyDone, CopyFail, Terminate.
    case .toServer: "QEFSdcfX".contains(type)
    // CommandComplete, EmptyQueryResponse, ReadyForQuery, ErrorResponse, CopyData, CopyDone, the beginnings of COPY.
    case .toClient: "CIZEdcGHW".contains(type)
    }
  }

  /// The statement that it carries; nil for messages without one.
  public var statement: String? {
    let parts = text.split(separator: "·", omittingEmptySubsequences: false).map(String.init)
    return switch kind {
    case .typed("Q"): parts.first
    // A prepared statement's name comes first, most often an empty one.
    case .typed("P"): parts.dropFirst().first
    default: nil
    }
  }
}

/// Cuts one direction of a connection into messages, without waiting for the whole of a long one.
struct MessageFraming {
  enum Piece: Equatable {
    /// A message with its first bytes, or all of them.
    case message(ProtocolMessage, [UInt8])
    /// More bytes of the message before.
    case rest([UInt8])
  }

  /// How much of a message is waited for, and recorded.
  private static let beginning = 300

  /// Whether the next message is one without a type, as the first ones of a client are.
  private var isStarting: Bool
  private var bytes: [UInt8] = []
  /// Bytes of the current message that have not come yet.
  private var missing = 0

  init(isFromClient: Bool) { isStarting = isFromClient }

  mutating func append(_ more: [UInt8]) { bytes += more }

  /// What has arrived as far as it can be told what it is.
  mutating func next() -> Piece? {
    if missing > 0 {
      let rest = take(min(missing, bytes.count))
      missing -= rest.count
      return rest.isEmpty ? nil : .rest(rest)
    }
    let header = isStarting ? 8 : 5
    guard bytes.count >= header else { return nil }
    let length = max(number(at: isStarting ? 0 : 1) + (isStarting ? 0 : 1), header)
    guard bytes.count >= min(length, Self.beginning) else { return nil }
    let kind: ProtocolMessage.Kind =
      isStarting ? startupKind(number(at: 4)) : .typed(Character(Unicode.Scalar(bytes[0])))
    let first = take(min(length, bytes.count))
    missing = length - first.count
    // An encryption request is followed by another packet without a type.
    if kind != .encryptionRequest { isStarting = false }
    return .message(
      ProtocolMessage(kind: kind, text: printable(first.dropFirst(header).prefix(Self.beginning))), first)
  }

  private func startupKind(_ code: Int) -> ProtocolMessage.Kind {
    switch code {
    case 80_877_102: .cancelRequest
    case 80_877_103, 80_877_104: .encryptionRequest
    default: .startup
    }
  }

  private func number(at index: Int) -> Int {
    bytes[index..<index + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(bytes.prefix(count))
    bytes.removeFirst(count)
    return taken
  }

  private func printable(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.map { (0x20...0x7E).contains($0) ? $0 : $0 == 0 ? 0 : 0x20 }, as: UTF8.self)
      .replacing("\0", with: "·")
  }
}
