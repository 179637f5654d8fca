import Catalog

extension Rule {
  static let targetOlderFeatures = Rule(
    "target-older-features", "Nothing in the schema is newer than the target",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html#PG-DUMP-NOTES",
    explanation: Explanation(
      why: "A dump writes what its server has, in words that an older target does not understand.",
      decides: """
        Where the target is older, as with --skip-version-check, the source database has none of these that it does \
        not know: virtual generated columns, constraints that are NOT ENFORCED, temporal keys, NOT NULL with options \
        (18), NULLS NOT DISTINCT, views with security_invoker, publications with filters or schemas, SET NULL of some \
        columns (15), multiranges, range types, functions with SQL bodies, compression of columns, procedures with OUT \
        (14), stored generated columns (12), procedures, partitioning by hash (11). Members of extensions do not \
        count; what expressions and the bodies of functions use is not looked at.
        """,
      fix: "Move to the source's version or a newer one, or do without."),
    decide: .database { pair in
      let (source, target) = (try pair.clusters.source.version, try pair.clusters.target.version)
      guard target.majorOrder < source.majorOrder else { return .skipped("The target is not older.") }
      let features = try pair.snapshot(on: .source).newerFeatures.value.filter { feature in
        guard feature.kind.since > target.major else { return false }
        guard let schema = feature.nspname, let table = feature.relname else { return !pair.hasTablesOnly }
        return pair.options.tables.selects(schema: schema, table: table, in: pair.name)
      }
      guard !features.isEmpty else { return .passed("There is nothing of what was looked for that the target lacks.") }
      let findings = NewerFeature.Kind.allCases.compactMap { kind -> Finding? in
        let those = features.filter { $0.kind == kind }
        guard let first = those.first else { return nil }
        let count = pair.options.tables == .all ? first.nTotal : those.count
        return Finding(
          "\(kind.singular) \(those.map(\.object).listed())",
          "\(count.counted(kind.singular, kind.plural)): the target, \(target.majorName), knows that from "
            + "\(kind.since) on",
          evidence: ["objects": those.prefix(20).map(\.object).joined(separator: ", ")],
          remediation: Remediation(kind.fix))
      }
      return .failed(
        "\(findings.count.counted("kind")) of objects \(findings.count == 1 ? "is" : "are") newer than the target.",
        findings)
    })
}

extension NewerFeature.Kind {
  fileprivate var singular: String {
    switch self {
    case .virtualColumn: "virtual generated column"
    case .notEnforced: "constraint that is NOT ENFORCED"
    case .temporalKey: "temporal key"
    case .notNullOption: "NOT NULL with an option"
    case .nullsNotDistinct: "index with NULLS NOT DISTINCT"
    case .securityInvoker: "view with security_invoker"
    case .publicationFilter: "publication with filters or schemas"
    case .setColumns: "foreign key that sets some columns"
    case .multirange: "multirange column"
    case .rangeType: "range type"
    case .sqlBody: "function with an SQL body"
    case .compression: "column with a compression of its own"
    case .outParameter: "procedure with OUT parameters"
    case .storedColumn: "stored generated column"
    case .hashPartitions: "table partitioned by hash"
    case .procedure: "procedure"
    }
  }

  fileprivate var plural: String {
    switch self {
    case .notEnforced: "constraints that are NOT ENFORCED"
    case .notNullOption: "NOT NULL with options"
    case .nullsNotDistinct: "indexes with NULLS NOT DISTINCT"
    case .securityInvoker: "views with security_invoker"
    case .publicationFilter: "publications with filters or schemas"
    case .setColumns: "foreign keys that set some columns"
    case .sqlBody: "functions with an SQL body"
    case .compression: "columns with a compression of their own"
    case .outParameter: "procedures with OUT parameters"
    case .hashPartitions: "tables partitioned by hash"
    default: singular + "s"
    }
  }

  fileprivate var fix: String {
    switch self {
    case .virtualColumn, .storedColumn: "Replace the column by one that a trigger or a view computes."
    case .notEnforced: "Drop the constraint, or enforce it."
    case .temporalKey: "Replace it by an exclusion constraint and a plain key."
    case .notNullOption: "Replace it by NOT NULL without NO INHERIT and NOT VALID."
    case .nullsNotDistinct: "Replace it by indexes over expressions that give NULL a value."
    case .securityInvoker: "Reset the option, if the view's owner may read what it shows."
    case .publicationFilter: "Drop the publication, or dump with --no-publications."
    case .setColumns: "Replace it by one that sets all columns, or by a trigger."
    case .multirange: "Replace the type by arrays of ranges."
    case .rangeType: "Create the type by hand on the target, or do without."
    case .sqlBody: "Create the function anew with its body as a string."
    case .compression: "Set the compression to default, or dump with --no-toast-compression."
    case .outParameter, .procedure: "Create a function in its place."
    case .hashPartitions: "Partition by range or list, or not at all."
    }
  }
}
