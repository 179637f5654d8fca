/// What the program says of the servers' state. The words are the program's; what they mean for the judgement is here and
/// nowhere else.
enum Claim: String, Sendable, CaseIterable {
  /// The target is the one to be written to.
  case switched
  /// The switch has not happened, and all goes on as before.
  case notSwitched
  case sourceTakesWrites
  case sourceIsClosed
  /// It was to be opened again, and perhaps is not.
  case sourceMayBeClosed
  /// Whether the switch has happened is not known.
  case unknown
  case caughtUp
  /// The switch has happened, and `cleanup` is to do the rest.
  case cleanupRemovesTheRest

  static func all(in output: String) -> Set<Claim> {
    var claims: Set<Claim> = []
    for line in output.split(separator: "\n") { claims.formUnion(of(line.lowercased())) }
    // What is not known is no claim.
    if claims.contains(.unknown) { claims.subtract([.notSwitched, .switched]) }
    return claims
  }

  private static let words: [(Claim, [String])] = [
    (.switched, ["an earlier cutover has switched over", "an earlier cutover has cut over"]),
    (.notSwitched, ["not switched over", "nothing was switched over", "not cut over", "nothing was cut over"]),
    (.sourceTakesWrites, ["source is writable again", "source is open again", "the source is as it was"]),
    (
      .sourceIsClosed,
      [
        "source stays read-only", "stays closed", "remains closed", "is still closed", "accepts no connections",
        "closed all the same",
      ]
    ),
    (
      .sourceMayBeClosed,
      ["source could not be put back", "could not make sure that the source is open", "could not open the source"]
    ),
    (.unknown, ["not known whether", "unknown whether", "could not determine whether"]),
    (.cleanupRemovesTheRest, ["cleanup removes the rest"]),
  ]

  private static func of(_ line: String) -> Set<Claim> {
    var claims = Set(words.filter { $0.1.contains(where: line.contains) }.map(\.0))
    // A line of its own for a database: its name, then what has happened to it.
    if line.firstMatch(of: /^(pgpreflight: )?"?shop"?: (switched over|cut over)\b/) != nil { claims.insert(.switched) }
    if line.firstMatch(of: /^"?shop"?: (in step|caught up)\b/) != nil { claims.insert(.caughtUp) }
    return claims
  }
}
