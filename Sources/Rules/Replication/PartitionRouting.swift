import Catalog

extension Rule {
  static let partitionRouting = Rule(
    "partition-routing", "Rows belong to the same partition on the target",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/sql-createpublication.html",
    explanation: Explanation(
      why: """
        The hash of an enum value is that of its OID, which every server gives anew. Replication carries the rows of a \
        partition to the partition of the same name, whose constraint then refuses them: the copy never ends.
        """,
      decides: """
        No partitioned table has an enum, or a domain over one, in the key that it is partitioned by hash by. A warning \
        where such tables are copied while writes are blocked, and all that has to be copied then fits into \
        --max-blocked-time; else, and with --copy-at-cutover never, a blocker.
        """,
      fix: """
        Use --method dump: pg_dump loads such tables through their root by itself (16, and the releases of May 2023 or \
        newer). Or publish with publish_via_partition_root.
        """),
    decide: .database { pair in
      let (count, tables) = pair.selected(try pair.snapshot(on: .source).enumHashedTables.value)
      guard count > 0 else { return .passed("No table is partitioned by the hash of an enum.") }
      let crossing = try pair.crossing()
      let findings = tables.prefix(100).map { table in
        Finding(
          "table \(table.qualifiedName)", "the target would refuse rows that its partitions are sent",
          evidence: ["columns": table.columns.joined(separator: ", ")],
          remediation: Remediation("Move the database by dump (--method dump), where writes can't be blocked."))
      }
      let counted = count.counted("table is", "tables are") + " partitioned by the hash of an enum"
      return switch crossing.way {
      case .late:
        .failed(
          "\(counted): copied while writes are blocked (\(crossing.words)).",
          [
            Crossing.settled(
              tables,
              (
                one: "the target would refuse rows that its partitions are sent",
                several: "the target would refuse rows that their partitions are sent"
              ), advice: "A dump carries such tables too (--method dump).")
          ], severity: .warning)
      case .tooLong:
        .failed(
          "\(counted), and too large to be copied while writes are blocked.",
          crossing.excess(in: pair.name) + findings)
      case .none: .failed("\(counted), which the target has another of.", findings)
      }
    })
}
