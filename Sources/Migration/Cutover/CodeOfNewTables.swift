extension Cutover {
  /// What of a dump can't be restored without running code of owners with the rights of the target role, in words; nil where
  /// that was accepted, too.
  ///
  /// - Throws: `MigrationError`, `CancellationError`.
  func codeToBeRun(by entries: [ArchiveEntry]) async throws -> String? {
    let (source, steering) = (try sessions.orLost().worker, try steering.orLost())
    guard steering.manifest.acceptsCode != true else { return nil }
    return try await attempting("looking for code of owners", replications.source, database: database) {
      try await OwnersEntries(of: source, except: steering.connection.session.user, isLate: true)
    }.coded(of: entries).first
  }
}
