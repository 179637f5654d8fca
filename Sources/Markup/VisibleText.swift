/// Text with everything in it that would act instead of being read made visible: what XML 1.0 forbids, control
/// characters, and what changes the direction of writing.
///
/// A bell becomes `\x07`, a right-to-left override `\u{202E}`. Tabs and line feeds stay. Names in a catalog can hold all
/// of these, and a report or a terminal that lets them through can be made to say something else than it says.
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

/// Directional marks, embeddings, overrides and isolates; separators of lines and paragraphs; what is no character.
private func acts(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFDD0...0xFDEF: true
  default: scalar.value & 0xFFFE == 0xFFFE
  }
}
