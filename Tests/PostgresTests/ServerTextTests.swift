import Postgres
import TestSupport
import Testing

/// Bytes of databases that know no encoding come and go unchanged.
@Suite struct ServerTextTests {
  private static let samples: [[UInt8]] = [
    [], Array("plain".utf8), Array("Zoë 漢字 🐘".utf8), [0xE9], Array("caf".utf8) + [0xE9, 0x20, 0x81, 0xFF],
    // Cut, too long, a surrogate, beyond the last character.
    [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x90], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0xF8],
    // The characters that stand for bytes, sent by a server itself; the ones before and after them.
    [0xF4, 0x8F, 0xBA, 0x80], [0xF4, 0x8F, 0xBB, 0xBF], [0xF4, 0x8F, 0xB9, 0xBF, 0xF4, 0x8F, 0xBC, 0x80],
    (0...255).map { UInt8($0) },
  ]

  @Test func `every byte comes back as it was`() {
    for bytes in Self.samples { #expect(String(serverText: bytes).serverBytes == bytes) }
    for first in 0...255 {
      for second in 0...255 {
        let bytes = [UInt8(first), UInt8(second), 0x80, UInt8(ascii: "a")]
        #expect(String(serverText: bytes).serverBytes == bytes)
      }
    }
  }

  @Test func `text in UTF-8 is that text`() {
    for text in ["", "plain", "Zoë 漢字 🐘", "\u{10FFFD}"] { #expect(String(serverText: Array(text.utf8)) == text) }
    #expect(String(serverText: [0x61, 0xE9]).unicodeScalars.last.flatMap(byteOfNoText) == 0xE9)
  }

  @Test func `different bytes are different texts`() {
    #expect(Set(Self.samples.map { String(serverText: $0) }).count == Self.samples.count)
  }

  @Test func `values, names and statements of a database without an encoding keep their bytes`() async throws {
    let cluster = try await SharedCluster.cluster
    try await cluster.sql("create database bytes encoding 'SQL_ASCII' locale 'C' template template0")
    let connection = try await SharedCluster.connect(database: "bytes")
    #expect(connection.session.encoding == "SQL_ASCII")
    #expect(connection.session.clientEncoding == "SQL_ASCII")
    let name = String(serverText: [UInt8](0x80...0xFF))
    let quoted = try await connection.quote(identifier: name)
    _ = try await connection.query("create table \(quoted) (v text)")
    let literal = try await connection.quote(literal: name)
    _ = try await connection.pipeline([[Statement("insert into \(quoted) values ($1), (\(literal))", [name])]])[0].get()
    let read = try await connection.query("select v, encode(v::bytea, 'hex') from \(quoted)")
    for row in 0..<2 { #expect(read.text(row, 0) == name) }
    #expect(read.text(0, 1)?.hasPrefix("8081") == true && read.text(0, 1)?.count == 256)
    #expect(try await connection.query("select array_agg(v) from \(quoted)").decode([String].self) == [[name, name]])
    try await connection.beginCopyOut("copy \(quoted) to stdout")
    let copied = try await connection.readCopyData(atLeast: 1)
    #expect(copied?.bytes.starts(with: name.serverBytes) == true)
    while try await connection.readCopyData(atLeast: 1) != nil {}
    #expect(try await connection.endCopyOut() == 2)
    await connection.close()
  }

  @Test func `text of a database that no server converts is its bytes`() async throws {
    let cluster = try await SharedCluster.cluster
    try await cluster.sql("create database mule encoding 'MULE_INTERNAL' locale 'C' template template0")
    let connection = try await SharedCluster.connect(database: "mule")
    #expect(connection.session.encoding == "MULE_INTERNAL")
    let text = String(serverText: [0x81, 0xE9])
    #expect(try await connection.query("select $1::text", [text]).text(0, 0) == text)
    await connection.close()
    let latin = try await SharedCluster.connect(database: "latin")
    #expect(latin.session.encoding == "LATIN1")
    #expect(latin.session.clientEncoding == "UTF8")
    #expect(try await latin.query("select 'Zoë'::text").text(0, 0) == "Zoë")
    await latin.close()
  }

  @Test func `a database that is created again in another encoding is read in that one`() async throws {
    let cluster = try await SharedCluster.cluster
    let string = try await SharedCluster.string(database: "again")
    for (encoding, client) in [("SQL_ASCII", "SQL_ASCII"), ("UTF8", "UTF8"), ("SQL_ASCII", "SQL_ASCII")] {
      try await cluster.sql("create database again encoding '\(encoding)' locale 'C' template template0")
      let connection = try await Connection.connect(string)
      #expect(connection.session.clientEncoding == client)
      await connection.close()
      try await cluster.sql("drop database again with (force)")
    }
  }
}
