import Testing

@testable import Migration

@Suite struct ComplaintTests {
  @Test(arguments: [
    (
      "pg_restore: error: could not execute query: ERROR:  invalid input syntax for type integer: \"ann\"\nCommand was: CREATE INDEX i ON t ((a::int));",
      "error: could not execute query: ERROR:  invalid input syntax for type integer: \"…\""
    ),
    (
      "pg_restore: error: could not execute query: ERROR:  value \"12\n34\" is out of range for type integer\nLINE 1: 'ann'",
      "error: could not execute query: ERROR:  value \"…\" is out of range for type integer"
    ),
    (
      "pg_restore: error: could not execute query: ERROR:  ann is wrong\nCONTEXT:  PL/pgSQL function f(text) line 1 at RAISE\nHINT:  ann",
      "error: could not execute query: ERROR:  a function raised an error; its text is not shown, as it may show rows"
    ),
    (
      "pg_restore: error: could not execute query: ERROR:  could not create unique index \"i\"\nDETAIL:  Key (a)=(ann) is duplicated.",
      "error: could not execute query: ERROR:  could not create unique index \"i\""
    ),
    (
      "pg_restore: error: COPY failed for table \"t\": ERROR:  value too long for type character varying(3)\nCONTEXT:  COPY t, line 1, column a: \"ann\"",
      "error: COPY failed for table \"t\": ERROR:  value too long for type character varying(3)"
    ),
  ])
  func `rows are not told`(text: String, words: String) {
    #expect(Complaint(of: "pg_restore", in: text).words == words)
  }

  @Test func `a stream without end is kept in part`() {
    var lines = BoundedLines(limit: 100_000)
    for number in 0..<100_000 { lines.append(Array("line \(number)\n".utf8)[...]) }
    for _ in 0..<1000 { lines.append([UInt8](repeating: UInt8(ascii: "x"), count: 65_536)[...]) }
    lines.append(Array("\nthe last\n".utf8)[...])
    #expect(lines.text.hasPrefix("line 0\nline 1\n"))
    #expect(lines.text.hasSuffix("\nthe last\n"))
    #expect(lines.text.utf8.count < 110_000)
    var line = BoundedLines(limit: 100_000)
    line.append([UInt8](repeating: UInt8(ascii: "x"), count: 20_000)[...])
    #expect(line.text.hasSuffix("x… (12,000 more bytes)\n"))
  }
}
