import Assessment
import Catalog
import Postgres

/// Gives the target's sequences the values of the source's, when no dump says which they are, and compares them.
struct SequenceValues: Sendable {
  let database: String
  let source: Endpoint
  let target: Endpoint

  fileprivate struct Sequence: Decodable, Sendable {
    @QuotedName var name: String
    var increment: Int
    var minimum: Int
    var maximum: Int
  }

  fileprivate static let batch = 1000

  /// - Parameters:
  ///   - names: of those that are carried.
  ///   - margin: how many values each sequence is set ahead, in the direction in which it counts.
  /// - Returns: how many were set, and those that end before the margin, in words: they have the source's value.
  @discardableResult
  func carry(
    _ names: Set<String>, margin: Int, from here: Connection, to there: Connection
  ) async throws -> (count: Int, ending: [String]) {
    var ending: [String] = []
    let sequences = try await common(here, there).filter { names.contains($0.name) }
    for start in stride(from: 0, to: sequences.count, by: Self.batch) {
      let part = sequences[start..<min(start + Self.batch, sequences.count)]
      let values = try await here.pipeline([part.map { Statement("SELECT last_value, is_called FROM \($0.name)") }])[0]
        .get()
      let statements = zip(part, values).map { sequence, rows in
        let last = rows.text(0, 0).flatMap { Int($0) } ?? sequence.minimum
        let isCalled = rows.text(0, 1) == "t"
        let value = sequence.value(ahead: margin, of: last, isCalled: isCalled)
        if value == nil { ending.append(sequence.ending(margin, last)) }
        return Statement(
          "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2::int8, $3::bool)",
          [sequence.name, "\(value ?? last)", "\(isCalled)"])
      }
      _ = try await there.pipeline([statements])[0].get()
    }
    return (sequences.count, ending)
  }

  static func listed(_ ending: [String]) -> String {
    let most = 20
    return ending.prefix(most).joined(separator: "; ")
      + (ending.count > most ? "; and so do \(ending.count - most) more sequences" : "")
  }

  /// Those of these that end before the margin, as of now, in words.
  func ending(_ names: Set<String>, margin: Int, from here: Connection, to there: Connection) async throws -> [String] {
    guard margin > 0 else { return [] }
    let sequences = try await common(here, there).filter { names.contains($0.name) }
    var ending: [String] = []
    for start in stride(from: 0, to: sequences.count, by: Self.batch) {
      let part = sequences[start..<min(start + Self.batch, sequences.count)]
      let values = try await here.pipeline([part.map { Statement("SELECT last_value, is_called FROM \($0.name)") }])[0]
        .get()
      for (sequence, rows) in zip(part, values) {
        let last = rows.text(0, 0).flatMap { Int($0) } ?? sequence.minimum
        if sequence.value(ahead: margin, of: last, isCalled: rows.text(0, 1) == "t") == nil {
          ending.append(sequence.ending(margin, last))
        }
      }
    }
    return ending
  }
}

extension SequenceValues {
  /// Those of the target that would give away again what the source has given away. A sequence that is ahead does no
  /// harm: the margin of a cutover, or a target that is in use.
  ///
  /// Before 10 no catalog tells in which direction a sequence counts, and none is compared.
  func behind() async throws -> [Verification.Mismatch] {
    try await source.session(in: database, for: "reading sequences") { here in
      try await target.session(in: database, for: "reading sequences") { there in
        try await behind(nil, here, there)
      }
    }
  }

  /// Those that both have.
  private func common(_ here: Connection, _ there: Connection) async throws -> [Sequence] {
    let known = Set(try await there.query(ReadingStatements.sequences).decode(Sequence.self).map(\.name))
    return try await here.query(ReadingStatements.sequences).decode(Sequence.self).filter { known.contains($0.name) }
  }

  /// - Parameter names: of those that are carried; nil: all that both have.
  func behind(_ names: Set<String>?, _ here: Connection, _ there: Connection) async throws -> [Verification.Mismatch] {
    guard here.session.serverVersion >= 100_000 else { return [] }
    let sequences = try await common(here, there).filter { names?.contains($0.name) ?? true }
    var mismatches: [Verification.Mismatch] = []
    for start in stride(from: 0, to: sequences.count, by: Self.batch) {
      let part = sequences[start..<min(start + Self.batch, sequences.count)]
      let statements = part.map { Statement("SELECT last_value, is_called FROM \($0.name)") }
      let (own, other) = try await (
        here.pipeline([statements])[0].get(), there.pipeline([statements])[0].get()
      )
      for (sequence, (own, other)) in zip(part, zip(own, other)) {
        let (next, nextThere) = (sequence.next(after: own), sequence.next(after: other))
        guard sequence.increment > 0 ? nextThere < next : nextThere > next else { continue }
        mismatches.append(
          Verification.Mismatch(
            object: "sequence \(sequence.name)",
            message: "the next value is \(next) on the source, \(nextThere) on the target"))
      }
    }
    return mismatches
  }
}

extension SequenceValues.Sequence {
  fileprivate func next(after rows: Rows) -> Int {
    let last = rows.text(0, 0).flatMap { Int($0) } ?? minimum
    return rows.text(0, 1) == "t" ? ahead(of: last, by: 1) : last
  }

  /// What it is set to: so that there is a next value if the source has one.
  ///
  /// - Returns: nil where it ends before that. One that cycles would begin again, with values that are in use.
  fileprivate func value(ahead margin: Int, of last: Int, isCalled: Bool) -> Int? {
    guard margin > 0 else { return last }
    let (distance, overflows) = increment.multipliedReportingOverflow(by: margin)
    let (value, overflow) = last.addingReportingOverflow(distance)
    let (next, isPast) = value.addingReportingOverflow(isCalled ? increment : 0)
    guard !overflows, !overflow, !isPast, next >= minimum, next <= maximum else { return nil }
    return value
  }

  fileprivate func ending(_ margin: Int, _ last: Int) -> String {
    "sequence \(name) ends at \(increment > 0 ? maximum : minimum): it is set to \(last), as on the source, and not "
      + "\(margin) ahead"
  }

  /// A sequence ends at its bounds.
  fileprivate func ahead(of value: Int, by margin: Int) -> Int {
    let (distance, overflows) = increment.multipliedReportingOverflow(by: margin)
    guard !overflows else { return increment > 0 ? maximum : minimum }
    let (sum, overflow) = value.addingReportingOverflow(distance)
    return increment > 0 ? (overflow ? maximum : min(sum, maximum)) : (overflow ? minimum : max(sum, minimum))
  }
}
