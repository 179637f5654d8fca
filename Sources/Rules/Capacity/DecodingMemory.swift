import Catalog

extension Rule {
  static let decodingMemory = Rule(
    "decoding-memory", "Large transactions are decoded in memory",
    group: .capacity, severity: .notice, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/runtime-config-resource.html",
    explanation: Explanation(
      why: """
        What a transaction changes beyond logical_decoding_work_mem is written to pg_replslot of the source, for each \
        subscription once, and read again when it commits.
        """,
      decides: """
        It always passes, with a notice where logical_decoding_work_mem of the source, 13 or later, is less than 64 MB, \
        its default.
        """,
      fix: "Raise it for the time of the move, and leave room in the source's data directory."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let version = try pair.source.version.major
      guard version >= 13 else {
        return .skipped("The source is \(version): before 13, there is no such setting.")
      }
      let kilobytes = try pair.source.integerSetting("logical_decoding_work_mem")
      // Since 14 a subscription may ask for a transaction's changes before it commits.
      let streams = try version >= 14 && pair.target.version.major >= 14
      let message =
        "logical_decoding_work_mem is \(kilobytes % 1024 == 0 ? "\(kilobytes / 1024) MB" : "\(kilobytes) kB")"
        + (streams ? "." : ", beyond which a transaction is written to disk.")
      guard kilobytes < 65_536 else { return .passed(message) }
      return .passed(
        message,
        notices: [
          Finding(
            "setting logical_decoding_work_mem", "large transactions are written to disk sooner than by default",
            evidence: ["logical_decoding_work_mem": "\(kilobytes)kB"],
            remediation: pair.source.reloading("logical_decoding_work_mem", to: "64MB", on: .source))
        ])
    })
}
