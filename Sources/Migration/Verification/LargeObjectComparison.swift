import Assessment
import Postgres

/// Compares large objects: how many there are, and what is in them as far as both roles may read their pages.
struct LargeObjectComparison: Sendable {
  private let snapshot: SourceSnapshot
  private let target: Endpoint
  private let isFull: Bool

  init(_ snapshot: SourceSnapshot, _ target: Endpoint, _ mode: Verification.Mode) {
    self.snapshot = snapshot
    self.target = target
    isFull = mode == .full
  }

  struct Content: Sendable, Equatable {
    var count: String
    /// nil where the pages may not be read, which takes a superuser or a grant of one.
    var checksum: String?
  }

  func mismatches() async throws -> [Verification.Mismatch] { try await mismatches(from: try await ofSource()) }

  func ofSource() async throws -> Content {
    try await attempting("comparing large objects", snapshot.source, database: snapshot.database) {
      try await snapshot.alone { try await content(over: $0) }
    }
  }

  /// - Parameter here: what the source holds. The snapshot is not needed any more.
  func mismatches(from here: Content) async throws -> [Verification.Mismatch] {
    let there = try await target.session(in: snapshot.database, for: "comparing large objects", purpose: .reading) {
      try await content(over: $0)
    }
    if here.count != there.count {
      let message = "\(here.count) on the source, \(there.count) on the target"
      return [Verification.Mismatch(object: "large objects", message: message)]
    }
    guard let own = here.checksum, let other = there.checksum, own != other else { return [] }
    return [Verification.Mismatch(object: "large objects", message: "\(here.count) on both sides, not the same ones")]
  }

  private func content(over connection: Connection) async throws -> Content {
    let counted = try await connection.query(ReadingStatements.largeObjects)
    var content = Content(count: counted.text(0, 0) ?? "")
    guard isFull, content.count != "0", counted.text(0, 1) == "t" else { return content }
    content.checksum = try await connection.query(ReadingStatements.largeObjectChecksum(snapshot.version)).text(0, 0)
    return content
  }
}
