import Catalog

extension Rule {
  static let dataChecksums = Rule(
    "data-checksums", "The target verifies pages where the source does",
    group: .capacity, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/checksums.html",
    explanation: Explanation(
      why: "With data checksums, a page that the storage has damaged is noticed when it is read, and not passed on.",
      decides: "It always passes, with a notice where data_checksums is on at the source and off at the target.",
      fix: "Switch them on before the move, while the target is small: with pg_checksums, and the server stopped."),
    decide: .cluster { pair in
      let (source, target) = (try pair.source.setting("data_checksums"), try pair.target.setting("data_checksums"))
      let message = "data_checksums is \(source) on the source and \(target) on the target."
      guard source != "off", target == "off" else { return .passed(message) }
      let isOwn = pair.target.providerForWording == .selfManaged
      return .passed(
        message,
        notices: [
          Finding(
            "setting data_checksums", "pages are verified on the source, and not on the target",
            evidence: ["source": source, "target": target],
            remediation: Remediation(
              isOwn
                ? "Stop the target, switch them on, and start it again."
                : "See whether \(pair.target.providerForWording.displayName) offers it.",
              paste: isOwn ? "pg_checksums --enable --progress -D \"$PGDATA\"" : nil, at: isOwn ? .shell : nil))
        ])
    })
}
