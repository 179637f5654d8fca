/// Text with everything in it that would act instead of being read made visible: what XML 1.0 forbids, control
/// characters, and what changes the direction of writing.
///
/// A bell becomes `\x07`, a byte that is no text `\xE9`, a right-to-left override `\u{202E}`. Tabs and line feeds stay.
/// Names in a catalog can hold all of these, and a report or a terminal that lets them through can be made to say
/// something else than it says.
///
/// Source: W3C, "Extensible Markup Language (XML) 1.0", section 2.2, "Characters"; Unicode Standard Annex #9,
/// "Unicode Bidirectional Algorithm", section 2.
public func visible(_ text: String) -> String {
  // Nearly all text is plain ASCII, and a look at the bytes tells.
  if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0A || $0 == 0x09 }) { return text }

  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0x09, 0x0A:
      result.append(scalar)
    case 0x00...0x1F, 0x7F...0x9F:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      result.append(contentsOf: "\\x\(digits.count == 1 ? "0" : "")\(digits)".unicodeScalars)
    // Bytes of a database without an encoding, as `byteOfNoText` has them.
    case 0x10FE80...0x10FEFF:
      result.append(contentsOf: "\\x\(String(scalar.value & 0xFF, radix: 16, uppercase: true))".unicodeScalars)
    case _ where acts(scalar):
      result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
    default:
      result.append(scalar)
    }
  }
  return String(result)
}

/// The same on one line: a line feed becomes `\n`, a tab `\t`.
public func visibleOnOneLine(_ text: String) -> String {
  let text = visible(text)
  guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": result.append(contentsOf: "\\n".unicodeScalars)
    case "\t": result.append(contentsOf: "\\t".unicodeScalars)
    default: result.append(scalar)
    }
  }
  return String(result)
}

/// The same of lines for a terminal, in which only those styles still act that are given: `\u{1B}[31m`.
public func visible(_ text: String, keeping styles: [String]) -> String {
  guard !styles.isEmpty, text.utf8.contains(0x1B) else { return visible(text) }
  var parts: [String] = []
  for part in text.split(separator: "\u{1B}", omittingEmptySubsequences: false) {
    guard !parts.isEmpty else {
      parts.append(visible(String(part)))
      continue
    }
    let style = styles.first { part.unicodeScalars.starts(with: $0.unicodeScalars.dropFirst()) }
    let rest = part.unicodeScalars.dropFirst(style.map { $0.unicodeScalars.count - 1 } ?? 0)
    parts.append((style ?? "\\x1B") + visible(String(Substring(rest))))
  }
  return parts.joined()
}

/// JSON with the same characters escaped as JSON has it (`\u202E`): the values are what they were, and whoever looks at
/// the text sees what it says. An encoder escapes fewer of them.
public func visibleJSON(_ text: String) -> String {
  let text =
    !text.contains("##")
    ? text
    : logCommands.reduce(text) { $0.replacing($1, with: "\\u0023\($1.dropFirst())") }
  if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0A || $0 == 0x09 }) { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    // Outside of texts JSON has none of these, and an encoder puts no backslash before one.
    if (0x7F...0x9F).contains(scalar.value) || acts(scalar) {
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16, uppercase: true)
        result.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
      }
    } else {
      result.append(scalar)
    }
  }
  return String(result)
}

/// Text in which no line is a command to the servers of continuous integration that read what a program prints:
/// `::error::`, `##[group]`, `##vso[…]`, `##teamcity[…]`. A space makes it none.
///
/// Source: GitHub documentation, "Workflow commands", and `ActionCommand.cs` of its runner; Azure Pipelines, "Logging
/// commands"; TeamCity, "Service Messages".
public func withoutCommands(_ text: String) -> String {
  guard mayHaveCommand(text) else { return text }
  return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    var line = String(line)
    for command in logCommands where line.contains(command) {
      line = line.replacing(command, with: "# \(command.dropFirst())")
    }
    let words = line.drop(while: \.isWhitespace)
    guard words.hasPrefix("::"), let end = words.dropFirst(2).firstRange(of: "::")?.lowerBound else { return line }
    let name = words.dropFirst(2)[..<end].prefix { $0 != " " }
    guard !name.isEmpty, name.utf8.allSatisfy({ (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "-") }) else {
      return line
    }
    return "\(line[..<words.startIndex]): \(words.dropFirst())"
  }.joined(separator: "\n")
}

/// Wherever they stand in a line.
private let logCommands = ["##[", "##vso[", "##teamcity["]

/// A look at the bytes: nearly no text has one.
private func mayHaveCommand(_ text: String) -> Bool {
  var isAtStart = true
  var last: UInt8 = 0
  for byte in text.utf8 {
    if byte == last, byte == UInt8(ascii: "#") || isAtStart && byte == UInt8(ascii: ":") { return true }
    // A space of other scripts counts as such too.
    isAtStart =
      byte == UInt8(ascii: "\n") || isAtStart && (byte <= 0x20 || byte >= 0x80 || byte == UInt8(ascii: ":"))
    last = byte
  }
  return false
}

/// Directional marks, embeddings, overrides and isolates; separators of lines and paragraphs; what is neither seen nor
/// part of a word; what is no character. The joiners of scripts and of emoji stay.
private func acts(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFDD0...0xFDEF, 0xFEFF,
    0xFFF9...0xFFFB, 0xE0000...0xE0FFF:
    true
  default: scalar.value & 0xFFFE == 0xFFFE
  }
}
