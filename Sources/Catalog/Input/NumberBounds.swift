/// Between what a number that was read has to lie.
///
/// What is outside can't be what it says it is, whoever says it. Arithmetic does not depend on these bounds: what lies
/// within them may be many.
public struct NumberBounds: Sendable {
  public var lowest: Double
  public var highest: Double
  /// Names of fields that may be negative, as far as the others are positive.
  var signed: Set<String>
  /// Names of fields that hold any integer.
  var unbounded: Set<String>
  /// Names of fields that are not counts.
  var fractional: Set<String>

  /// Of the rows that a server gives, and of the snapshots that keep them: nothing is as large as an exbibyte.
  ///
  /// Clocks are set back, and positions in WAL come from two places: what is left between two of them may be negative.
  /// The values of sequences are what users make them.
  public static let ofCatalogs = NumberBounds(
    lowest: 0, highest: 1_152_921_504_606_846_976,
    signed: ["datconnlimit", "rolconnlimit", "seconds", "stateSeconds", "statisticsDays", "retainedBytes", "xminAge"],
    unbounded: ["lastValue", "finalValue"], fractional: ["seconds", "roundTripSeconds"])

  /// Of reports, in which sums may have met the end of what there is.
  public static let ofReports = NumberBounds(
    lowest: 0, highest: 1e19, signed: [], unbounded: [],
    fractional: ["durationSeconds", "blockedSeconds", "downtimeSeconds", "seconds", "low", "high"])

  /// Those of a field by its name.
  public func range(of name: String) -> ClosedRange<Double> {
    if unbounded.contains(name) { return -1e19...1e19 }
    return (signed.contains(name) ? -highest : lowest)...highest
  }

  /// Whether an integer may be the value of that field.
  public func allow(_ number: Int, in name: String) -> Bool {
    // What nearly every number is, without a look at the name.
    if number >= 0, Double(number) <= highest { return true }
    return range(of: name).contains(Double(number))
  }
}
