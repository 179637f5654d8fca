import Catalog

extension Rule {
  static let slotKeepSize = Rule(
    "slot-keep-size", "The source keeps WAL for slots long enough",
    group: .capacity, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/runtime-config-replication.html",
    explanation: Explanation(
      why: """
        A subscription's slot keeps WAL on the source while tables are copied and while the target lags. Where that is \
        limited, a checkpoint past the limit makes the slot useless, and the copy has to start over.
        """,
      decides: """
        max_slot_wal_keep_size of the source (13 and newer) is -1, without limit; otherwise it or wal_keep_size, \
        whichever is larger, is the limit. Below 128 MB a slot is lost as soon \
        as the target pauses: that blocks. A limit smaller than 1 GB, or than the data to move, is a warning, and so is \
        idle_replication_slot_timeout (18 and newer) of less than a day.
        """,
      fix: "Set max_slot_wal_keep_size to -1 and idle_replication_slot_timeout to 0 for the time of the move."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let version = try pair.source.version
      guard version.major >= 13 else { return .skipped("The source keeps WAL for slots without limit.") }
      var findings: [Finding] = []
      var severity = Severity.warning
      if try pair.databasesToReplicate() == 0 { return ClusterPair.nothingToReplicate }
      let slots = try pair.source.integerSetting("max_slot_wal_keep_size")
      // What is kept for standbys is kept for slots too.
      let standbys = try pair.source.integerSetting("wal_keep_size")
      let limit = max(slots, standbys) *| 1_048_576
      let isLimited = slots >= 0
      if isLimited {
        let name = "max_slot_wal_keep_size"
        let data = (try? pair.totalSize().bytes) ?? 0
        let message: String? =
          if limit < 128_000_000 {
            limit == 0
              ? "no WAL is kept for a slot beyond a checkpoint" : "\(formattedBytes(limit)) are soon written"
          } else if limit < 1_000_000_000 || limit < data {
            "a slot that holds back more than \(formattedBytes(limit)) is lost"
          } else { nil }
        if limit < 128_000_000 { severity = .blocker }
        if let message {
          findings.append(
            Finding(
              "setting \(name)", message,
              evidence: [name: formattedBytes(limit), "data to move": formattedBytes(data)],
              remediation: pair.source.reloading(name, to: "-1", on: .source)))
        }
      }
      if version.major >= 18 {
        let name = "idle_replication_slot_timeout"
        let seconds = try pair.source.integerSetting(name)
        if seconds > 0, seconds < 86_400 {
          findings.append(
            Finding(
              "setting \(name)", "a slot is lost when nobody is connected to it for \(spokenDuration(seconds))",
              evidence: [name: "\(seconds) s"], remediation: pair.source.reloading(name, to: "0", on: .source)))
        }
      }
      let message =
        isLimited
        ? "At most \(formattedBytes(limit)) of WAL are kept for a slot." : "WAL is kept for slots without limit."
      return findings.isEmpty
        ? .passed(message)
        : .failed(
          isLimited ? message : "\(message) Idle slots are given up.", findings, severity: severity)
    })
}
