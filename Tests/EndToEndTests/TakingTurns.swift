import Testing

/// Lets a few of the tests that keep servers busy run at a time. All at once they would each take so long that what
/// they wait for, and what the program itself waits for, comes too late.
struct TakingTurns: TestTrait, SuiteTrait, TestScoping {
  private static let gate = Gate(width: 5)

  var isRecursive: Bool { true }

  func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? { testCase == nil ? nil : self }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Self.gate.pass(function)
  }
}

extension Trait where Self == TakingTurns {
  static var takesTurns: Self { Self() }
}

private actor Gate {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(width: Int) { free = width }

  nonisolated func pass(_ body: @Sendable () async throws -> Void) async rethrows {
    await enter()
    do {
      try await body()
      await leave()
    } catch {
      await leave()
      throw error
    }
  }

  private func enter() async {
    if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
  }

  private func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
