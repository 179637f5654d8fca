import Catalog

extension ClusterSnapshot {
  /// Without what an interrupted run has made that is gone on with: it is nothing to be dropped, and what it takes of the
  /// server's slots is what the run needs.
  ///
  /// - Parameter run: in eight hexadecimal digits.
  func without(run: String?) -> ClusterSnapshot {
    guard let run else { return self }
    let isOthers = { (name: String) in !name.hasPrefix("pgpreflight_\(run)_") }
    var rest = self
    rest.slots = slots.map { $0.filter { isOthers($0.slotName) } }
    if let subscriptions = subscriptions.ifKnown {
      let others = subscriptions.filter { isOthers($0.subname) }
      rest.subscriptions = .known(others)
      // Each has one.
      if var known = origins.ifKnown {
        known.origins = max(0, known.origins -| (subscriptions.count - others.count))
        rest.origins = .known(known)
      }
    }
    rest.inspected = inspected.map { database in
      var database = database
      database.publications = database.publications.map { $0.filter { isOthers($0.pubname) } }
      return database
    }
    return rest
  }
}
