import Catalog

extension Rule {
  static let existingPublications = Rule(
    "existing-publications", "No publication of an earlier attempt is left",
    group: .replication, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/logical-replication-publication.html",
    explanation: Explanation(
      why: """
        A dump carries publications. Who subscribes to them stays with the source, and has to be pointed to the target \
        at cutover. A publication of an attempt that was given up is in the way of the next one.
        """,
      decides: """
        The source database has no publication whose name begins with pgpreflight_. Other publications are a notice.
        """,
      fix: "Drop what is left over, if no attempt is under way. Move subscribers to the target at cutover."),
    decide: .database { pair in
      if try pair.clusters.sourceIsTooOldToReplicate() { return .passed("The source has no publications.") }
      let publications = try pair.snapshot(on: .source).publications.value
      let left = publications.filter { $0.pubname.isOurs }
      guard left.isEmpty else {
        return .failed(
          "\(left.count.counted("publication is", "publications are")) left of an earlier attempt.",
          left.prefix(100).map {
            Finding(
              "publication \(quotedIdentifier($0.pubname))", "it is of an attempt that is under way or was given up",
              evidence: ["owner": $0.owner],
              remediation: Remediation(
                "If no attempt is under way, drop it.", paste: "DROP PUBLICATION \(quotedIdentifier($0.pubname));",
                at: .source))
          })
      }
      guard !publications.isEmpty else { return .passed("The source has no publications.") }
      return .passed(
        "The source has \(publications.count.counted("publication")).",
        notices: publications.prefix(100).map {
          Finding(
            "publication \(quotedIdentifier($0.pubname))", "who subscribes to it has to be moved at cutover",
            evidence: ["all tables": $0.puballtables ? "yes" : "no", "owner": $0.owner],
            remediation: Remediation("Point the subscribers to the target at cutover."))
        })
    })
}

extension String {
  /// A name that only this program gives.
  var isOurs: Bool { hasPrefix("pgpreflight_") }
}
