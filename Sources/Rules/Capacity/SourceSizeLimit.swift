import Catalog

extension Rule {
  static let sourceSizeLimit = Rule(
    "source-size-limit", "What is moved stays within --max-total-size",
    group: .capacity,
    documentation: "https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE",
    explanation: Explanation(
      why: "A limit that the team has set: a larger move wants another plan, another window or another method.",
      decides: "The sum of the selected databases, or of the selected tables, is at most --max-total-size.",
      fix: "Raise the limit, or leave databases or tables out."),
    decide: .cluster { pair in
      guard let limit = pair.options.maxTotalSize else { return .skipped("No limit was given (--max-total-size).") }
      let total = try pair.totalSize()
      guard total.bytes <= limit else {
        return .failed(
          "\(formattedBytes(total.bytes)) are to be moved, the limit is \(formattedBytes(limit)).",
          [
            Finding(
              "total size", "\(formattedBytes(total.bytes -| limit)) over the limit", evidence: total.evidence,
              remediation: Remediation("Raise --max-total-size, or leave databases out with --exclude-database."))
          ])
      }
      guard total.hidden.isEmpty else { throw total.hiddenSizes }
      return .passed("\(formattedBytes(total.bytes)) are to be moved, the limit is \(formattedBytes(limit)).")
    })
}
