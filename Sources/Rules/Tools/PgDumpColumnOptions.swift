import Catalog

extension Rule {
  static let pgDumpColumnOptions = Rule(
    "pg-dump-column-options", "The pg_dump to be run leaves out column options that only the source knows",
    group: .tools,
    documentation: "https://www.postgresql.org/docs/current/release.html",
    explanation: Explanation(
      why: """
        A server of 15.20 marks the columns of the tables that it makes with the option pg_attver, and its own pg_dump \
        leaves it out. One that does not know it, also of a newer major version (16.14, 17.10 and 18.6 do not), writes \
        it down as ALTER COLUMN … SET (pg_attver=…), and a server that does not know it refuses that: the restore of \
        the schema ends at the first table.
        """,
      decides: """
        Columns of the source database carry the option; blocked where neither the pg_dump that would be run (see \
        pg-dump-version) nor the target knows it, undetermined where that is not known of their releases.
        """,
      fix: "Use the source's own pg_dump (--pg-bin), or newer client programs, or a newer release of the target."),
    decide: .database { pair in
      let target = try pair.clusters.target.version
      guard target.knowsVersionedColumns != true else {
        return .passed("The target knows these options.")
      }
      guard try pair.snapshot(on: .source).versionedColumns.value.areThere else {
        return .passed("No column has an option that the target lacks.")
      }
      guard let tools = try pair.clusters.chosenTools() else { return ClientTools.none }
      let pgDump = tools.pgDump.release
      let advice = """
        Name the folder of the source's own pg_dump, of \(try pair.clusters.source.version), with --pg-bin; or update \
        the client programs or the target to a release that knows the option.
        """
      switch (pgDump.knowsVersionedColumns, target.knowsVersionedColumns) {
      case (true, _): return .passed("pg_dump \(tools.pgDump) leaves these options out.")
      case (false, false):
        return .failed(
          "pg_dump \(tools.pgDump) writes column options that the target refuses.",
          [
            Finding(
              "pg_dump", "version \(tools.pgDump) writes the option pg_attver of the columns, which \(target) refuses",
              evidence: [
                "pg_dump": "\(tools.pgDump)", "folder": tools.folder,
                "source version": "\(try pair.clusters.source.version)", "target version": "\(target)",
              ], remediation: Remediation(advice))
          ])
      default:
        throw Undetermined(
          "it is not known whether pg_dump \(tools.pgDump) or the target \(target) knows the option pg_attver",
          remedy: advice)
      }
    })
}
