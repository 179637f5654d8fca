import Catalog

extension ClusterInspector {
  /// What is asked of the few databases in which something may be missing on the target, or that have `aiven_extras`.
  func readUses(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    let own = (database.extensions.ifKnown ?? []).filter { $0.extname != "plpgsql" }
    let reader = session.reader(for: DatabaseSnapshot.self)
    if side == .source {
      let needsLanguages = (database.languages.ifKnown ?? []).contains { !Language.everywhere.contains($0.lanname) }
      if let extensions = database.extensions.ifKnown { look(into: extensions, with: reader, in: &database) }
      if needsLanguages { reader.all(\.languageUses) }
      if try await mayDiffer(own) {
        readExtensionUses(reader, of: database.name)
      } else if own.contains(where: { $0.extname == "aiven_extras" }) {
        reader.all(\.extensionUses)
      }
    } else if own.contains(where: { $0.extname == "aiven_extras" }) {
      reader.all(\.extensionUses)
    }
    try await reader.read(into: &database)
    if side == .source, own.contains(where: { $0.extname == "pg_stat_statements" }) {
      try await readStatementMentions(in: session, into: &database)
    }
    if side == .source, own.contains(where: { $0.extname == "pg_cron" }) {
      try await readCronJobs(in: session, into: &database)
    }
    if side == .source, !targetRoleIsSuperuser { try await readOwnRows(in: session, into: &database) }
  }

  /// What depends on extensions, and what names their members.
  func readExtensionUses(_ reader: FactReader<DatabaseSnapshot>, of database: String) {
    reader.all(\.extensionUses)
    reader.all(\.extensionMentions)
    reader.all(\.extensionMemberUses, ExtensionMemberUse.parameters(inspector.options.tables, in: database))
  }

  /// Whether the target may not have these extensions as they are; waits until it is known what it offers.
  private func mayDiffer(_ extensions: [InstalledExtension]) async throws -> Bool {
    guard !extensions.isEmpty else { return false }
    if inspector.settings.readsEverything { return true }
    guard let offered = await offered.value() else { return true }
    return extensions.contains {
      offered[$0.extname] != $0.extversion || inspector.options.excludedExtensions.containsName($0.extname)
    }
  }
}
