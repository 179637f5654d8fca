import TestSupport
import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(5))) struct CopyingTests {
  /// A server that takes what is buffered between two looks at the socket says nothing about it.
  @Test(arguments: 0..<3) func `rows arrive however quickly the server takes them`(_ number: Int) async throws {
    let connection = try await SharedCluster.connect()
    _ = try await connection.query("create temporary table sink (line text) on commit delete rows")
    // Odd, so that the ends of parts fall on any place of the socket's buffer.
    let rows = CopyData(bytes: Array(String(repeating: String(repeating: "x", count: 76) + "\n", count: 263).utf8))
    _ = try await connection.query("begin")
    try await connection.beginCopyIn("copy sink from stdin")
    for _ in 0..<10_000 { try await connection.writeCopyData(rows) }
    #expect(try await connection.endCopyIn() == 10_000 * 263)
  }
}
