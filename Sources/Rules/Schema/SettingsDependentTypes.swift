import Catalog

extension Rule {
  static let settingsDependentTypes = Rule(
    "settings-dependent-types", "Amounts of money are read as they were written",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/datatype-money.html",
    explanation: Explanation(
      why: """
        A value of type money is written with the currency, the separators and the decimals of lc_monetary. No dump \
        sets it, nor does replication: where it differs, the target refuses the value, or takes another amount.
        """,
      decides: "The source database has no column of type money, or lc_monetary is the same on both sides.",
      fix: "Set lc_monetary of the target as it is on the source, or change the columns to numeric."),
    decide: .database { pair in
      let (source, target) = (
        try pair.clusters.source.setting("lc_monetary"), try pair.clusters.target.setting("lc_monetary")
      )
      guard comparableSetting(source, of: "lc_monetary") != comparableSetting(target, of: "lc_monetary") else {
        return .passed("lc_monetary is \(source) on both sides.")
      }
      let (count, columns) = pair.selected(try pair.snapshot(on: .source).moneyColumns.value)
      guard count > 0 else { return .passed("No column is of type money.") }
      return .failed(
        "\(count.counted("column")) of type money \(count == 1 ? "is" : "are") written by \(source) and read by \(target).",
        columns.prefix(100).map {
          Finding(
            "column \($0.qualifiedName).\(quotedIdentifier($0.attname))",
            "lc_monetary is \(source) on the source and \(target) on the target",
            evidence: ["source": source, "target": target],
            remediation: pair.clusters.target.reloading("lc_monetary", to: source, on: .target))
        })
    })
}
