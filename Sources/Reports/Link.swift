/// A link that a page may have: a report may have been edited, and what is none of these is shown as text.
struct Link {
  /// `https:` and characters that no format has to escape.
  let address: String

  init?(_ text: String) {
    let others = Array("-._~:/?#@!$&'*+,;=%".utf8)
    let isPlain = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || others.contains(byte)
    }
    guard text.hasPrefix("https://"), text.utf8.count > 8, text.utf8.count <= 2000, isPlain else { return nil }
    address = text
  }
}
