import Foundation
import TestSupport
import Testing

/// Something breaks at every moment of a cutover. `scripts/torture` runs it; a few points of each kind run where
/// `PGPREFLIGHT_TORTURE` is set to `sample`.
@Suite(.timeLimit(.minutes(1_440))) struct TortureTests {
  /// What `scripts/torture` was given; nil: nothing is to be done.
  private static let asked = ProcessInfo.processInfo.environment["PGPREFLIGHT_TORTURE"].map { text in
    guard text == "sample" else { return text }
    // Other points each day, and the same ones all day.
    return "cutover --sample 20 --workers 2 --patience 100 --seed \(Int(now() / 86_400))"
  }

  @Test(.enabled(if: TortureTests.asked != nil, "it takes long; scripts/torture runs it"))
  func `whatever breaks, no acknowledged write is lost, and what is said is true`() async throws {
    let outcome = try await TortureRun(options: TortureOptions(Self.asked ?? "")).run()
    print(outcome.report())
    let (untried, violations) = (outcome.failures.count, outcome.violations.count)
    #expect(untried == 0)
    #expect(violations == 0, "see the table above")
  }
}
