import Catalog
import Subprocess
import Testing

@testable import Migration

@Suite struct WordsTests {
  @Test func `entries of an archive`() {
    let entry = ArchiveEntry(line: "3456; 1259 16401 INDEX ATTACH public orders idx owner; x")
    #expect(entry?.id == 3456 && entry?.catalog == 1259 && entry?.oid == 16401)
    #expect(entry?.isKind("INDEX ATTACH") == true)
    #expect(ArchiveEntry(line: "; Archive created at 2026-01-01") == nil)
    #expect(ArchiveEntry(line: "") == nil)
  }

  @Test(arguments: [
    ("\"$user\", public", ["$user", "public"]), ("a,b", ["a", "b"]), ("\"a, b\", \"c\"\"d\"", ["a, b", "c\"d"]),
    ("\"\"", [""]), ("", []),
  ])
  func `lists of names in settings`(text: String, names: [String]) {
    #expect(StoredParameter.names(in: text) == names)
  }

  @Test func `what a program complains of is told without statements and rows`() {
    let text = """
      pg_restore: while PROCESSING TOC:
      pg_restore: from TOC entry 12; 1417 16390 USER MAPPING USER MAPPING a SERVER s postgres
      pg_restore: error: could not execute query: ERROR:  option "x" not found
      DETAIL:  Failing row contains (secret-1).
      HINT:  Valid options are few.
      Command was: CREATE USER MAPPING FOR a SERVER s OPTIONS (
          password 'secret-2'
      );
      pg_restore: detail: Query was: SELECT 'secret-3'
      """
    let complaint = Program.complaint(of: "pg_restore", text, .exited(1))
    #expect(
      complaint
        == "pg_restore failed: while PROCESSING TOC:; from TOC entry 12; 1417 16390 USER MAPPING USER MAPPING a SERVER s "
        + "postgres; error: could not execute query: ERROR:  option \"x\" not found; HINT:  Valid options are few.")
    #expect(Program.complaint(of: "pg_dump", "", .exited(3)).hasPrefix("pg_dump failed: "))
  }

  @Test func `arrays as parameters`() {
    #expect(arrayLiteral([1, 2]) == "{1,2}")
    #expect(arrayLiteral(["a\"b\\", ""]) == "{\"a\\\"b\\\\\",\"\"}")
  }
}
