/// SQL's quoting without a connection, for text that people read and paste; as the server's own functions do it.
public enum Quoting {
  /// `name` as an identifier, in quotes where it needs them (`quote_ident`).
  public static func identifier(_ name: String) -> String {
    let isPlain =
      name.utf8.allSatisfy(isPlainCharacter) && name.utf8.first.map { !isDigit($0) } ?? false
      && !reservedKeywords.contains(name)
    return isPlain ? name : "\"\(doubling("\"", in: name))\""
  }

  /// A name as some server has quoted it, qualified or not, as this program quotes it: servers of different versions, and
  /// of different `quote_all_identifiers`, do not quote the same words.
  ///
  /// - Parameter name: nothing but identifiers and what joins them: `public."json"`.
  public static func requoted(_ name: String) -> String {
    guard name.utf8.count > 0 else { return name }
    var quoted = ""
    var rest = name.unicodeScalars[...]
    while let first = rest.first {
      if first == "\"" {
        var word = String.UnicodeScalarView()
        rest.removeFirst()
        while let next = rest.popFirst() {
          if next == "\"" {
            guard rest.first == "\"" else { break }
            rest.removeFirst()
          }
          word.append(next)
        }
        quoted += identifier(String(word))
      } else if first == "." {
        quoted += "."
        rest.removeFirst()
      } else {
        let word = rest.prefix { $0 != "." && $0 != "\"" }
        quoted += identifier(String(word))
        rest = rest.dropFirst(word.count)
      }
    }
    return quoted
  }

  /// Words that some of the versions 13 to 18 quote, and others do not, as a regular expression.
  public static let unequallyQuoted = unequallyQuotedWords.joined(separator: "|")

  /// A text that a server has written, without the quotes around words that not all versions quote.
  public static func withoutUnequalQuotes(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\"")) else { return text }
    return unequallyQuotedWords.reduce(text) { $0.replacing("\"\($1)\"", with: $1) }
  }

  /// `text` as a literal (`quote_literal`): with a backslash as `E'…'`, so that no setting alters its meaning.
  public static func literal(_ text: String) -> String {
    let quoted = doubling("'", in: text)
    return text.unicodeScalars.contains("\\") ? "E'\(doubling("\\", in: quoted))'" : "'\(quoted)'"
  }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func isPlainCharacter(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_") || isDigit(byte)
}

/// By scalars: a combining mark after a quote would hide it from a search by characters.
private func doubling(_ scalar: Unicode.Scalar, in text: String) -> String {
  var doubled = String.UnicodeScalarView()
  for next in text.unicodeScalars {
    if next == scalar { doubled.append(scalar) }
    doubled.append(next)
  }
  return String(doubled)
}

/// Keywords other than "unreserved" ones since 16 or 17 (`pg_get_keywords()` of 13, 15, 16, 17 and 18).
private let unequallyQuotedWords = [
  "json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar",
  "json_serialize", "json_table", "json_value", "merge_action", "system_user",
]

/// All keywords of 13 to 18 that are not "unreserved" (PostgreSQL documentation, appendix "SQL Key Words").
private let reservedKeywords = Set(
  """
  all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast \
  char character check coalesce collate collation column concurrently constraint create cross current_catalog \
  current_date current_role current_schema current_time current_timestamp current_user dec decimal default \
  deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant \
  graph_table greatest group grouping having ilike in initially inner inout int integer intersect interval into is \
  isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar \
  json_serialize json_table json_value lateral leading least left like limit localtime localtimestamp merge_action \
  national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps \
  overlay placing position precision primary real references returning right row select session_user setof similar \
  smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true \
  union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement \
  xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
  """.split(separator: " ").map(String.init))
