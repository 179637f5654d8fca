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
      let total = try pair.totalSize()
      let bytes = total.bytes
      guard bytes > 0 else {
        if !total.hidden.isEmpty { throw total.hiddenSizes }
        return .passed("There is nothing to copy.")
      }
      let others = total.hidden.count
      let size = formattedBytes(bytes) + (others > 0 ? ", and \(others.counted("database")) of unknown size" : "")
      let throughput = Throughput(measured: pair.options.throughput)
      let (short, long) = (Double(bytes / throughput.fastest), Double(bytes / throughput.slowest))
      guard !throughput.isMeasured else {
        return .passed("About \(roughDuration(long)) for \(size), at \(throughput.words).")
      }
      let range = roughDuration(max(short, 1), to: long)
      return .passed(
        "\(range.contains("to") ? range : "About \(range)") for \(size), at \(throughput.words); --throughput says better."
      )
    })
}
