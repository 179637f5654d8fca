import Catalog

extension Rule {
  static let loadCode = Rule(
    "load-code", "Code of a table's owner runs with the owner's rights when the table is loaded",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/sql-set-role.html",
    explanation: Explanation(
      why: """
        Checks, domains, generated columns, partition keys and indexes of expressions run functions for each row that is \
        loaded, with the rights of whoever loads it. The owner of a table can have written them. Therefore such a table is \
        loaded in a session of a role that is made for that, and has no right but to become the owner.
        """,
      decides: """
        Finds, in the expressions of the source's tables, functions, operators and domains of users, those of extensions \
        that are not immutable C functions of a superuser, and functions of the server that may have an effect; tables of \
        superusers count where somebody else has written the code, and always fail. Else it passes where there are none, or where the target role is a superuser, or has CREATEROLE and may grant the owner to the role that is \
        made: before 16 any that is no superuser, from 16 on one that the migration creates or that it has ADMIN OPTION \
        for, and may give all objects to their owners (target-ownership); and the owner has USAGE on the schema of the table, and INSERT and TRUNCATE on the table. Whether \
        pg_hba.conf admits the new role shows only when the migration connects as it, before anything is loaded.
        """,
      fix: """
        Connect to the target as a superuser, or give the target role CREATEROLE and the ADMIN OPTION for the owners. To \
        let the code run with the rights of the target role all the same, accept this rule in a waiver.
        """),
    decide: .database { pair in
      let target = pair.clusters.target
      let me = try target.me.value
      let (count, all) = pair.selected(try pair.snapshot(on: .source).codedTables.value)
      let tables = all.filter { !$0.code.isEmpty }
      guard count > 0, !tables.isEmpty else { return .passed("No load runs code of a table's owner.") }
      let there = Set(try target.roles.value.map(\.rolname.nameBytes))
      let version = try target.version
      let grantable = Set(
        try target.memberships.value.filter { $0.adminOption && $0.member == me.rolname }.map(\.role.nameBytes))
      let outOfReach = try me.rolsuper ? nil : pair.refusedOwners().first(where: \.isOwner)
      let findings = tables.compactMap { table -> Finding? in
        let owner = table.owner.nameBytes
        if table.isOfSuperuser {
          return finding(
            table, "is a superuser, and somebody else has written the code",
            Remediation("Give the code to a superuser who has read it, or the table to the owner of the code."))
        }
        guard table.owner != me.rolname else { return nil }
        if let outOfReach {
          return finding(
            table,
            "will not get it: all objects will belong to \(me.rolname), as role \(quotedIdentifier(outOfReach.rolname)) is "
              + "out of reach",
            Remediation("Make the target role a member of every owner: see rule target-ownership."))
        }
        if !table.ownerMayLoad {
          return finding(
            table, "lacks USAGE on its schema, or INSERT or TRUNCATE on it",
            Remediation(
              "Grant its owner what loading it takes.",
              paste: """
                GRANT USAGE ON SCHEMA \(quotedIdentifier(table.nspname)) TO \(quotedIdentifier(table.owner));
                GRANT INSERT, TRUNCATE ON \(table.qualifiedName) TO \(quotedIdentifier(table.owner));
                """, at: .source))
        }
        guard !me.rolsuper else { return nil }
        guard me.rolcreaterole else {
          return finding(
            table, "can't be given to a role that loads it, as \(me.rolname) lacks CREATEROLE",
            Remediation(
              "Let the target role create roles.", paste: "ALTER ROLE \(quotedIdentifier(me.rolname)) CREATEROLE;",
              at: .target))
        }
        guard version.major >= 16, there.contains(owner), !grantable.contains(owner) else { return nil }
        return finding(
          table, "can't be given to a role that loads it, as \(me.rolname) lacks ADMIN OPTION for it",
          Remediation(
            "Let the target role grant the owner.",
            paste: "GRANT \(quotedIdentifier(table.owner)) TO \(quotedIdentifier(me.rolname)) WITH ADMIN OPTION;",
            at: .target))
      }
      guard !findings.isEmpty else {
        return .passed(
          "\(count.counted("table has", "tables have")) code of the owner, which runs with the owner's rights alone.")
      }
      return .failed(
        "Code of \(findings.count.counted("table")) cannot run with the owner's rights when it is loaded.",
        Array(findings.prefix(100)))
    })
}

private func finding(_ table: CodedTable, _ problem: String, _ remediation: Remediation) -> Finding {
  Finding(
    "table \(table.qualifiedName)", "its owner \(quotedIdentifier(table.owner)) \(problem)",
    evidence: ["owner": table.owner, "code": table.code.joined(separator: ", ")], remediation: remediation)
}
