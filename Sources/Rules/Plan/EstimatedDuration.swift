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
      if let rate = pair.options.throughput {
        return .passed("About \(duration(of: bytes, at: rate)) for \(size), at \(formattedBytes(rate))/s.")
      }
      let (short, long) = (duration(of: bytes, at: fastest), duration(of: bytes, at: slowest))
      let range = short == long ? "About \(short)" : "\(short) to \(long)"
      return .passed(
        "\(range) for \(size), at \(formattedBytes(slowest))/s to \(formattedBytes(fastest))/s; --throughput says better."
      )
    })
}

/// Bytes a second of whole databases: a managed service across a slow network, and two large servers beside each other.
private let (slowest, fastest) = (20_000_000, 200_000_000)

/// As people say it, rounded up.
private func duration(of bytes: Int, at rate: Int) -> String {
  let seconds = max(1, bytes / max(rate, 1))
  func up(_ unit: Int) -> Int { (seconds + unit - 1) / unit }
  return switch seconds {
  case ..<91: "\(seconds) s"
  case ..<5401: "\(up(60)) min"
  case ..<172_801: "\(up(3600)) h"
  default: "\(up(86400)) days"
  }
}
