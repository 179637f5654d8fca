import Catalog

extension Rule {
  static let replicationTimeouts = Rule(
    "replication-timeouts", "The timeouts of replication bear a long copy",
    group: .capacity, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/runtime-config-replication.html",
    explanation: Explanation(
      why: """
        While a server is busy with a large transaction or a slow disk it may not answer for a while. A short timeout \
        then ends the stream, and it starts again with the same transaction; a table's copy starts over.
        """,
      decides: """
        wal_sender_timeout of the source and wal_receiver_timeout of the target are 60 seconds, their default, or \
        longer. 0 switches them off, of which a notice tells: a connection that is dead is then not noticed.
        """,
      fix: "Set them to five minutes for the time of the move."),
    decide: .cluster { pair in
      guard try !pair.sourceIsTooOldToReplicate() else { return ClusterPair.tooOldToReplicate }
      let settings: [(Side, String)] = [(.source, "wal_sender_timeout"), (.target, "wal_receiver_timeout")]
      var short: [Finding] = []
      var off: [Finding] = []
      var values: [String] = []
      for (side, name) in settings {
        let milliseconds = try pair[side].integerSetting(name)
        let value = milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
        values.append("\(name) of the \(side) is \(milliseconds == 0 ? "off" : value)")
        if milliseconds == 0 {
          off.append(
            Finding(
              "setting \(name)", "it is off on the \(side): a dead connection is not noticed",
              evidence: [name: "0"], remediation: pair[side].reloading(name, to: "5min", on: side)))
        } else if milliseconds < 60_000 {
          short.append(
            Finding(
              "setting \(name)", "\(value) on the \(side) is short for a long copy", evidence: [name: value],
              remediation: pair[side].reloading(name, to: "5min", on: side)))
        }
      }
      let message = values.joined(separator: ", ") + "."
      return short.isEmpty ? .passed(message, notices: off) : .failed(message, short + off)
    })
}
