/// JSON in which no text is longer than a report has use for, whatever was written there: a report may have been edited, or
/// come from a server that says what it likes. A text is cut as the text of a message is: `… (249,998,000 more bytes)`.
///
/// All texts, keys too, wherever they stand: there is no list of fields to be forgotten in.
enum BoundedJSON {
  /// In bytes, as they are written: a page of statements to paste fits, a message or a name by far.
  static let longestText = 64 << 10

  /// Nil where all texts fit already.
  static func bounded(_ json: some Sequence<UInt8>, to limit: Int = longestText) -> [UInt8]? {
    let bytes = Array(json)
    var result: [UInt8] = []
    var copied = 0
    var index = 0
    while let start = bytes[index...].firstIndex(of: quote) {
      let (cut, end) = text(in: bytes, from: start + 1, limit: limit)
      if let cut {
        result += bytes[copied..<cut]
        result += "… (\(formattedCount(end - cut)) more bytes)".utf8
        copied = end
      }
      index = min(end + 1, bytes.count)
    }
    return copied == 0 ? nil : result + bytes[copied...]
  }

  private static let quote = UInt8(ascii: "\"")

  /// - Returns: where a text that is too long is to be cut, and where it ends: at its closing quote.
  private static func text(in bytes: [UInt8], from start: Int, limit: Int) -> (cut: Int?, end: Int) {
    var cut: Int?
    var index = start
    while index < bytes.count, bytes[index] != quote {
      let next = min(index + length(of: bytes, at: index), bytes.count)
      if cut == nil, next - start > limit { cut = index }
      index = next
    }
    return (cut, index)
  }

  /// Bytes of what can't be parted: a character, an escape, the two escapes of a surrogate pair.
  private static func length(of bytes: [UInt8], at index: Int) -> Int {
    func byte(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
    if byte(0) == UInt8(ascii: "\\") {
      guard byte(1) == UInt8(ascii: "u") else { return 2 }
      let isFirstOfPair =
        byte(2) | 0x20 == UInt8(ascii: "d") && "89abAB".utf8.contains(byte(3)) && byte(6) == UInt8(ascii: "\\")
      return isFirstOfPair ? 12 : 6
    }
    var length = 1
    while byte(length) & 0xC0 == 0x80, length < 4 { length += 1 }
    return length
  }
}
