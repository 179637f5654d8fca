/// Runs `body`, and `watcher` beside it until `body` has ended.
///
/// - Throws: what either of them throws; the other one is cancelled then.
func watched<Value: Sendable>(
  _ body: @escaping @Sendable () async throws -> Value, by watcher: @escaping @Sendable () async throws -> Void
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      // Cancelled, it leaves the last word to the body.
      do { try await watcher() } catch is CancellationError {}
      return nil
    }
    while let result = try await group.next() {
      guard let result else { continue }
      group.cancelAll()
      return result
    }
    throw CancellationError()
  }
}
