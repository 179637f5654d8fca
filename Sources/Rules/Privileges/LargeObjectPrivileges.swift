import Catalog

extension Rule {
  static let largeObjectPrivileges = Rule(
    "large-object-privileges", "Every large object can be read by the source role",
    group: .privileges, methods: [.dump],
    documentation: "https://www.postgresql.org/docs/current/lo-implementation.html",
    explanation: Explanation(
      why: "pg_dump stops at the first large object that it may not read.",
      decides: """
        The source role is a superuser, or lo_compat_privileges is on, or each large object belongs to a role whose \
        rights it has or has SELECT granted to it. pg_read_all_data covers large objects from 19 on only.
        """,
      fix: "Make the role a member of the owners, connect as a superuser, or set lo_compat_privileges."),
    decide: .database { pair in
      let me = try pair.clusters.source.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      if case .only = pair.options.tables { return .passed("Only the named tables are moved.") }
      let closed = try pair.snapshot(on: .source).largeObjects.value
      guard closed.unreadable > 0 else { return .passed("\(me.rolname) may read every large object.") }
      let database = quotedIdentifier(pair.name)
      let counted =
        closed.unreadable > 1_000_000 ? "more than 1000000 large objects" : closed.unreadable.counted("large object")
      return .failed(
        "\(me.rolname) may not read \(counted).",
        [
          Finding(
            "database \(database)", "\(me.rolname) may not read \(counted)",
            evidence: [
              "for instance": closed.example.map(String.init) ?? "not known", "owner": closed.owner ?? "not known",
            ],
            remediation: Remediation(
              "As a superuser, let this role read all large objects of the database; or make it a member of their owners.",
              paste: """
                ALTER ROLE \(quotedIdentifier(me.rolname)) IN DATABASE \(database) SET lo_compat_privileges = on;
                """, at: .source))
        ])
    })
}
