import Catalog

extension Rule {
  static let targetCreatePrivileges = Rule(
    "target-create-privileges", "The target role may create objects in the target database",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/ddl-priv.html",
    explanation: Explanation(
      why: """
        Schemas, extensions and tables are created by this role, whichever method copies the rows, and migrate keeps its \
        journal in a schema of the database.
        """,
      decides: """
        The target role is a superuser, or creates the database itself (database-exists-or-creatable says whether it \
        can); or the source's database is empty, so that nothing is created; or the role has CREATE on the database \
        that is there, and on each schema there that the source has objects of users in: public, which from 15 on only \
        the database's owner has by default, and the schemas of extensions. In such a schema the owners of those objects \
        need CREATE as well, unless the role can grant it to them. What trusted extensions create takes no privilege on \
        the schema.
        """,
      fix: "Grant CREATE on the database and on those schemas, or let the role create the database."),
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
        guard try !pair.snapshot(on: .source).contents.value.isEmpty else {
          return .passed("The source's database is empty: nothing is created in database \(database).")
        }
        findings.append(
          Finding(
            "database \(database)", "role \(role) lacks CREATE on it",
            evidence: ["owner": existing.owner ?? "not known"],
            remediation: Remediation(
              "Let the role create schemas in the database.", paste: "GRANT CREATE ON DATABASE \(database) TO \(role);",
              at: .target)))
      }
      let closed = try pair.closedSchemas()
      findings += closed.map { schema in
        Finding(
          "schema \(quotedIdentifier(schema)) of database \(database)", "role \(role) lacks CREATE on it",
          remediation: Remediation(
            "Let the role create objects in the schema, connected to that database.",
            paste: "GRANT CREATE ON SCHEMA \(quotedIdentifier(schema)) TO \(role);", at: .target))
      }
      findings += try pair.ownersWithoutSchema().map { owner, schema in
        Finding(
          "schema \(quotedIdentifier(schema)) of database \(database)",
          "role \(quotedIdentifier(owner)), which owns objects in it on the source, lacks CREATE on it, and \(role) cannot grant it",
          evidence: ["owner": owner],
          remediation: Remediation(
            "Let the owner of the objects create in the schema, connected to that database.",
            paste: "GRANT CREATE ON SCHEMA \(quotedIdentifier(schema)) TO \(quotedIdentifier(owner));", at: .target))
      }
      return findings.isEmpty
        ? .passed("Role \(role) has CREATE on the database and on the schemas that are there.")
        : .failed("Role \(role) lacks permission to create everything that is migrated.", findings)
    })
}

extension DatabasePair {
  /// The schemas that are on the target already and are not created: public, and those in which extensions lie.
  func isThereAlready(schema name: String) throws(Undetermined) -> Bool {
    name == "public" ? true : try targetExtensions().values.contains { $0.schema.isSameName(as: name) }
  }

  /// Those of them in which the target role creates something and lacks permission to.
  fileprivate func closedSchemas() throws(Undetermined) -> [String] {
    var closed: [String] = []
    for schema in try snapshot(on: .target).closedSchemas.value
    where try isThereAlready(schema: schema.nspname) {
      if try creates(in: schema.nspname) { closed.append(schema.nspname) }
    }
    return closed
  }

  private func creates(in schema: String) throws(Undetermined) -> Bool {
    if try snapshot(on: .source).schemaUses.value.contains(where: { $0.nspname.isSameName(as: schema) }) { return true }
    let installed = try targetExtensions()
    for item in try extensionsToMove() where installed[item.extname] == nil && item.schema.isSameName(as: schema) {
      // Its script runs as this role. The others run as a superuser.
      if let offered = try clusters.target.defaultVersion(of: item.extname), !offered.superuser { return true }
    }
    return false
  }

  /// Who has to be given objects in schemas of the target in which only its owner lets create.
  fileprivate func ownersWithoutSchema() throws(Undetermined) -> [(owner: String, schema: String)] {
    let target = clusters.target
    let me = try target.me.value
    // Where an owner is out of reach, all objects belong to the target role.
    guard try !refusedOwners().contains(where: \.isOwner) else { return [] }
    let left = Set(options.excludedRoles.map(\.nameBytes) + Provider.ownedRoles.map(\.nameBytes))
    var found: [(owner: String, schema: String)] = []
    for use in try snapshot(on: .source).schemaUses.value {
      let owners = use.owners.filter { !$0.isSameName(as: me.rolname) && !left.contains($0.nameBytes) }
      guard !owners.isEmpty, try isThereAlready(schema: use.nspname) else { continue }
      guard
        let access = try snapshot(on: .target).schemaAccess.value.first(where: {
          $0.nspname.isSameName(as: use.nspname)
        })
      else { continue }
      if access.isMine || access.isOpen || access.canGrant { continue }
      found += owners.filter { owner in
        !access.creators.contains { $0.isSameName(as: owner) }
      }.map { ($0, use.nspname) }
    }
    return Array(found.prefix(100))
  }
}
