/// A number of bytes as people read it, in decimal units: `812 bytes`, `1.5 kB`, `38.6 GB`, `1.10 TB`.
///
/// One decimal below 100 of a unit, none above; terabytes and more have three digits, as they are what is paid for.
public func formattedBytes(_ bytes: Int) -> String {
  let sign = bytes < 0 ? "-" : ""
  let magnitude = bytes.magnitude
  if magnitude < 1000 { return magnitude == 1 ? "\(sign)1 byte" : "\(sign)\(magnitude) bytes" }

  let units: [(name: String, bytes: UInt)] = [
    ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("PB", 1_000_000_000_000_000),
  ]
  for (index, unit) in units.enumerated() {
    let isLarge = unit.bytes >= 1_000_000_000_000
    for decimals in isLarge ? [2, 1, 0] : [1, 0] {
      let steps: UInt = [1, 10, 100][decimals]
      let rounded = roundedQuotient(magnitude, unit.bytes / steps)
      let limit: UInt = decimals == 2 ? 10 : decimals == 1 ? 100 : 1000
      // What would round up to 1000 of a unit is 1 of the next.
      guard rounded < limit * steps || (index == units.count - 1 && decimals == 0) else { continue }
      let fraction = rounded % steps
      let padding = decimals == 2 && fraction < 10 ? "0" : ""
      return sign + "\(rounded / steps)" + (decimals == 0 ? "" : ".\(padding)\(fraction)") + " \(unit.name)"
    }
  }
  return "\(sign)\(magnitude) bytes"
}

private func roundedQuotient(_ dividend: UInt, _ divisor: UInt) -> UInt {
  let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
  return remainder >= divisor - remainder ? quotient + 1 : quotient
}

/// The bytes in `123`, `12kB`, `500GB`, `1.1 TB` or `1.5TiB`, in any case; a part of a byte is dropped.
///
/// nil for what is not a size: no number, an unknown unit, a sign, an exponent, more than `Int.max`.
public func parseByteCount(_ text: String) -> Int? {
  let characters = Array(text.utf8)
  var position = 0

  func digits() -> ArraySlice<UInt8> {
    let start = position
    while position < characters.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(characters[position]) {
      position += 1
    }
    return characters[start..<position]
  }

  let whole = digits()
  var fraction: ArraySlice<UInt8> = []
  if position < characters.count, characters[position] == UInt8(ascii: ".") {
    position += 1
    fraction = digits()
    if fraction.isEmpty { return nil }
  }
  guard !whole.isEmpty else { return nil }
  while position < characters.count, characters[position] == UInt8(ascii: " ") { position += 1 }

  let name = String(decoding: characters[position...], as: UTF8.self)
  guard let unit = bytesPerUnit(name.lowercased()), fraction.isEmpty || unit > 1 else { return nil }
  return bytes(whole: whole, fraction: fraction, unit: unit)
}

private func bytesPerUnit(_ name: String) -> UInt? {
  switch name {
  case "", "b", "byte", "bytes": 1
  case "kb": 1_000
  case "mb": 1_000_000
  case "gb": 1_000_000_000
  case "tb": 1_000_000_000_000
  case "pb": 1_000_000_000_000_000
  case "kib": 1 << 10
  case "mib": 1 << 20
  case "gib": 1 << 30
  case "tib": 1 << 40
  case "pib": 1 << 50
  default: nil
  }
}

private func bytes(whole: ArraySlice<UInt8>, fraction: ArraySlice<UInt8>, unit: UInt) -> Int? {
  var count: UInt = 0
  for digit in whole {
    let (tens, overflows) = count.multipliedReportingOverflow(by: 10)
    let (sum, overflowsToo) = tens.addingReportingOverflow(UInt(digit - UInt8(ascii: "0")))
    if overflows || overflowsToo { return nil }
    count = sum
  }
  let (wholeBytes, overflows) = count.multipliedReportingOverflow(by: unit)
  if overflows { return nil }

  // A digit beyond the 18th is less than a byte of any unit here.
  var numerator: UInt = 0
  var denominator: UInt = 1
  for digit in fraction.prefix(18) {
    numerator = numerator * 10 + UInt(digit - UInt8(ascii: "0"))
    denominator *= 10
  }
  let fractionBytes = denominator.dividingFullWidth(numerator.multipliedFullWidth(by: unit)).quotient
  let (total, overflowsToo) = wholeBytes.addingReportingOverflow(fractionBytes)
  return overflowsToo ? nil : Int(exactly: total)
}
