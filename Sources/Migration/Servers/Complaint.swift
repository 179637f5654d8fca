import Postgres

/// What `pg_dump` or `pg_restore` complains of, less the statements that it ran, which may hold secrets, and less what may
/// show rows: details, contexts, values in quotes, and what functions of users have made up.
struct Complaint {
  private struct Message {
    var lines: [Substring]
    var hints: [Substring] = []
    var isRaised = false
  }

  private var messages: [Message] = []

  /// - Parameter name: of the program, which stands before each of its messages.
  init(of name: String, in text: String) {
    // Whether a line belongs to a message, and not to what is left out.
    var isOpen = true
    for line in text.split(separator: "\n") {
      if line.hasPrefix("\(name): ") {
        isOpen = !line.hasPrefix("\(name): detail: ")
        if isOpen { messages.append(Message(lines: [line.dropFirst(name.count + 2)])) }
      } else if ["Command was: ", "DETAIL: ", "CONTEXT: ", "LINE "].contains(where: line.hasPrefix) {
        isOpen = false
        if line.hasPrefix("CONTEXT: "), line.hasSuffix(" at RAISE"), !messages.isEmpty {
          messages[messages.count - 1].isRaised = true
        }
      } else if line.hasPrefix("HINT: ") {
        isOpen = true
        if messages.isEmpty { messages.append(Message(lines: [])) }
        messages[messages.count - 1].hints.append(line)
      } else if isOpen {
        if messages.isEmpty { messages.append(Message(lines: [])) }
        messages[messages.count - 1].lines.append(line)
      }
    }
  }

  /// On one line, the first dozen of them.
  var words: String {
    messages.flatMap(Self.lines).prefix(12).joined(separator: "; ").bounded(to: 2 * longestServerText)
  }

  private static func lines(of message: Message) -> [String] {
    guard let first = message.lines.first, let start = first.firstRange(of: "ERROR:  ")?.upperBound else {
      return (message.lines + message.hints).map(String.init)
    }
    let program = first[..<start]
    if message.isRaised { return ["\(program)a function raised an error; its text is not shown, as it may show rows"] }
    let said = ([first[start...]] + message.lines.dropFirst())
    let isOfValue = beginnings.contains { said[0].hasPrefix($0) }
    let shown = isOfValue ? [withoutQuoted(said.joined(separator: " "))] : said.map(String.init)
    return ["\(program)\(shown[0])"] + shown.dropFirst() + message.hints.map(String.init)
  }

  /// How messages of data exceptions begin, which quote the value: these programs give no codes.
  private static let beginnings = [
    "invalid input syntax for", "invalid input value for", "value \"", "date/time field value out of range",
    "interval field value out of range", "malformed ", "invalid value \"", "timestamp out of range",
    "date out of range", "\"", "invalid regular expression", "invalid hexadecimal", "invalid symbol",
    "invalid Unicode", "unexpected \"", "could not convert", "time zone ", "invalid name syntax",
  ]
}
