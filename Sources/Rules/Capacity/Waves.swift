import Catalog

// Where slots or workers do not suffice for all databases at once, some of them are replicated first, and the others when
// these have been cut over.

/// What a capacity rule says where not all databases fit.
///
/// - Returns: `: 2 at a time, in up to 3 waves`; nil where not even one fits.
func waves(of need: Int, free: Int) -> String? {
  free > 0 ? ": \(free) at a time, in up to \(((need - 1) / free + 1).counted("wave"))" : nil
}

extension ClusterPair {
  /// How many databases can be replicated at the same time, as far as both servers show what is free; nil where they do not
  /// show anything of it.
  public var replicationsAtOnce: Int? {
    [
      free(of: "max_replication_slots", on: .source, used: source.slots.ifKnown?.count),
      free(of: "max_wal_senders", on: .source, used: source.activity.ifKnown?.walsenders),
      free(
        of: (try? target.version.major) ?? 0 >= 18 ? "max_active_replication_origins" : "max_replication_slots",
        on: .target, used: target.origins.ifKnown?.origins),
      free(of: "max_logical_replication_workers", on: .target, used: enabledSubscriptions),
      // The launcher is a worker process too.
      free(of: "max_worker_processes", on: .target, used: enabledSubscriptions.map { $0 +| 1 }),
    ].compactMap(\.self).min()
  }

  private var enabledSubscriptions: Int? { target.subscriptions.ifKnown?.count(where: \.subenabled) }

  private func free(of setting: String, on side: Side, used: Int?) -> Int? {
    guard let used, let total = try? self[side].integerSetting(setting) else { return nil }
    return max(0, total -| used)
  }
}
