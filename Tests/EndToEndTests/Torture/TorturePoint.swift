import TestSupport

/// A moment at which something breaks, and what.
struct TorturePoint: Sendable, Hashable, CustomStringConvertible {
  enum Kind: String, Sendable, CaseIterable {
    /// The program is killed.
    case kill
    /// A connection is reset.
    case cut
    /// A connection, or all of a way, falls silent: for a while or for as long as the program runs.
    case freeze
    /// A connection is reset after the server has done what it was asked for.
    case lostAnswer = "lost-answer"
    /// A server ends at once and starts again.
    case restartSource = "restart-source"
    case restartTarget = "restart-target"
    /// ^C, or SIGTERM.
    case interrupt

    var isRestart: Bool { self == .restartSource || self == .restartTarget }
  }

  /// Whose messages are counted.
  enum Place: String, Sendable { case program, stream }

  var kind: Kind
  var place = Place.program
  var number: Int

  var description: String { "\(kind.rawValue) at \(place.rawValue) message \(number)" }

  /// - Parameter strikes: what kills, interrupts or restarts.
  func fault(_ strikes: @escaping @Sendable () -> Void) -> Fault {
    switch kind {
    case .kill: .call(passesOn: false, strikes)
    case .interrupt, .restartSource, .restartTarget: .call(passesOn: true, strikes)
    case .cut: .cut
    case .lostAnswer: .loseAnswer
    case .freeze:
      switch number % 4 {
      case 0: .freezeProxy(nil)
      case 2: .freeze(.seconds(3))
      default: .freeze(nil)
      }
    }
  }
}

/// How many messages there are in one run of the program.
struct MessageCounts: Sendable, Equatable {
  var program = 0
  var programToServer = 0
  var stream = 0
}

/// Which points are tried.
struct TortureOptions: Sendable {
  enum Phase: String, Sendable { case cutover, migrate, dump }

  var phase = Phase.cutover
  /// nil: all of them.
  var sample: Int?
  var seed: UInt64 = 1
  var kinds = TorturePoint.Kind.allCases
  var from = 1
  var to = Int.max
  var workers = 1
  /// After how many seconds a program that still runs is interrupted, and said to hang.
  var patience = 200.0
  var targetVersion = 15

  struct Invalid: Error, CustomStringConvertible { var description: String }

  /// Those that `scripts/torture` passes on.
  init(_ text: String) throws {
    var words = text.split(separator: " ").map(String.init)
    func next() throws -> String {
      guard let word = words.first else { throw Invalid(description: "an option lacks its value") }
      words.removeFirst()
      return word
    }
    func number() throws -> Int {
      let word = try next()
      guard let number = Int(word) else { throw Invalid(description: "\(word) is not a number") }
      return number
    }
    var chosen: [TorturePoint.Kind] = []
    while let word = words.first {
      words.removeFirst()
      switch word {
      case "cutover", "migrate", "dump": phase = Phase(rawValue: word) ?? .cutover
      case "--sample": sample = try number()
      case "--seed": seed = UInt64(clamping: try number())
      case "--from": from = try number()
      case "--to": to = try number()
      case "--workers": workers = max(1, try number())
      case "--patience": patience = Double(try number())
      case "--target-version": targetVersion = try number()
      case "--kind":
        let name = try next()
        guard let kind = TorturePoint.Kind(rawValue: name) else {
          throw Invalid(description: "there is no kind \(name)")
        }
        chosen.append(kind)
      default: throw Invalid(description: "there is no option \(word)")
      }
    }
    if !chosen.isEmpty { kinds = chosen }
  }

  /// The points, in an order that depends on the seed alone.
  func points(_ counts: MessageCounts) -> [TorturePoint] {
    var generator = SplitMix(state: seed)
    var points: [TorturePoint] = []
    for kind in kinds {
      var all = range(kind == .lostAnswer ? counts.programToServer : counts.program).map {
        TorturePoint(kind: kind, number: $0)
      }
      // Restarts strike at random moments.
      if kind.isRestart, sample == nil { all = Array(all.shuffled(using: &generator).prefix(20)) }
      points += all
      guard kind == .cut || kind == .freeze else { continue }
      let numbers = range(counts.stream)
      let step = max(1, numbers.count / 40)
      points += stride(from: 0, to: numbers.count, by: step).map {
        TorturePoint(kind: kind, place: .stream, number: numbers[numbers.startIndex + $0])
      }
    }
    guard let sample else { return points }
    // As many of each kind and place.
    var groups = kinds.map { kind in points.filter { $0.kind == kind && $0.place == .program } }
    groups += kinds.map { kind in points.filter { $0.kind == kind && $0.place == .stream } }
    groups = groups.filter { !$0.isEmpty }.map { $0.shuffled(using: &generator) }
    var chosen: [TorturePoint] = []
    while chosen.count < sample, groups.contains(where: { !$0.isEmpty }) {
      for index in groups.indices where chosen.count < sample {
        if let point = groups[index].popLast() { chosen.append(point) }
      }
    }
    return chosen
  }

  private func range(_ count: Int) -> [Int] {
    let last = min(to, count)
    return from <= last ? Array(from...last) : []
  }
}

/// Numbers that look random and are the same for the same seed (Steele, Lea, Flood: SplitMix64).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
