import Assessment
import Catalog
import Rules

/// `62,114`.
func formattedCount(_ count: Int) -> String {
  var digits = String(count.magnitude)
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return (count < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}

/// `1 blocker`, `62,114 blockers`.
func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
  "\(formattedCount(count)) \(count == 1 ? one : many ?? one + "s")"
}

/// `three`, and `12` from ten on.
func numberWord(_ count: Int) -> String {
  let words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
  return words.indices.contains(count) ? words[count] : formattedCount(count)
}

func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

extension StringProtocol {
  var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}

/// `a`, `a and b`, `a, b and c`.
func joined(_ words: [String]) -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " and " + last
}

/// Seconds as people say them: `33.2 s`, `12 min 4 s`, `3 h 12 min`.
func formattedDuration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "–" }
  let tenths = Int(saturating: (seconds * 10).rounded())
  if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
  let whole = Int(saturating: seconds.rounded())
  if whole < 3600 { return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s" }
  let minutes = whole / 60
  return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
}

/// The first sentence of a text.
func firstSentence(of text: String) -> String {
  let characters = Array(text)
  var depth = 0
  for (index, character) in characters.enumerated() {
    switch character {
    case "(": depth += 1
    case ")": depth -= 1
    case "\n" where index > 0:
      return String(characters[..<index])
    case "." where depth <= 0 && index + 2 < characters.count:
      // An abbreviation or a version goes on in lower case or without a space.
      if characters[index + 1] == " ", characters[index + 2].isUppercase || !characters[index + 2].isLetter {
        return String(characters[...index])
      }
    default: break
    }
  }
  return text
}

/// The text as a sentence: with a point at its end.
func sentence(_ text: String) -> String {
  guard let last = text.last else { return "" }
  return ".!?:;…".contains(last) ? text : text + "."
}

/// A moment in UTC, `2026-09-14T07:42:18Z`; nil for another notation.
struct Moment {
  let year, month, day, hour, minute, second: Int

  init?(_ text: String) {
    let parts = text.utf8.split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let numbers = parts.map { Int(String(decoding: $0, as: UTF8.self)) ?? -1 }
    guard numbers.count >= 3, (1...12).contains(numbers[1]), (1...31).contains(numbers[2]),
      numbers.prefix(6).allSatisfy({ (0...99_999).contains($0) })
    else { return nil }
    (year, month, day) = (numbers[0], numbers[1], numbers[2])
    (hour, minute) = numbers.count >= 5 ? (numbers[3], numbers[4]) : (0, 0)
    second = numbers.count >= 6 ? numbers[5] : 0
  }

  /// `14 September 2026, 07:42 UTC`
  var inWords: String { "\(dayInWords), \(timeInWords) UTC" }

  /// `07:42`
  var timeInWords: String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(hour)):\(two(minute))"
  }

  /// `14 September 2026`
  var dayInWords: String {
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December",
    ]
    return "\(day) \(months[month - 1]) \(year)"
  }

  /// Seconds since a moment long ago.
  var secondNumber: Int { ((dayNumber * 24 + hour) * 60 + minute) * 60 + second }

  /// Days since a day long ago, in the Gregorian calendar.
  var dayNumber: Int {
    let shifted = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    let leapDays = shifted.0 / 4 - shifted.0 / 100 + shifted.0 / 400
    return shifted.0 * 365 + leapDays + (shifted.1 * 153 + 2) / 5 + day
  }
}

/// `47 days after this run`.
func distance(from start: String, to day: String) -> String? {
  guard let start = Moment(start), let day = Moment(day) else { return nil }
  let days = day.dayNumber - start.dayNumber
  switch days {
  case 0: return "the day of this run"
  case ..<0: return "\(counted(-days, "day")) before this run"
  default: return "\(counted(days, "day")) after this run"
  }
}

extension Method {
  var word: String { self == .replication ? "replication" : "dump" }
  /// `It can then be …`
  var participle: String { self == .replication ? "replicated" : "dumped" }
}

extension Summary {
  /// `3 blockers`, `2 undetermined`: what there is of what somebody has to look at, the worst first.
  var toLookAt: [String] {
    [
      (blockers, counted(blockers, "blocker")), (warnings, counted(warnings, "warning")),
      (undetermined, "\(formattedCount(undetermined)) undetermined"),
    ].filter { $0.0 > 0 }.map(\.1)
  }

  /// The rest.
  var others: [String] {
    [(waived, "waived"), (skipped, "skipped"), (passed, "passed")].filter { $0.0 > 0 }
      .map { "\(formattedCount($0.0)) \($0.1)" }
  }
}

extension Verdict {
  var headline: String {
    switch self {
    case .ready: "Ready"
    case .readyWithWarnings: "Ready, with warnings"
    case .undecided: "Undecided"
    case .blocked: "Blocked"
    }
  }
}

extension Rule.Group {
  var title: String {
    switch self {
    case .connection: "Connection and identity"
    case .server: "Servers and versions"
    case .capacity: "Room and capacity"
    case .privileges: "Privileges"
    case .roles: "Roles"
    case .databases: "Databases"
    case .extensions: "Extensions and languages"
    case .schema: "Schema"
    case .replication: "Logical replication"
    case .tools: "Tools"
    case .plan: "The plan"
    }
  }
}

extension Remediation.Place {
  func words(database: String?) -> String {
    let inside = database.map { ", database \($0)" } ?? ""
    return switch self {
    case .source: "On the source\(inside)"
    case .target: "On the target\(inside)"
    case .both: "On source and target"
    case .shell: "In a shell"
    case .setting: "Setting"
    }
  }
}
