import Catalog

extension Rule {
  static let manyObjects = Rule(
    "many-objects", "The source has room for the locks of pg_dump, and no unusual number of relations",
    group: .plan, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/runtime-config-locks.html",
    explanation: Explanation(
      why: """
        pg_dump locks every table that it dumps, all in one transaction, also where it carries the schema alone. The \
        server has room for a number of locks that is fixed when it starts: “out of shared memory” is the end of the \
        dump. With very many relations the schema alone takes hours.
        """,
      decides: """
        The tables of the database are no more than max_locks_per_transaction times the sum of max_connections and \
        max_prepared_transactions, for which the server has room in any case. More is a warning; it blocks where they \
        are more than twice what there is room for with all other processes counted in. More than 50,000 tables \
        or 300,000 relations are a warning. With a table filter only the selected tables are locked.
        """,
      fix: "Raise max_locks_per_transaction on the source, which takes a restart."),
    decide: .database { pair in
      let source = pair.clusters.source
      let summary = try pair.snapshot(on: .source).summary.value
      let tables =
        pair.options.tables == .all
        ? summary.tables +| summary.partitionedTables
        : try pair.snapshot(on: .source).tables.value.lazy.filter { pair.options.tables.selects($0, in: pair.name) }
          .count
      let relations = pair.options.tables == .all ? summary.relations : tables
      // Not to depend on settings where a hundredth of the smallest defaults is enough.
      guard tables > 100 else { return .passed("\(tables.counted("table")) to lock.") }
      let perTransaction = try source.integerSetting("max_locks_per_transaction")
      let transactions =
        try source.integerSetting("max_connections") +| source.integerSetting("max_prepared_transactions")
      let room = perTransaction *| transactions
      let most = perTransaction *| (transactions +| (try source.otherProcesses()))
      var findings: [Finding] = []
      if tables > room {
        findings.append(
          Finding(
            "setting max_locks_per_transaction", "there is room for \(room) locks, and pg_dump takes \(tables)",
            evidence: [
              "max_locks_per_transaction": "\(perTransaction)", "tables": "\(tables)",
              "max_connections + max_prepared_transactions": "\(transactions)",
            ],
            remediation: source.raising(
              "max_locks_per_transaction", to: tables / max(1, transactions) +| perTransaction, on: .source)))
      }
      if tables > 50_000 || relations > 300_000 {
        findings.append(
          Finding(
            "database \(quotedIdentifier(pair.name))", "dumping and restoring the schema alone takes long",
            evidence: ["tables": "\(tables)", "relations": "\(relations)"],
            remediation: Remediation("Try how long it takes: pg_dump --schema-only.")))
      }
      let message = "\(tables.counted("table")) to lock, with room for \(room)"
      guard !findings.isEmpty else { return .passed("\(message).") }
      return .failed(
        "\(message); \(relations.counted("relation")).", findings, severity: tables > 2 *| most ? .blocker : .warning)
    })
}

extension ClusterSnapshot {
  /// Processes for whose locks there is room too: of the autovacuum and other workers, and of replication.
  fileprivate func otherProcesses() throws(Undetermined) -> Int {
    try integerSetting("max_worker_processes") +| integerSetting("max_wal_senders") +| 20
  }
}
