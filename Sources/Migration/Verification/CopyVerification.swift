import Assessment
import Catalog
import Postgres

/// What a migration compares when a database is there.
extension DatabaseMigration {
  /// Source and target, as of the snapshot.
  ///
  /// - Parameters:
  ///   - sequences: those that are known to differ.
  ///   - compared: tables that were just found to be the same.
  func verify(
    _ tables: [SourceTable], _ sequences: [Verification.Mismatch], _ snapshot: SourceSnapshot, _ facts: SourceFacts?,
    less compared: Set<Int>
  ) async throws {
    try await record.phase("verification") {
      let tables = tables.filter { !compared.contains($0.oid) }
      var verification = try await record.work(.verification, "verification", bytes: verified(tables)) {
        if let facts { return try await compare(ComparedTable.all(of: tables), with: facts) }
        var verification = try await Verifier(
          mode: settings.verification, snapshot: snapshot, target: target, slots: slots, jobs: settings.jobs,
          comparesObjects: comparesObjects, known: knownDifferences
        ).run(tables)
        if carriesLargeObjects {
          verification.mismatches += try await LargeObjectComparison(snapshot, target, settings.verification)
            .mismatches()
        }
        return verification
      }
      verification.tables += compared.count
      verification.mismatches += sequences
      record.verified(verification)
      noteDifferences(verification)
      noteChanged(await snapshot.locks.changed)
      guard verification.mismatches.isEmpty else {
        let first = verification.mismatches[0]
        // What goes on from the slot is not compared.
        try await target.session(in: name, for: "writing the journal") {
          _ = try await $0.pipeline([[journal.forget([KeptReplication.step])]])[0].get()
        }
        throw MigrationError(
          "source and target differ in \(verification.mismatches.count) places; \(first.object): \(first.message)")
      }
    }
  }

  /// Everything of the source was to be carried over, so that both have the same objects.
  var comparesObjects: Bool { context.pair.options.tables == .all && extensionsLeftOut.isEmpty }

  var knownDifferences: ObjectComparison.Known {
    ObjectComparison.Known(
      absentRoles: Set(roles.placeholders + roles.refused), keepsOwners: ownership.isEmpty, found: found.value)
  }

  /// Of a replication that was gone on with: rows follow the source from now on, and the cutover compares them.
  func compareSchemas() async throws {
    record.note(
      settings.stopsReplication
        ? "rows were not compared, as the snapshot that was copied is gone"
        : "rows are compared at the cutover, as the snapshot that was copied is gone")
    guard settings.verification != .none, comparesObjects else { return }
    try await record.phase("verification") {
      let schema = try await SchemaComparison(database: name, source: source, target: target, known: knownDifferences)
        .run()
      var verification = Verification(mode: settings.verification, tables: 0, mismatches: [])
      (verification.objects, verification.objectDifferences) = (schema.objects, schema.differences)
      record.verified(verification)
      noteDifferences(verification)
    }
  }

  /// What differs in the schema is told, and no reason to have failed: whose objects are whose, for example, is what the
  /// target's role may give away.
  func noteDifferences(_ verification: Verification) {
    guard let differences = verification.objectDifferences, let first = differences.first else { return }
    let more = differences.count > 1 ? ", and \(differences.count - 1) more differences" : ""
    record.note("the schemas differ: \(first.object): \(first.message)\(more)")
  }
}
