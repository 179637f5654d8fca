import Catalog

extension Rule {
  static let databaseExistsOrCreatable = Rule(
    "database-exists-or-creatable", "The target has the database, or it may be created there",
    group: .databases,
    documentation: "https://www.postgresql.org/docs/current/sql-createdatabase.html",
    explanation: Explanation(
      why: "A database that the target lacks has to be created before anything can be loaded into it.",
      decides:
        "The target has it; or --no-create-databases is not given and the target role has CREATEDB or is a superuser.",
      fix: "Create it beforehand, or give the role CREATEDB."),
    decide: .database { pair in
      guard try pair.database(on: .target) == nil else { return .passed("The target has it already.") }
      let create = "CREATE DATABASE \(quotedIdentifier(pair.name)) TEMPLATE template0;"
      guard pair.options.createsDatabases else {
        return .failed(
          "The target lacks the database, and --no-create-databases is given.",
          [
            Finding(
              "database \(quotedIdentifier(pair.name))", "it does not exist on the target",
              remediation: Remediation("Create it beforehand.", paste: create, at: .target))
          ])
      }
      let me = try pair.clusters.target.me.value
      guard me.rolsuper || me.rolcreatedb else {
        return .failed(
          "The target lacks the database, and \(me.rolname) may not create databases.",
          [
            Finding(
              "role \(quotedIdentifier(me.rolname))", "it has no CREATEDB on the target",
              evidence: ["rolcreatedb": "false", "rolsuper": "false"],
              remediation: Remediation(
                "Let the role create databases, or have the database created beforehand.",
                paste: "ALTER ROLE \(quotedIdentifier(me.rolname)) CREATEDB;", at: .target))
          ])
      }
      return .passed("\(me.rolname) will create it.")
    })
}
