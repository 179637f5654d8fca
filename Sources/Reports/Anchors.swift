import Assessment

/// A name as part of an id, of a link or of a class name: everything but `[A-Za-z0-9_-]` is `~XX` for each byte of its
/// UTF-8. No `%`, because browsers decode it, and no dot, because it divides class names.
func encodedName(_ name: String) -> String {
  var encoded = ""
  for byte in name.utf8 {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      encoded.unicodeScalars.append(Unicode.Scalar(byte))
    default:
      let digits = String(byte, radix: 16, uppercase: true)
      encoded += digits.count == 1 ? "~0\(digits)" : "~\(digits)"
    }
  }
  return encoded
}

/// Which outcome: a rule speaks once of a subject.
struct OutcomeKey: Hashable, Sendable {
  var rule: String
  /// nil for the pair of clusters.
  var database: String?

  /// The id of its element: the same in every run, so that a link in a ticket goes on working.
  var anchor: String { database.map { "\(rule).\(encodedName($0))" } ?? rule }
}

extension Outcome {
  var key: OutcomeKey { OutcomeKey(rule: rule, database: database) }
}

/// Ids that are taken: two objects with one name get different ones.
struct Anchors {
  private var uses: [String: Int] = [:]

  mutating func unique(_ anchor: String) -> String {
    var candidate = anchor
    while let count = uses[candidate] {
      uses[candidate] = count + 1
      candidate = "\(anchor).\(count + 1)"
    }
    uses[candidate] = 1
    return candidate
  }
}
