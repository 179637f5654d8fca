import Foundation
import TestSupport
import Testing

/// What the check says of each scenario's state is held against what `migrate` and `cutover` make of it. `scripts/truth`
/// runs it; a few states run where `PGPREFLIGHT_TRUTH` is set to `sample`.
@Suite(.timeLimit(.minutes(1_440))) struct TruthTests {
  /// What `scripts/truth` was given; nil: nothing is to be done.
  private static let asked = ProcessInfo.processInfo.environment["PGPREFLIGHT_TRUTH"].map { text in
    guard text == "sample" else { return text }
    // Other states each day, and the same ones all day.
    return "--sample 6 --workers 2 --seed \(Int(now() / 86_400))"
  }

  @Test(.enabled(if: TruthTests.asked != nil, "it takes long; scripts/truth runs it"))
  func `what is ready arrives, and what is blocked would not`() async throws {
    let matrix = try await TruthRun(options: TruthOptions(Self.asked ?? "")).run()
    let exceptions = try TruthMatrix.exceptions()
    print(matrix.report(exceptions))
    let (faults, idle) = (matrix.unexpected(exceptions).count, matrix.idle(exceptions).count)
    #expect(faults == 0, "see the table above")
    #expect(idle == 0, "see the table above")
  }

  @Test func `an exception names what it is about`() throws {
    for exception in try TruthMatrix.exceptions() {
      let name = exception.state.prefix { $0 != "*" && $0 != "," && $0 != " " }
      #expect(Scenario.all.contains { $0.name.hasPrefix(name) || name.hasPrefix($0.name) }, "\(exception.state)")
      #expect(exception.reason.count > 20)
    }
  }
}
