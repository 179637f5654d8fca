/// How many sessions an inspection has on one server at a time: as many as it may (`--jobs`), until the server turns out
/// to have fewer places for it (`max_connections`, limits of roles and databases).
actor SessionPlaces {
  /// At least 1.
  private(set) var count: Int

  init(_ count: Int) { self.count = max(count, 1) }

  func giveUpOne() { count = max(count - 1, 1) }
}
