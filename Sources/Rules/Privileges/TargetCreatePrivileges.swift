import Catalog

extension Rule {
  static let targetCreatePrivileges = Rule(
    "target-create-privileges", "The target role may create objects in the target database",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/ddl-priv.html",
    explanation: Explanation(
      why: "Schemas, extensions and tables are created by this role, whichever method moves the rows.",
      decides: """
        The target role is a superuser, or creates the database itself (database-exists-or-creatable says whether it \
        may); or it may CREATE in the database that is there and in its schema public, which from 15 on only the \
        database's owner may by default.
        """,
      fix: "Grant CREATE on the database and on its schema public, or let the role create the database."),
    decide: .database { pair in
      let me = try pair.clusters.target.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      guard let existing = try pair.database(on: .target) else {
        return .passed("The database will belong to \(me.rolname).")
      }
      let role = quotedIdentifier(me.rolname)
      let database = quotedIdentifier(pair.name)
      var findings: [Finding] = []
      if !existing.canCreate {
        findings.append(
          Finding(
            "database \(database)", "\(me.rolname) may not CREATE in it",
            evidence: ["owner": existing.owner ?? "not known"],
            remediation: Remediation(
              "Let the role create schemas in the database.", paste: "GRANT CREATE ON DATABASE \(database) TO \(role);",
              at: .target)))
      }
      if try pair.snapshot(on: .target).closedSchemas.value.contains(where: { $0.nspname == "public" }) {
        findings.append(
          Finding(
            "schema public of database \(database)", "\(me.rolname) may not CREATE in it",
            remediation: Remediation(
              "Let the role create objects in the schema, connected to that database.",
              paste: "GRANT CREATE ON SCHEMA public TO \(role);", at: .target)))
      }
      return findings.isEmpty
        ? .passed("\(me.rolname) may create in the database and in its schema public.")
        : .failed("\(me.rolname) may not create everything that the move needs.", findings)
    })
}
