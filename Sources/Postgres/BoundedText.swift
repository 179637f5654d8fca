internal import Glibc

/// What a server says is a stranger's text, of any length. This much of a message is kept: reports and logs repeat a
/// message for everything that it made unknown, and PostgreSQL's own messages are a fifth of it.
public let longestServerText = 1000

extension String {
  /// The beginning of the text, at most so many bytes, cut between two characters; then how much was left out:
  /// `… (249,998,000 more bytes)`.
  public func bounded(to limit: Int = longestServerText) -> String {
    guard utf8.count > limit else { return self }
    var text = self
    return text.withUTF8 { boundedText($0, to: limit) { String(decoding: $0, as: UTF8.self) } }
  }

  /// The same of bytes, of a text with `more` after them.
  public init(bounded bytes: [UInt8], andMore more: Int, to limit: Int = longestServerText) {
    self = bytes.withUnsafeBufferPointer { boundedText($0, andMore: more, to: limit, String.init(serverText:)) }
  }

  /// The same of a C string; what is left out is not copied.
  init(bounded start: UnsafePointer<CChar>, to limit: Int = longestServerText) {
    let length = strlen(start)
    self = start.withMemoryRebound(to: UInt8.self, capacity: length) {
      boundedText(UnsafeBufferPointer(start: $0, count: length), to: limit, String.init(serverText:))
    }
  }
}

private func boundedText(
  _ bytes: UnsafeBufferPointer<UInt8>, andMore more: Int = 0, to limit: Int,
  _ text: (UnsafeBufferPointer<UInt8>) -> String
) -> String {
  guard bytes.count > limit else { return text(bytes) }
  var end = limit
  // A character has three bytes at most after its first; what has more is none.
  while end > max(limit - 3, 0), bytes[end] & 0xC0 == 0x80 { end -= 1 }
  return text(UnsafeBufferPointer(rebasing: bytes[..<end])) + "… (\(grouped(bytes.count - end + more)) more bytes)"
}

/// `249,998,000`.
private func grouped(_ number: Int) -> String {
  var digits = String(number)
  var index = digits.endIndex
  while digits.distance(from: digits.startIndex, to: index) > 3 {
    index = digits.index(index, offsetBy: -3)
    digits.insert(",", at: index)
  }
  return digits
}
