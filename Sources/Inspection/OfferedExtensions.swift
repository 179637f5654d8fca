/// The extensions that the target offers, with their default versions, for those who look into source databases meanwhile.
actor OfferedExtensions {
  private var isPublished = false
  private var versions: [String: String]?
  private var waiting: [CheckedContinuation<[String: String]?, Never>] = []

  /// nil for not known. The first call counts.
  func publish(_ versions: [String: String]?) {
    guard !isPublished else { return }
    isPublished = true
    self.versions = versions
    for continuation in waiting { continuation.resume(returning: versions) }
    waiting = []
  }

  func value() async -> [String: String]? {
    if isPublished { return versions }
    return await withCheckedContinuation { waiting.append($0) }
  }
}
