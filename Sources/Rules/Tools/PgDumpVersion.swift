import Catalog

extension Rule {
  static let pgDumpVersion = Rule(
    "pg-dump-version", "This machine has a pg_dump that suits both servers",
    group: .tools,
    documentation: "https://www.postgresql.org/docs/current/app-pgdump.html#PG-DUMP-NOTES",
    explanation: Explanation(
      why: """
        pg_dump carries the schema, for replication too. It refuses a server that is newer than itself. One that is newer \
        than the target writes settings that the target does not know; one that is older does not know what is best there.
        """,
      decides: """
        pg_dump is looked for in the folder of --pg-bin, else on the PATH and where packages put it. The one of the \
        target's major version is chosen, else the nearest newer one, else the newest. None, or only older ones than the \
        source, block; another major version than the target's is a warning.
        """,
      fix: "Install the client programs of the target's major version, or name their folder with --pg-bin."),
    decide: .cluster { pair in
      let source = try pair.source.version
      let target = try pair.target.version
      let search = try pair.tools.value
      let advice = Remediation(
        "Install PostgreSQL's client programs of version \(max(source.major, target.major)) on this machine, or name their folder with --pg-bin."
      )
      guard let tools = try pair.chosenTools() else {
        let newest = search.found.map(\.pgDump).max()
        return .failed(
          newest == nil ? "No pg_dump was found." : "No pg_dump is new enough for the source.",
          [
            Finding(
              "pg_dump",
              newest.map { "the newest is \($0), which refuses to dump a server of version \(source.majorName)" }
                ?? "it was not found on this machine",
              evidence: ["searched": search.searched.listed(atMost: 20), "source version": "\(source)"],
              remediation: advice)
          ])
      }
      let seen = "pg_dump \(tools.pgDump) in \(tools.folder)"
      guard tools.pgDump.major != max(source.major, target.major) else { return .passed("\(seen).") }
      if pair.hasVersionedColumns, tools.pgDump.release.knowsVersionedColumns == true {
        return .passed("\(seen), which leaves out the options of columns that the target refuses.")
      }
      let isNewer = tools.pgDump.major > target.major
      return .failed(
        "\(seen): not the target's major version.",
        [
          Finding(
            "pg_dump",
            isNewer
              ? "version \(tools.pgDump) is newer than the target: what it writes may hold settings unknown there"
              : "version \(tools.pgDump) is older than the target: what it writes need not suit it",
            evidence: ["pg_dump": "\(tools.pgDump)", "folder": tools.folder, "target version": "\(target)"],
            remediation: advice)
        ], severity: .warning)
    })
}
