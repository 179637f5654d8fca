import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct QuotingTests {
  static let texts = [
    "orders", "Orders", "order", "a b", "a\"b", "\"", "it's", "back\\slash", "\\'", "", "1a", "_a", "a$b", "ü",
    "select",
    "e\u{301}\"\u{301}'\u{301}\\\u{301}", "line\nbreak", "semi;--colon", "/*", "E'", "$$", "💥", "nchar", "json_table",
  ]

  @Test func `the server reads what was quoted, and would quote alike`() async throws {
    let connection = try await SharedCluster.connect()
    for text in Self.texts {
      #expect(try await connection.value("select \(Quoting.literal(text))") == text)
      #expect(try await connection.value("select quote_literal($1)", [text]) == Quoting.literal(text))
      #expect(try await connection.value("select \(await connection.quote(literal: text))") == text)
      guard !text.isEmpty else { continue }
      #expect(try await connection.query("select 1 as \(Quoting.identifier(text))").columns == [text])
      #expect(try await connection.query("select 1 as \(await connection.quote(identifier: text))").columns == [text])
      guard text != "json_table" else { continue }  // a keyword since 17
      #expect(try await connection.value("select quote_ident($1)", [text]) == Quoting.identifier(text))
    }
  }

  @Test(
    arguments: [
      ("public.t", "public.t"), (#""public"."t""#, "public.t"), ("public.json", #"public."json""#),
      (#"public."json""#, #"public."json""#), (#""a.b"."c""d""#, #""a.b"."c""d""#), (#""a b""#, #""a b""#), ("", ""),
      ("system_user", #""system_user""#), (#""Ü".é"#, #""Ü"."é""#),
    ])
  func `a name is quoted alike, whatever server has quoted it`(name: String, quoted: String) {
    #expect(Quoting.requoted(name) == quoted)
  }

  @Test func `only words that some servers quote and others do not lose their quotes`() {
    let text = #"table public."json"."select" "merge_action""#
    #expect(Quoting.withoutUnequalQuotes(text) == #"table public.json."select" merge_action"#)
  }

  @Test func `literals are safe without standard_conforming_strings`() async throws {
    let connection = try await SharedCluster.connect()
    _ = try await connection.query("set standard_conforming_strings = off")
    for text in Self.texts {
      #expect(try await connection.value("select \(Quoting.literal(text))") == text)
      #expect(try await connection.value("select \(await connection.quote(literal: text))") == text)
    }
  }

  @Test(.needsPostgres(18), arguments: [15, 18])
  func `no keyword that needs quotes goes without`(version: Int) async throws {
    let cluster = version == 15 ? try await SharedCluster.cluster : try await TestCluster.start(version: version)
    let connection = try await Connection.connect(ConnectionString(cluster.connectionString()))
    let rows = try await connection.query("select word, quote_ident(word) from pg_get_keywords()")
    #expect(rows.count > 400)
    for row in 0..<rows.count where rows.text(row, 1)?.hasPrefix("\"") == true {
      #expect(Quoting.identifier(rows.text(row, 0) ?? "") == rows.text(row, 1))
    }
  }
}
