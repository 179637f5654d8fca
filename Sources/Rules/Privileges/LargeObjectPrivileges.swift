import Catalog

extension Rule {
  static let largeObjectPrivileges = Rule(
    "large-object-privileges", "Every large object can be read by the source role",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/lo-implementation.html",
    explanation: Explanation(
      why: """
        pg_dump stops at the first large object that the source role lacks permission to read. It copies them for \
        either method, and a cutover reads them once more.
        """,
      decides: """
        The source role is a superuser, or lo_compat_privileges is on, or each large object belongs to a role whose \
        rights it has or has SELECT granted to it. pg_read_all_data covers large objects from 19 on only.
        """,
      fix: """
        GRANT SELECT ON LARGE OBJECT to the role, make it a member of the owners, connect as a superuser, or set \
        lo_compat_privileges for it.
        """),
    decide: .database { pair in
      let me = try pair.clusters.source.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      if case .only = pair.options.tables { return .passed("Only the named tables are moved.") }
      let closed = try pair.snapshot(on: .source).largeObjects.value
      guard closed.unreadable > 0 else { return .passed("\(me.rolname) has permission to read every large object.") }
      let database = quotedIdentifier(pair.name)
      let counted =
        closed.unreadable > 1_000_000 ? "more than 1000000 large objects" : closed.unreadable.counted("large object")
      return .failed(
        "\(me.rolname) lacks permission to read \(counted).",
        [
          Finding(
            "database \(database)", "\(me.rolname) lacks permission to read \(counted)",
            evidence: [
              "for instance": closed.example.map(String.init) ?? "not known", "owner": closed.owner ?? "not known",
            ],
            remediation: Remediation(
              """
              As a superuser, let this role read all large objects of the database, those to come included; or grant \
              SELECT on each large object, or membership in their owners.
              """,
              paste: """
                ALTER ROLE \(quotedIdentifier(me.rolname)) IN DATABASE \(database) SET lo_compat_privileges = on;
                """, at: .source))
        ])
    })
}
