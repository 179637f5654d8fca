import Rules

/// What a page still takes at length.
///
/// Nobody reads ten thousand rows, and each is a dozen elements that a browser lays out and a screen reader counts. So
/// the first findings have rows, with links and columns; those beyond have a line of text each, which can be searched
/// and copied; and what is beyond those as well is in the JSON report only.
struct PageRoom {
  /// Of one outcome.
  static let maximumRows = 200
  /// Of each outcome, be the page as full as it may.
  static let leastRows = 5

  private var rows = 1000
  private var lines = 20_000

  /// What else is told has to be brief.
  var isFull: Bool { rows <= 0 }

  /// A card without its findings is worth some rows.
  mutating func addCard() { rows -= 3 }

  /// Gives the next findings their places.
  ///
  /// - Parameter hasRows: whether there are rows where they are told, or lines only.
  mutating func share(_ findings: [Finding], hasRows: Bool = true) -> FindingsShare {
    let long = hasRows ? min(findings.count, Self.maximumRows, max(rows, Self.leastRows)) : 0
    rows -= long
    let brief = min(findings.count - long, lines)
    lines -= brief
    return FindingsShare(
      rows: findings.prefix(long), lines: findings.dropFirst(long).prefix(brief), left: findings.count - long - brief)
  }
}

/// Where the findings of an outcome are told.
struct FindingsShare {
  var rows: ArraySlice<Finding>
  var lines: ArraySlice<Finding>
  /// How many are in the JSON report only.
  var left: Int

  /// `and 9,800 more in report.json`
  var more: String? { left > 0 ? "and \(formattedCount(left)) more in report.json" : nil }
}
