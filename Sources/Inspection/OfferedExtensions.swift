/// The names of the extensions that the target offers, for those who look into source databases meanwhile.
actor OfferedExtensions {
  private var isPublished = false
  private var names: Set<String>?
  private var waiting: [CheckedContinuation<Set<String>?, Never>] = []

  /// nil for not known. The first call counts.
  func publish(_ names: Set<String>?) {
    guard !isPublished else { return }
    isPublished = true
    self.names = names
    for continuation in waiting { continuation.resume(returning: names) }
    waiting = []
  }

  func value() async -> Set<String>? {
    if isPublished { return names }
    return await withCheckedContinuation { waiting.append($0) }
  }
}
