import Catalog

extension Rule {
  static let schemaRehearsal = Rule(
    "schema-rehearsal", "The schema can be restored: it was tried",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/app-pgrestore.html",
    explanation: Explanation(
      why: "Rules know what is known to fail. Whether a schema can be restored, trying shows.",
      decides: """
        Only with --rehearse or --rehearse-on, which write. pg_dump takes down the schema as migrate would; pg_restore \
        restores it, without rows, into a scratch database of the source's encoding and locale on the target, or on the \
        server of --rehearse-on. No entry of it ends with an error. The scratch database is dropped, whatever happens. \
        Roles that are not there yet are those that a migration creates: then owners, privileges and what names such a \
        role are left out. Databases that are blocked by other rules are not tried, nor is pg_cron, which only one \
        database of a server can have.
        """,
      fix: "See the server's words for each object."),
    decide: .database { pair in
      guard pair.options.rehearses else { return .skipped("Only with --rehearse, as it writes.") }
      let rehearsal = try pair.snapshot(on: .source).rehearsal.value
      if let reason = rehearsal.reasonNotTried { return .skipped(reason) }
      let missing = rehearsal.missingRoles
      let owners =
        missing.isEmpty
        ? ""
        : " Owners, privileges and what names a role were left out, as "
          + "\(missing.count.counted("role is", "roles are")) not there yet."
      guard rehearsal.nErrors == 0 else {
        return .failed(
          "\(rehearsal.nErrors.counted("error")) when the schema was restored for the sake of trying.\(owners)",
          rehearsal.errors.prefix(100).map {
            Finding(
              $0.object, $0.message,
              remediation: Remediation("Change it on the source, or give the target what the message names."))
          })
      }
      return .passed(
        "The schema was restored into a scratch database: \(rehearsal.entries.counted("entry", "entries")) without an "
          + "error.\(owners)",
        notices: rehearsal.leftovers.prefix(100).map {
          Finding(
            "database \(quotedIdentifier($0))", "a rehearsal that was killed has left it on the server",
            remediation: Remediation(
              "Drop it, unless that rehearsal is still running.", paste: "DROP DATABASE \(quotedIdentifier($0));",
              at: .target))
        })
    })
}
