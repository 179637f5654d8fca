/// Goes through a JSON text before any decoder does, which trusts it: a decoder calls itself for each level of nesting,
/// and takes one of two fields of the same name without a word.
///
/// Takes time and memory in proportion to the text, and calls nothing recursively.
public struct JSONScanner {
  /// Reports and snapshots need about a dozen levels.
  public static let deepest = 64
  /// No number that anybody writes is longer.
  private static let longestNumber = 64

  /// Finds the first fault of the text's form, whatever it is about.
  ///
  /// - Returns: the first number that is out of bounds, to be told where the text is what it should be.
  /// - Throws: `JSONFault`.
  public static func check(_ text: some Collection<UInt8>, _ bounds: NumberBounds) throws(JSONFault) -> JSONFault? {
    var scanner = JSONScanner(text, bounds: bounds, wanted: nil)
    try scanner.scan()
    return scanner.outOfBounds
  }

  /// The scalar at that place as it is written, or `a list`, `an object`; nil where nothing is.
  static func value(at path: String, in text: some Collection<UInt8>) -> String? {
    var scanner = JSONScanner(text, bounds: nil, wanted: path)
    try? scanner.scan()
    return scanner.found
  }

  /// An object or an array that is open.
  private struct Level {
    var isObject: Bool
    /// Of the element that is being read.
    var index = 0
    var name = ""
    var names: Set<String> = []
  }

  private let bytes: ContiguousArray<UInt8>
  private var position = 0
  private var levels: [Level] = []
  private let bounds: NumberBounds?
  private let wanted: String?
  private var found: String?
  private var outOfBounds: JSONFault?

  private init(_ text: some Collection<UInt8>, bounds: NumberBounds?, wanted: String?) {
    bytes = ContiguousArray(text)
    self.bounds = bounds
    self.wanted = wanted
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private var path: String {
    levels.reduce(into: "") { path, level in
      if level.isObject { JSONPath.append(level.name, to: &path) } else { path += "[\(level.index)]" }
    }
  }

  private func fault(_ problem: String) -> JSONFault {
    JSONFault(path: levels.isEmpty ? "" : path, problem: problem)
  }

  private func malformed() -> JSONFault {
    let line = bytes[..<position].count { $0 == UInt8(ascii: "\n") } + 1
    return JSONFault(path: "", problem: position < bytes.count ? "line \(line) is not JSON" : "it is not whole JSON")
  }

  private mutating func scan() throws(JSONFault) {
    guard bytes.withUnsafeBufferPointer({ String(validating: $0, as: UTF8.self) }) != nil else {
      throw JSONFault(path: "", problem: "it is not UTF-8")
    }
    // Editors of Windows put a mark at the start, which is no part of the text.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    skipSpace()
    try value()
    while !levels.isEmpty, found == nil { try step() }
    skipSpace()
    guard found != nil || next == nil else { throw malformed() }
  }

  /// Reads up to the start of the next element, and that; or the end of what is open.
  private mutating func step() throws(JSONFault) {
    skipSpace()
    let last = levels.count - 1
    let isObject = levels[last].isObject
    guard let byte = next else { throw malformed() }
    if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
      position += 1
      levels.removeLast()
      return
    }
    if levels[last].index >= 0 {
      guard byte == UInt8(ascii: ",") else { throw malformed() }
      position += 1
      skipSpace()
    }
    levels[last].index += 1
    if isObject { try name() }
    try value()
  }

  private mutating func name() throws(JSONFault) {
    guard next == UInt8(ascii: "\"") else { throw malformed() }
    let text = try string()
    let last = levels.count - 1
    levels[last].name = text
    guard levels[last].names.insert(text).inserted else { throw fault("is given twice") }
    skipSpace()
    guard next == UInt8(ascii: ":") else { throw malformed() }
    position += 1
    skipSpace()
  }

  private mutating func value() throws(JSONFault) {
    guard let byte = next else { throw malformed() }
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let isObject = byte == UInt8(ascii: "{")
      note(isObject ? "an object" : "a list")
      guard levels.count < Self.deepest else {
        throw JSONFault(path: "", problem: "it is nested more than \(Self.deepest) levels deep")
      }
      position += 1
      levels.append(Level(isObject: isObject, index: -1))
    case UInt8(ascii: "\""):
      let text = try string()
      note(JSONPath.shown(text))
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
  }

  private mutating func note(_ value: @autoclosure () -> String) {
    if let wanted, found == nil, wanted == path { found = value() }
  }

  private mutating func word(_ word: String) throws(JSONFault) {
    guard bytes[position...].starts(with: word.utf8) else { throw malformed() }
    position += word.utf8.count
    note(word)
  }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
  }
}

// MARK: Scalars

extension JSONScanner {
  private mutating func number() throws(JSONFault) {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let isZero = next == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !isZero || whole == 1 else { throw malformed() }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard digits() > 0 else { throw malformed() }
    }
    if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      position += 1
      if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      guard digits() > 0 else { throw malformed() }
    }
    let length = position - start
    guard length <= Self.longestNumber else { throw fault("is a number of \(length) digits") }
    // Up to 18 digits without a sign are within any bounds.
    if wanted == nil, isInteger, bytes[start] != UInt8(ascii: "-"), length <= 18 { return }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    note(text)
    guard let bounds, outOfBounds == nil else { return }
    let name = levels.last { $0.isObject }?.name ?? ""
    let range = bounds.range(of: name)
    if let number = Double(text), range.contains(number) {
      if bounds.fractional.contains(name) || Int(text) != nil { return }
      if !isInteger {
        if Int(exactly: number) == nil { outOfBounds = fault("is \(text); it must be an integer") }
        return
      }
    }
    let (lowest, highest) = (Int(saturating: range.lowerBound), Int(saturating: range.upperBound))
    outOfBounds = fault("is \(text); it must be from \(lowest) to \(highest)")
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  /// What stands between two quotes, which is UTF-8.
  private mutating func string() throws(JSONFault) -> String {
    position += 1
    var plain = position
    var result = ""
    while let byte = next {
      if byte == UInt8(ascii: "\"") {
        result += String(decoding: bytes[plain..<position], as: UTF8.self)
        position += 1
        return result
      }
      guard byte >= 0x20 else { throw malformed() }
      if byte == UInt8(ascii: "\\") {
        result += String(decoding: bytes[plain..<position], as: UTF8.self)
        position += 1
        result.unicodeScalars.append(try escaped())
        plain = position
      } else {
        skipPlainText()
      }
    }
    throw malformed()
  }

  /// Nearly all of a text that is long.
  private mutating func skipPlainText() {
    position = bytes.withUnsafeBufferPointer { bytes in
      var place = position
      while place < bytes.count, bytes[place] >= 0x20, bytes[place] != UInt8(ascii: "\""),
        bytes[place] != UInt8(ascii: "\\")
      {
        place += 1
      }
      return place
    }
  }

  private mutating func escaped() throws(JSONFault) -> Unicode.Scalar {
    guard let byte = next else { throw malformed() }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var unit = try hexadecimal()
      if (0xD800...0xDBFF).contains(unit), bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
        position += 2
        let low = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(low) else { throw fault("has half a surrogate pair in it") }
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
      }
      guard unit != 0 else { throw fault("has a NUL character in it") }
      guard let scalar = Unicode.Scalar(unit) else { throw fault("has half a surrogate pair in it") }
      return scalar
    default: throw malformed()
    }
  }

  private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
    let end = position + 4
    guard end <= bytes.count else { throw malformed() }
    var unit: UInt32 = 0
    while position < end {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
        throw malformed()
      }
      unit = (unit << 4) + UInt32(digit)
      position += 1
    }
    return unit
  }
}
