// Arithmetic on numbers that were read. What a server or a file says may be any number, and Swift's own operators end
// the program where a result does not fit: these give the nearest number that does. Nothing real is near the limits, so
// that a rule's decision is the same.

infix operator +| : AdditionPrecedence
infix operator -| : AdditionPrecedence
infix operator *| : MultiplicationPrecedence
infix operator +|= : AssignmentPrecedence

extension FixedWidthInteger {
  /// The sum, or the nearest number that there is.
  public static func +| (left: Self, right: Self) -> Self {
    let (sum, overflows) = left.addingReportingOverflow(right)
    return overflows ? (right < 0 ? .min : .max) : sum
  }

  public static func +|= (left: inout Self, right: Self) {
    let sum = left +| right
    left = sum
  }

  /// The difference, or the nearest number that there is.
  public static func -| (left: Self, right: Self) -> Self {
    let (difference, overflows) = left.subtractingReportingOverflow(right)
    return overflows ? (right < 0 ? .max : .min) : difference
  }

  /// The product, or the nearest number that there is.
  public static func *| (left: Self, right: Self) -> Self {
    let (product, overflows) = left.multipliedReportingOverflow(by: right)
    return overflows ? ((left < 0) == (right < 0) ? .max : .min) : product
  }
}

extension Int {
  /// The whole part of a number, or the nearest integer that there is; 0 for what is no number.
  public init(saturating number: Double) {
    self = number.isNaN ? 0 : Int(exactly: number.rounded(.towardZero)) ?? (number < 0 ? .min : .max)
  }
}

extension Sequence {
  /// The sum of a number of each element, or the nearest number that there is.
  public func sum(of number: (Element) throws -> Int) rethrows -> Int {
    try reduce(0) { $0 +| (try number($1)) }
  }
}
