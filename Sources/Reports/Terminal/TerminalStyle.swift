import Assessment
import Markup

/// What a terminal can show.
public struct TerminalStyle: Sendable {
  public var color: Bool
  public var unicode: Bool
  /// In columns.
  public var width: Int
  /// Everything, not only what matters most.
  public var verbose: Bool

  public init(color: Bool, unicode: Bool, width: Int = 80, verbose: Bool = false) {
    self.color = color
    self.unicode = unicode
    self.width = max(width, 40)
    self.verbose = verbose
  }

  enum Tone {
    case blocked, warning, undetermined, ready, skipped, waived
  }

  func icon(_ tone: Tone) -> String {
    let (symbol, ascii) =
      switch tone {
      case .blocked: ("✖", "X")
      case .warning: ("▲", "!")
      case .undetermined: ("?", "?")
      case .ready: ("✔", "+")
      case .skipped: ("–", "-")
      case .waived: ("◆", "*")
      }
    return paint(unicode ? symbol : ascii, tone)
  }

  func paint(_ text: String, _ tone: Tone) -> String {
    let code =
      switch tone {
      case .blocked: 31
      case .warning: 33
      case .undetermined: 35
      case .ready: 32
      case .skipped, .waived: 2
      }
    return escape(text, code)
  }

  func bold(_ text: String) -> String { escape(text, 1) }

  private func escape(_ text: String, _ code: Int) -> String { color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

  /// What goes to a terminal, whatever it was made of: of all that a terminal obeys only the styles from here are left,
  /// and no line is a command to the server of a step's log.
  func shown(_ text: String) -> String { color ? Self.shown(text) : withoutCommands(visible(text)) }

  /// The same of what has gone through that already.
  public static func shown(_ text: String) -> String { withoutCommands(visible(text, keeping: codes)) }

  private static let codes = [0, 1, 2, 31, 32, 33, 35].map { "\u{1B}[\($0)m" }

  var arrow: String { unicode ? "→" : "->" }

  /// Text from a report: on one line, nothing in it that a terminal would obey, and ASCII where it knows no more.
  public func plain(_ text: String) -> String {
    let text = visibleOnOneLine(text)
    if unicode { return text }
    var ascii = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "–", "—": ascii += "-"
      case "…": ascii += "..."
      case "→": ascii += "->"
      case "‘", "’": ascii += "'"
      case "“", "”", "«", "»": ascii += "\""
      case _ where scalar.isASCII: ascii.unicodeScalars.append(scalar)
      default: ascii += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
    return ascii
  }
}

extension TerminalStyle {
  /// As many of the parts, in their order, as fit on one line.
  public func line(of parts: [String]) -> String {
    var line = ""
    for part in parts.map(plain) {
      let longer = line.isEmpty ? part : "\(line)   \(part)"
      // The last column stays free: some terminals begin a new line with it.
      guard columns(of: longer) < width else {
        return line.isEmpty ? shortened(part, to: width - 1, unicode: unicode) : line
      }
      line = longer
    }
    return line
  }

  /// The text in lines that fit, all but the first further to the right by so many columns.
  public func lines(of text: String, indent: Int) -> [String] {
    let text = plain(text)
    let margin = text.prefix { $0 == " " }
    let lines = wrapped(String(text.dropFirst(margin.count)), to: width - margin.count - indent)
    return lines.enumerated().map {
      margin + ($0.offset == 0 ? "" : String(repeating: " ", count: indent)) + $0.element
    }
  }

  /// SQL on one line, to be pasted.
  public func pasteable(_ sql: String) -> String {
    plain(pasteableLines(of: sql, unicode: unicode).joined(separator: " "))
  }
}

/// How many columns a text takes.
func columns(of text: some StringProtocol) -> Int {
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.reduce(0) { $0 + columns(of: $1) }
}

private func columns(of character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  if first.properties.generalCategory == .nonspacingMark || first.value == 0x200B || first.value == 0x200D { return 0 }
  if first.properties.isEmojiPresentation { return 2 }
  // East Asian Wide and Fullwidth.
  return switch first.value {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F,
    0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
    2
  default: 1
  }
}

/// The text with spaces up to a width.
func padded(_ text: String, to width: Int, right: Bool = false) -> String {
  let spaces = String(repeating: " ", count: max(0, width - columns(of: text)))
  return right ? spaces + text : text + spaces
}

/// The text, cut in its middle where it is wider: the ends of names tell them apart.
func shortened(_ text: String, to width: Int, unicode: Bool) -> String {
  guard columns(of: text) > width else { return text }
  let mark = unicode ? "…" : ".."
  let room = width - columns(of: mark)
  var head = ""
  for character in text where columns(of: head + String(character)) <= (room + 1) / 2 { head.append(character) }
  var tail = ""
  for character in text.reversed() where columns(of: String(character) + tail) <= room / 2 {
    tail = String(character) + tail
  }
  return head + mark + tail
}

/// The text in lines of at most `width` columns, broken at spaces; longer words are left whole, to be copied.
func wrapped(_ text: String, to width: Int) -> [String] {
  wrapped(text.split(separator: " ").map(String.init), separator: " ", to: width)
}

/// The parts in lines of at most `width` columns, never broken inside a part.
func wrapped(_ parts: [String], separator: String, to width: Int) -> [String] {
  var lines: [String] = []
  for part in parts {
    if let line = lines.last, columns(of: line) + columns(of: separator) + columns(of: part) <= width {
      lines[lines.count - 1] = line + separator + part
    } else {
      lines.append(part)
    }
  }
  return lines
}
