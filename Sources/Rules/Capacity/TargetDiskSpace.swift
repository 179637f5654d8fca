import Catalog

extension Rule {
  static let targetDiskSpace = Rule(
    "target-disk-space", "The target has disk space for 130 % of the source's size",
    group: .capacity,
    documentation: "https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE",
    explanation: Explanation(
      why: """
        A target whose disk runs full stops in the middle of the copy. Indexes are built, WAL is written and space is \
        only reclaimed later: 130 % of the source's size is what it takes.
        """,
      decides: """
        Needed: 1.3 times the sum of the selected databases (with a table filter, of the selected tables). Free: \
        --target-free-space; else the file system of the target's data directory, where that is on this host. SQL \
        alone can't tell free space: without either of these the outcome is undetermined. Where an extension on the \
        target can tell (system_stats, pgnodemx, citus), the outcome names the query; it is not called, as functions \
        that are not the server's own are not run.
        """,
      fix: "Enlarge the target's storage, or switch its automatic growth on."),
    decide: .cluster { pair in
      let given = pair.options.targetFreeSpace.map {
        FreeSpace(freeBytes: $0, totalBytes: nil, origin: "--target-free-space")
      }
      if given == nil, let provider = pair.target.provider.ifKnown?.provider, provider.hasElasticStorage {
        return .skipped("The storage of \(provider.displayName) grows by itself, up to the limit of the service.")
      }
      let total = try pair.totalSize()
      let needed = neededSpace(for: total.bytes)
      let free: FreeSpace
      do throws(Undetermined) {
        free = if let given { given } else { try pair.target.freeSpace.value }
      } catch {
        throw Undetermined(
          "\(formattedBytes(needed)) (\(needed) bytes) are needed on the target, and \(error.reason)",
          remedy: error.remedy)
      }
      guard free.freeBytes >= needed else {
        var evidence = total.evidence
        evidence["needed"] = "\(formattedBytes(needed)) (\(needed) bytes)"
        evidence["free"] = "\(formattedBytes(free.freeBytes)) (\(free.freeBytes) bytes), according to \(free.origin)"
        let missing = formattedBytes(needed -| free.freeBytes)
        return .failed(
          "\(formattedBytes(needed)) are needed, \(formattedBytes(free.freeBytes)) are free: \(missing) are missing.",
          [
            Finding(
              "target disk", "\(missing) are missing", evidence: evidence,
              remediation: Remediation(
                pair.target.providerForWording == .selfManaged
                  ? "Enlarge the volume of the target's data directory by at least \(missing)."
                  : "Enlarge the target's storage by at least \(missing), or switch on automatic storage growth."))
          ])
      }
      guard total.hidden.isEmpty else { throw total.hiddenSizes }
      return .passed(
        "\(formattedBytes(needed)) are needed, \(formattedBytes(free.freeBytes)) are free according to \(free.origin).")
    })
}

/// 130 % of that many bytes, rounded up; `Int.max` where that is more.
public func neededSpace(for bytes: Int) -> Int {
  bytes +| (bytes / 10 * 3 + (bytes % 10 * 3 + 9) / 10)
}
