import Catalog

extension Rule {
  static let sequences = Rule(
    "sequences", "Sequences are set at cutover",
    group: .replication, severity: .notice, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: "Logical replication does not carry the state of sequences: on the target they stand where they began.",
      decides: "It always passes, with a notice that tells how many sequences have to be set at cutover.",
      fix: "Nothing to do beforehand: set the sequences on the target when writes to the source have ended."),
    decide: .database { pair in
      let count = try pair.snapshot(on: .source).summary.value.sequences
      guard count > 0 else { return .passed("There are no sequences.") }
      return .passed(
        "\(count.counted("sequence is", "sequences are")) to be set at cutover.",
        notices: [
          Finding(
            "database \(quotedIdentifier(pair.name))", "the state of sequences is not replicated",
            evidence: ["sequences": "\(count)"],
            remediation: Remediation(
              "Set them on the target at cutover, when writes to the source have ended and before those to the target.")
          )
        ])
    })
}
