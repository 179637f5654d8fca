import Catalog

extension Rule {
  static let databaseProperties = Rule(
    "database-properties", "What belongs to the database itself comes along",
    group: .databases, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html",
    explanation: Explanation(
      why: """
        Owner, privileges, settings, the comment and the connection limit of a database are no part of what is in it. \
        pg_dump --create (11 and newer) carries them; a restore into a database that exists does not. A database that \
        exists keeps its owner, and its schema public stays as it is where the target role lacks the rights of that \
        schema's owner.
        """,
      decides: """
        A notice for each of these that the source's database has and the target's has not, or that has to be looked \
        after when the database is created; and for settings and privileges of the target's database alone.
        """,
      fix: "Repeat them on the target."),
    decide: .database { pair in
      guard let source = try pair.database(on: .source),
        let properties = try pair.clusters.properties(of: pair.name, on: .source)
      else { return .skipped("The source has no such database.") }
      let target = try pair.database(on: .target)
      let other = try pair.clusters.properties(of: pair.name, on: .target)
      let name = quotedIdentifier(pair.name)
      var notices: [Finding] = []
      func note(_ message: String, _ text: String, paste sql: String? = nil) {
        notices.append(
          Finding(
            "database \(name)", message,
            remediation: Remediation(text, paste: sql, at: sql == nil ? nil : .target)))
      }
      if source.datconnlimit >= 0, source.datconnlimit != target?.datconnlimit {
        note(
          "it takes \(source.datconnlimit.counted("connection")) at most", "Set the limit on the target too.",
          paste: "ALTER DATABASE \(name) CONNECTION LIMIT \(source.datconnlimit);")
      }
      if source.datistemplate, target?.datistemplate != true {
        note(
          "it is a template", "Make it one on the target too.", paste: "ALTER DATABASE \(name) IS_TEMPLATE true;")
      }
      if properties.hasPrivileges, other?.hasPrivileges != true {
        note("privileges on it are granted or revoked", "Repeat GRANT and REVOKE ON DATABASE on the target.")
      } else if other?.hasPrivileges == true, !properties.hasPrivileges {
        note(
          "privileges on it are granted or revoked on the target, and not on the source",
          "Repeat GRANT and REVOKE ON DATABASE on the target, should roles lack any.")
      }
      if let comment = properties.comment, !(other?.comment?.isSameName(as: comment) ?? false) {
        note(
          "it has a comment", "Repeat it on the target.",
          paste: "COMMENT ON DATABASE \(name) IS \(quotedLiteral(comment));")
      }
      if let owner = source.owner, let other = target?.owner, !owner.isSameName(as: other) {
        note(
          "it keeps its owner \(quotedIdentifier(other)) on the target, and belongs to \(quotedIdentifier(owner)) on the source",
          "Give it to the owner that it is to have, if that is another one.",
          paste: "ALTER DATABASE \(name) OWNER TO \(quotedIdentifier(owner));")
      }
      if target != nil, try pair.snapshot(on: .source).contents.ifKnown?.changesPublic == true,
        let access = try pair.snapshot(on: .target).schemaAccess.ifKnown?.first(where: { $0.nspname == "public" }),
        !access.isMine
      {
        note(
          "its schema public belongs to \(quotedIdentifier(access.owner)) on the target: owner, privileges and comment of "
            + "the source's are not repeated",
          "Repeat them as its owner where they are needed, connected to that database.")
      }
      func settings(on side: Side) throws(Undetermined) -> [StoredSetting] {
        try pair.clusters[side].storedSettings.value.filter { $0.datname?.isSameName(as: pair.name) ?? false }
      }
      let (here, there) = (try settings(on: .source), try settings(on: .target))
      let missing = here.filter { own in
        !there.contains { $0.name == own.name && $0.holder == own.holder && $0.value == own.value }
      }
      if !missing.isEmpty {
        let names = missing.map(\.name).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let lines = missing.compactMap { setting in
          setting.holder == .everyone ? setting.value.map { pair.set(setting.name, to: $0) } : nil
        }
        note(
          "it has settings of its own: \(names.listed())", "Repeat them on the target.",
          paste: lines.isEmpty ? nil : lines.joined(separator: "\n"))
      }
      let more = there.filter { other in
        !here.contains { $0.name == other.name && $0.holder == other.holder }
      }
      if !more.isEmpty {
        note(
          "on the target it has settings that it lacks on the source: \(more.map(\.name).uniqued.listed())",
          "Reset them where they are not meant.")
      }
      guard !notices.isEmpty else { return .passed("The database itself has nothing that a dump would leave behind.") }
      return .passed(
        target == nil
          ? "Only pg_dump --create carries what belongs to the database itself."
          : "What belongs to the database itself differs on the target.", notices: notices)
    })
}

extension DatabasePair {
  /// The statement that gives the database the setting. The value is one of `pg_db_role_setting`: a list comes quoted
  /// as a list, for `search_path` and its like.
  func set(_ setting: String, to value: String) -> String {
    let isList = [
      "search_path", "DateStyle", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries",
    ]
    .contains(setting)
    return "ALTER DATABASE \(quotedIdentifier(name)) SET \(quotedIdentifier(setting)) TO "
      + "\(isList && !value.isEmpty ? value : quotedLiteral(value));"
  }
}
