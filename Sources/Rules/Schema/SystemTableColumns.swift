import Catalog

extension Rule {
  static let systemTableColumns = Rule(
    "system-table-columns", "Views read no columns of system tables that the target lacks",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/catalogs.html",
    explanation: Explanation(
      why: """
        Columns of system tables come and go with versions, and a view that was created with SELECT * reads them all. \
        One that the target lacks makes it refuse the view, and with it what depends on it.
        """,
      decides: """
        By what is known of the versions up to \(RemovedBuiltin.newestKnown): pg_class.relhaspkey, pg_proc.proisagg \
        and proiswindow (until 11), pg_class.relhasoids, pg_proc.protransform, pg_constraint.consrc, pg_attrdef.adsrc \
        (12), pg_pltemplate (13), pg_database.datlastsysoid (15), pg_database.daticulocale, pg_collation.colliculocale \
        (17), pg_attribute.attcacheoff (18). No view of a user reads a system table of these and names a column that \
        ended between the versions of both servers.
        """,
      fix: "Drop such views, and create them on the target as that needs them."),
    decide: .database { pair in
      let removed = RemovedBuiltin.tableColumns(
        between: try pair.clusters.source.version, try pair.clusters.target.version)
      guard !removed.isEmpty else { return .skipped("No column of a system table ended between the two versions.") }
      if pair.hasTablesOnly { return .tablesOnly }
      return pair.conclusion(
        on: try pair.snapshot(on: .source).systemTableColumns.value, reading: removed, of: "system tables",
        advice: "Drop it, and create it on the target without.")
    })
}
