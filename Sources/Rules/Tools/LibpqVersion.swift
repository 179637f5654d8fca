import Catalog

extension Rule {
  static let libpqVersion = Rule(
    "libpq-version", "The libpq on this machine knows the servers' ways to log in",
    group: .tools,
    documentation: "https://www.postgresql.org/docs/current/libpq-misc.html",
    explanation: Explanation(
      why:
        "Programs that migrate log in through libpq. One older than 10 knows no SCRAM, which servers ask for by default.",
      decides:
        "libpq is of version 10 or newer, else it blocks; below 14, whose protocol is slower here, with a notice.",
      fix: "Update PostgreSQL's client library."),
    decide: .cluster { pair in
      let version = try pair.tools.value.libpq
      guard version > 0 else {
        throw Undetermined("libpq does not tell its version", remedy: "Report this with the name of the system.")
      }
      let name =
        version < 100_000 ? "\(version / 10_000).\(version / 100 % 100)" : "\(version / 10_000).\(version % 10_000)"
      let finding = Finding(
        "libpq", version < 100_000 ? "it knows no SCRAM" : "it is out of support", evidence: ["version": name],
        remediation: Remediation("Update PostgreSQL's client library."))
      guard version >= 100_000 else { return .failed("libpq \(name) is too old.", [finding]) }
      return .passed("libpq \(name).", notices: version < 140_000 ? [finding] : [])
    })
}
