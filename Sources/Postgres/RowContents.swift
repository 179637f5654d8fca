// What an error may show of rows: it belongs to whoever owns them, not in a report, a log or on a terminal.
//
// Source: PostgreSQL documentation, appendix "PostgreSQL Error Codes"; `src/backend/utils/errcodes.txt`.

extension PostgresError {
  /// The primary message and the code, for a sentence, of a statement that reads or writes rows: without values, and
  /// without what a function of a user has made up.
  public var messageWithoutValues: String {
    guard !isRaised, errorClass != "P0" else {
      return "a function raised an error; its message is not shown, as it may show rows\(code)"
    }
    // Data exceptions show the value. Of settings (22023) it is no row's, of encodings (22021, 22P05) it is a character.
    let isShown = ["22023", "22021", "22P05"].contains(sqlstate)
    return (errorClass == "22" && !isShown ? withoutQuoted(message) : message) + code
  }

  /// The detail, where it speaks of objects, sessions or resources; what is of any other class may show a row:
  /// `Key (email)=(ann@example.org) already exists.`
  public var publicDetail: String? {
    let areKnown = ["08", "0A", "25", "28", "2B", "3D", "3F", "42", "53", "55", "57"]
    return !isRaised && areKnown.contains(errorClass) ? detail : nil
  }

  /// The hint, unless a function has made it up.
  public var publicHint: String? { isRaised ? nil : hint }

  private var errorClass: String { String(sqlstate?.prefix(2) ?? "") }
  private var code: String { sqlstate.map { " (SQLSTATE \($0))" } ?? "" }
}

/// Without what stands in quotes, in any of the server's languages: `invalid input syntax for type integer: "…"`. From
/// the first quote to the last, as a value may hold quotes too.
public func withoutQuoted(_ message: String) -> String {
  let quotes: Set<Character> = ["\"", "«", "»", "„", "“", "”", "‹", "›", "「", "」"]
  guard let first = message.firstIndex(where: quotes.contains) else { return message }
  let last = message.lastIndex(where: quotes.contains) ?? first
  let isCut = first == last
  return message[..<first] + "\"…\"" + (isCut ? "" : message[message.index(after: last)...])
}
