import Catalog

extension Rule {
  static let generatedColumns = Rule(
    "generated-columns", "Rows are not found by generated columns",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-gencols.html",
    explanation: Explanation(
      why: """
        The values of generated columns are not sent: the target computes them. Where rows are found by such a column, \
        the first UPDATE or DELETE stops the apply; a source of 18 or newer refuses it. REPLICA IDENTITY FULL does not \
        help: the target looks for the primary key all the same, and from 18 on the source refuses to update such a \
        table if it has any generated column.
        """,
      decides: """
        No selected table has a generated column in its primary key, or in the index of REPLICA IDENTITY USING INDEX \
        where there is one; and none of a source of 18 or newer has REPLICA IDENTITY FULL and generated columns. A \
        warning where a week of statistics shows no update, and where they are copied while writes are blocked: all \
        that has to be copied then has to fit into --max-blocked-time.
        """,
      fix: "Name a unique index over columns that are NOT NULL and not generated as the replica identity."),
    decide: .database { pair in
      if try pair.clusters.source.version.major < 12 { return .passed("Before 12 there are no generated columns.") }
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).generatedKeyTables.value)
      guard count > 0 else { return .passed("No table is identified by generated columns.") }
      let crossing = try pair.crossing()
      let isUsed = try !pair.unusableGeneratedKeys().isEmpty
      let fate =
        switch crossing.way {
        case .late where isUsed: "they are copied while writes are blocked (\(crossing.words))"
        case .tooLong where isUsed: "they are too large to be copied while writes are blocked"
        default: "generated columns identify them"
        }
      let excess = isUsed ? crossing.excess(in: pair.name) : []
      let message = "Rows of \(count.counted("table")) can't be updated or deleted by a subscriber: \(fate)."
      if isUsed, crossing.way == .late {
        return .failed(
          message,
          [
            Crossing.settled(
              tables,
              (one: "generated columns identify its rows", several: "generated columns identify their rows"),
              evidence: ["rows updated or deleted": "\(tables.sum(of: \.changes))"],
              advice:
                "An index over columns that are not generated, named as the replica identity, makes a table replicable."
            )
          ], severity: .warning)
      }
      return .failed(
        message,
        excess
          + tables.prefix(100).map { table in
            Finding(
              "table \(table.qualifiedName)",
              table.hasPlainPrimaryKey && table.isFull
                ? "its replica identity is FULL, and it has generated columns" : "its key has generated columns",
              evidence: [
                "columns": table.columns.joined(separator: ", "), "rows updated or deleted": "\(table.changes)",
              ],
              remediation: table.remediation)
          }, severity: isUsed ? .blocker : .warning)
    })
}

extension GeneratedKeyTable {
  fileprivate var remediation: Remediation {
    if hasPlainPrimaryKey && isFull {
      return Remediation(
        "Let the primary key be the replica identity.",
        paste: "ALTER TABLE \(qualifiedName) REPLICA IDENTITY DEFAULT;", at: .source)
    }
    if let candidateIndex {
      return Remediation(
        "Let another unique index be the replica identity.",
        paste: "ALTER TABLE \(qualifiedName) REPLICA IDENTITY USING INDEX \(quotedIdentifier(candidateIndex));",
        at: .source)
    }
    return Remediation(
      """
      Add a unique index over columns that are NOT NULL and not generated, and name it with REPLICA IDENTITY USING \
      INDEX; or use --method dump.
      """)
  }
}
