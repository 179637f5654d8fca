/// How much may be done at the same time: as many places as `--jobs` says, for all databases together.
actor Slots {
  private var free: Int
  private var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  private var nextID = 0

  init(_ count: Int) { free = count }

  /// Runs `body` in a place of its own; whoever has waited longest comes first.
  nonisolated func run<T: Sendable>(_ body: () async throws -> T) async throws -> T {
    try await take()
    do {
      let value = try await body()
      await giveBack()
      return value
    } catch {
      await giveBack()
      throw error
    }
  }

  /// Runs `body` in one place, or in as many more as are free at that moment.
  ///
  /// - Parameter body: is told how many it has.
  nonisolated func run<T: Sendable>(inUpTo limit: Int, _ body: (Int) async throws -> T) async throws -> T {
    try await run {
      let more = await takeFree(upTo: limit - 1)
      do {
        let value = try await body(1 + more)
        await giveBack(more)
        return value
      } catch {
        await giveBack(more)
        throw error
      }
    }
  }

  private func takeFree(upTo limit: Int) -> Int {
    let taken = max(0, min(free, limit))
    free -= taken
    return taken
  }

  private func giveBack(_ count: Int) {
    for _ in 0..<count { giveBack() }
  }

  private func take() async throws {
    try Task.checkCancellation()
    if free > 0 {
      free -= 1
      return
    }
    let id = nextID
    nextID += 1
    let isTaken = await withTaskCancellationHandler {
      await withCheckedContinuation { waiting.append((id, $0)) }
    } onCancel: {
      Task { await self.giveUp(id) }
    }
    if !isTaken { throw CancellationError() }
  }

  private func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().continuation.resume(returning: true) }
  }

  private func giveUp(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume(returning: false)
  }
}
