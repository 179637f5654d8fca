import Catalog

extension Rule {
  static let sourceReadPrivileges = Rule(
    "source-read-privileges", "Everything selected can be read by the source role",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/ddl-priv.html",
    explanation: Explanation(
      why:
        "pg_dump stops at the first table or sequence that it may not read, and so does the initial copy of a table.",
      decides: """
        The source role is a superuser; or it has USAGE on the schema and SELECT on every selected table, materialized \
        view and sequence, and on those of extensions whose rows a dump takes along.
        """,
      fix: "Grant pg_read_all_data (14 and newer), or USAGE and SELECT schema by schema."),
    decide: .database { pair in
      let me = try pair.clusters.source.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      let closed = try pair.unreadable()
      guard closed.count > 0 else { return .passed("\(me.rolname) may read everything selected.") }
      let role = quotedIdentifier(me.rolname)
      let version = try pair.clusters.source.version
      return .failed(
        "\(me.rolname) may not read \(closed.count.counted("relation")).",
        closed.examples.map { relation in
          let schema = quotedIdentifier(relation.schema)
          return Finding(
            "\(relation.kind) \(schema).\(quotedIdentifier(relation.name))",
            relation.schemaUsage ? "no SELECT on it" : "no USAGE on its schema", evidence: ["role": me.rolname],
            remediation: Remediation(
              "Let the role read it.",
              paste: version.major >= 14
                ? "GRANT pg_read_all_data TO \(role);"
                : "GRANT USAGE ON SCHEMA \(schema) TO \(role);\nGRANT SELECT ON ALL TABLES IN SCHEMA \(schema) TO "
                  + "\(role);\nGRANT SELECT ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role);",
              at: .source))
        })
    })
}

extension DatabasePair {
  fileprivate struct Unreadable {
    var kind: String
    var schema: String
    var name: String
    var schemaUsage: Bool
  }

  /// What is selected and may not be read.
  fileprivate func unreadable() throws(Undetermined) -> (count: Int, examples: [Unreadable]) {
    let source = try snapshot(on: .source)
    guard options.tables == .all else {
      let closed = try source.tables.value.filter { !$0.readable && options.tables.selects($0, in: name) }
      return (
        closed.count,
        closed.prefix(20).map { Unreadable(kind: "table", schema: $0.nspname, name: $0.relname, schemaUsage: true) }
      )
    }
    let all = try source.unreadableRelations.value
    let closed = all.filter { !options.excludedExtensions.contains($0.extension) }
    return (
      (closed.first?.nTotal ?? 0) -| (closed.isEmpty ? 0 : all.count - closed.count),
      closed.map { row in
        let kind = ["m": "materialized view", "S": "sequence"][row.kind] ?? "table"
        return Unreadable(kind: kind, schema: row.nspname, name: row.relname, schemaUsage: row.schemaUsage)
      }
    )
  }
}
