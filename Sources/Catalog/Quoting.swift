/// The name as an SQL identifier, for text that people paste; always quoted unless it is a plain lower-case word.
///
/// What is sent to a server is quoted by libpq (`Connection.quote(identifier:)`).
/// Source: PostgreSQL documentation, "Lexical Structure", Identifiers and Key Words.
public func quotedIdentifier(_ name: String) -> String {
  let isPlain =
    name.utf8.first.map { !$0.isDigit } ?? false
    && name.utf8.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    && !reservedWords.contains(name)
  guard !isPlain else { return name }
  return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// `public.orders`: a schema and the name of something in it.
public func qualifiedIdentifier(_ schema: String, _ name: String) -> String {
  "\(quotedIdentifier(schema)).\(quotedIdentifier(name))"
}

/// The text as an SQL string constant, whatever `standard_conforming_strings` is.
public func quotedLiteral(_ text: String) -> String {
  let doubled = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
  guard doubled.utf8.contains(UInt8(ascii: "\\")) else { return "'\(doubled)'" }
  return "E'" + doubled.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\") + "'"
}

extension UInt8 {
  fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
  fileprivate var isLowercaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
}

/// Words that can't be a table's or a column's name without quotes, in some version.
/// Source: PostgreSQL documentation, appendix "SQL Key Words", reserved and reserved (can be function or type).
private let reservedWords: Set<String> = [
  "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "binary", "both",
  "case", "cast", "check", "collate", "collation", "column", "concurrently", "constraint", "create", "cross",
  "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
  "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for",
  "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner", "intersect",
  "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp",
  "natural", "not", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "placing",
  "primary", "references", "returning", "right", "select", "session_user", "similar", "some", "symmetric",
  "system_user", "table", "tablesample", "then", "to", "trailing", "true", "union", "unique", "user", "using",
  "variadic", "verbose", "when", "where", "window", "with", "between", "values", "row", "time", "timestamp",
]
