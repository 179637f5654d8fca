import Markup

/// The lines of SQL as a terminal can show them and psql takes them back.
///
/// A name or a value may hold line breaks, control characters, or letters that the terminal does not have. Made visible
/// like other text, they would be something else once pasted; so they are written as SQL itself escapes them, on one line:
/// `U&"two\000Alines"`, `E'two\u000Alines'`.
///
/// Source: PostgreSQL documentation, "Lexical Structure", sections 4.1.2.2 and 4.1.2.3.
func pasteableLines(of sql: String, unicode: Bool) -> [String] {
  var lines: [String] = []
  var line = ""
  var rest = sql.unicodeScalars[...]
  while let scalar = rest.popFirst() {
    switch scalar {
    case "\n":
      lines.append(line)
      line = ""
    case "\"", "'":
      let content = takeQuoted(by: scalar, from: &rest)
      line.append(quoted(content, by: scalar, after: &line, unicode: unicode))
    default: line.unicodeScalars.append(scalar)
    }
  }
  return (lines + [line]).filter { !$0.isEmpty }
}

/// Up to the closing quote, which is taken too; a doubled quote stays doubled.
private func takeQuoted(by quote: Unicode.Scalar, from rest: inout Substring.UnicodeScalarView) -> String {
  var content = String.UnicodeScalarView()
  while let scalar = rest.popFirst() {
    if scalar == quote {
      guard rest.first == quote else { break }
      content.append(quote)
      rest.removeFirst()
    }
    content.append(scalar)
  }
  return String(content)
}

/// - Parameter line: what stands before it; an `E` there is taken off where the escapes bring their own.
private func quoted(
  _ content: String, by quote: Unicode.Scalar, after line: inout String, unicode: Bool
) -> String {
  let isPlain = content.unicodeScalars.allSatisfy { isShown($0, unicode: unicode) }
  if isPlain { return "\(quote)\(content)\(quote)" }
  let isName = quote == "\""
  // In a string of the form E'…' backslashes are doubled already.
  let isEscaped = !isName && line.hasSuffix("E")
  if isEscaped { line.removeLast() }
  var escaped = String.UnicodeScalarView()
  for scalar in content.unicodeScalars {
    if isShown(scalar, unicode: unicode) {
      escaped.append(scalar)
      if scalar == "\\", !isEscaped { escaped.append(scalar) }
    } else {
      let digits = String(scalar.value, radix: 16, uppercase: true)
      let isLong = digits.count > 4
      let lead = isName ? (isLong ? "\\+" : "\\") : (isLong ? "\\U" : "\\u")
      let length = isLong ? (isName ? 6 : 8) : 4
      escaped.append(contentsOf: lead.unicodeScalars)
      escaped.append(contentsOf: String(repeating: "0", count: length - digits.count).unicodeScalars)
      escaped.append(contentsOf: digits.unicodeScalars)
    }
  }
  return "\(isName ? "U&" : "E")\(quote)\(String(escaped))\(quote)"
}

private func isShown(_ scalar: Unicode.Scalar, unicode: Bool) -> Bool {
  if scalar.isASCII { return (0x20...0x7E).contains(scalar.value) }
  return unicode && visible(String(scalar)) == String(scalar)
}
