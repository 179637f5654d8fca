import Catalog

extension Rule {
  static let sequences = Rule(
    "sequences", "Sequences have values left, and are set at cutover",
    group: .replication, severity: .warning, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-restrictions.html",
    explanation: Explanation(
      why: """
        Logical replication does not carry the state of sequences: on the target they stand where they began. One that \
        runs out makes every INSERT that asks it fail, on either side.
        """,
      decides: """
        No sequence has given more than 90 % of what it may give and its column can hold, those with CYCLE aside; at \
        most \(SequenceUse.mostRead) sequences of a database are read. A notice tells how many sequences the cutover \
        sets.
        """,
      fix: """
        Give a sequence that is nearly used up a larger type, and its column too. The cutover sets those of the target when \
        writes to the source have ended; whoever switches over by hand has to do it.
        """),
    decide: .database { pair in
      let snapshot = try pair.snapshot(on: .source)
      let count = try snapshot.summary.value.sequences
      guard count > 0 else { return .passed("There are no sequences.") }
      let uses = try snapshot.sequenceUses.value.filter { use in
        guard let schema = use.tableSchema, let table = use.tableName else { return true }
        return pair.options.tables.selects(schema: schema, table: table, in: pair.name)
      }
      let unread = uses.filter { $0.lastValue == nil }
      let findings = uses.compactMap(\.finding)
      let toBeSet = "\(count.counted("sequence is", "sequences are")) set at cutover"
      guard findings.isEmpty else {
        let others = unread.isEmpty ? "" : ", of \(unread.count.counted("other")) the value can't be read"
        return .failed(
          "\(findings.count.counted("sequence is", "sequences are")) more than 90 % used\(others). \(toBeSet).",
          Array(findings.prefix(100)))
      }
      if let first = unread.first {
        throw Undetermined(
          "the values of \(unread.count.counted("sequence")) can't be read, one is \(first.qualifiedName)",
          remedy: "GRANT SELECT on the sequences to the role.")
      }
      let object = "database \(quotedIdentifier(pair.name))"
      var notices = [
        Finding(
          object, "the state of sequences is not replicated", evidence: ["sequences": "\(count)"],
          remediation: Remediation(
            "The cutover sets them, when writes to the source have ended; --sequence-margin sets them ahead."))
      ]
      if count > SequenceUse.mostRead {
        notices.append(
          Finding(
            object, "of \(count) sequences, \(SequenceUse.mostRead) were read: the others may be nearly used up",
            remediation: Remediation(
              "See for yourself what is left of the others.",
              paste: """
                SELECT * FROM pg_catalog.pg_sequences WHERE NOT cycle AND last_value > 0.9 * max_value;
                """, at: .source)))
      }
      return .passed("\(toBeSet).", notices: notices)
    })
}

extension SequenceUse {
  fileprivate var qualifiedName: String { qualifiedIdentifier(nspname, relname) }

  /// nil where its value is not known.
  fileprivate var finding: Finding? {
    guard let lastValue else { return nil }
    var evidence = ["last_value": "\(lastValue)", "final_value": "\(finalValue)"]
    var statements: [String] = []
    var words: [String] = []
    if let tableSchema, let tableName, let columnName {
      let table = qualifiedIdentifier(tableSchema, tableName)
      evidence["column"] = "\(table).\(quotedIdentifier(columnName))"
      if isNarrowColumn {
        words.append(
          "Make the column bigint, and those that refer to it: that writes the table anew, and locks it meanwhile.")
        statements.append("ALTER TABLE \(table) ALTER COLUMN \(quotedIdentifier(columnName)) TYPE bigint;")
      }
    }
    if finalValue == (isDescending ? Int.min : Int.max) {
      words.append("It has the largest type: restart it below, where its values are free.")
    } else {
      words.append("Give the sequence all values of bigint.")
      statements.append(
        "ALTER SEQUENCE \(qualifiedName) AS bigint NO \(isDescending ? "MINVALUE" : "MAXVALUE");")
    }
    return Finding(
      "sequence \(qualifiedName)", "it stands at \(lastValue) and ends at \(finalValue)", evidence: evidence,
      remediation: Remediation(
        words.joined(separator: " "), paste: statements.isEmpty ? nil : statements.joined(separator: "\n"),
        at: statements.isEmpty ? nil : .source))
  }
}
