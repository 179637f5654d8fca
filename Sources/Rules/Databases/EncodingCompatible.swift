import Catalog

extension Rule {
  static let encodingCompatible = Rule(
    "encoding-compatible", "The target database can hold the source's text",
    group: .databases,
    documentation: "https://www.postgresql.org/docs/current/multibyte.html",
    explanation: Explanation(
      why: """
        Text is converted between the encodings of both databases. A character that the target's encoding lacks ends \
        the load, or stops the replication.
        """,
      decides: """
        The encodings are the same, or the target's is UTF8, which has every character. SQL_ASCII on either side is a \
        warning: nothing is converted and nothing was verified; where the other side is not UTF8, names with characters \
        other than ASCII cannot be migrated. A database that is still to be created gets the \
        source's encoding, which for SQL_ASCII under a locale other than C takes a superuser.
        """,
      fix: "Drop the target database, so that it is created with the source's encoding, or create it with UTF8."),
    decide: .database { pair in
      guard let source = try pair.database(on: .source) else { return .skipped("The source has no such database.") }
      guard let target = try pair.database(on: .target) else { return try pair.encodingOfNewDatabase(source) }
      let both = "\(source.encoding) to \(target.encoding)"
      let evidence = ["source encoding": source.encoding, "target encoding": target.encoding]
      let object = "database \(quotedIdentifier(pair.name))"
      if source.encoding == target.encoding { return .passed("Both are \(source.encoding).") }
      let names =
        [source.encoding, target.encoding].contains { ["UTF8", "MULE_INTERNAL"].contains($0) }
        ? "" : " Names with characters other than ASCII cannot be migrated."
      if source.encoding == "SQL_ASCII" {
        return .failed(
          "\(both): bytes that are not valid in \(target.encoding) end the load, or stop the replication.\(names)",
          [
            Finding(
              object, "its text was never verified to be in any encoding", evidence: evidence,
              remediation: Remediation(
                "Make sure that all text is valid in \(target.encoding), or let the database be created with SQL_ASCII."
              ))
          ], severity: .warning)
      }
      if target.encoding == "SQL_ASCII" {
        return .failed(
          "\(both): the text arrives as it is, and is not verified any more.\(names)",
          [
            Finding(
              object, "the target takes any bytes for text", evidence: evidence,
              remediation: Remediation(
                "Drop the target database, from another one, so that it is created with \(source.encoding).",
                paste: "DROP DATABASE \(quotedIdentifier(pair.name));", at: .target))
          ], severity: .warning)
      }
      // MULE_INTERNAL has no conversion to UTF8 (documentation, "Available Character Set Conversions").
      if target.encoding == "UTF8", source.encoding != "MULE_INTERNAL" {
        return .passed(
          "\(both): the text is converted.",
          notices: [
            Finding(
              object, "text is converted from \(source.encoding) to UTF8, which may take more bytes",
              evidence: evidence, remediation: nil)
          ])
      }
      return .failed(
        "\(both): the target's encoding lacks characters of the source's.",
        [
          Finding(
            object, "\(target.encoding) can't hold all that \(source.encoding) can", evidence: evidence,
            remediation: Remediation(
              "Drop the target database, from another one, so that it is created with \(source.encoding).",
              paste: "DROP DATABASE \(quotedIdentifier(pair.name));", at: .target))
        ])
    })
}

extension DatabasePair {
  fileprivate func encodingOfNewDatabase(_ source: Database) throws(Undetermined) -> Conclusion {
    let me = try clusters.target.me.value
    let isPlain = [source.datcollate, source.datctype].allSatisfy { ["C", "POSIX"].contains($0) }
    guard source.encoding == "SQL_ASCII", !isPlain, !me.rolsuper else {
      return .passed("It will be created with \(source.encoding).")
    }
    let name = quotedIdentifier(name)
    return .failed(
      "Only a superuser may create a SQL_ASCII database with the locale \(source.datctype).",
      [
        Finding(
          "database \(name)", "its encoding SQL_ASCII does not go with its locale \(source.datctype)",
          evidence: ["encoding": source.encoding, "lc_collate": source.datcollate, "lc_ctype": source.datctype],
          remediation: Remediation(
            "Create it beforehand with the locale C, which sorts by bytes.",
            paste: clusters.target.createDatabase(self.name, encoding: "SQL_ASCII", locale: "C"), at: .target))
      ])
  }
}

extension ClusterSnapshot {
  /// The statement that creates a database with an encoding and a libc locale, or with the locale of `template0`.
  func createDatabase(_ name: String, encoding: String, locale: String?) -> String {
    let start = "CREATE DATABASE \(quotedIdentifier(name)) TEMPLATE template0 ENCODING \(quotedLiteral(encoding))"
    guard let locale else { return start + ";" }
    let provider = (server.ifKnown?.version.major ?? 0) >= 15 ? " LOCALE_PROVIDER libc" : ""
    return start + "\(provider) LC_COLLATE \(quotedLiteral(locale)) LC_CTYPE \(quotedLiteral(locale));"
  }
}
