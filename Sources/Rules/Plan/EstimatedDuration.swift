import Catalog

extension Rule {
  static let estimatedDuration = Rule(
    "estimated-duration", "How long the copy may take",
    group: .plan, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html",
    explanation: Explanation(
      why: """
        Whoever approves a move asks how long it takes. A database that goes by dump can't be written to for all of \
        that; one that is replicated only while it is cut over.
        """,
      decides: """
        It always passes, with a range: the sizes of the selected databases, indexes included, at \
        20 to 200 MB/s for all jobs together. Servers, network and indexes decide where in it: on two processors that \
        both servers share, without a network, it is about 50 MB/s. --throughput RATE puts a rate that was measured in \
        place of the range.
        """,
      fix: "Measure it: migrate a copy, or one database, and say --throughput with the rate that its report tells."),
    decide: .cluster { pair in
      guard let time = try CopyTime(of: pair) else { throw try pair.totalSize().hiddenSizes }
      guard time.sizeBytes > 0 else { return .passed("There is nothing to copy.") }
      let words = "\(time.words.prefix(1).uppercased())\(time.words.dropFirst()) for \(time.basis)"
      return .passed(time.isMeasured ? "\(words)." : "\(words); --throughput says better.")
    })
}
