import Assessment
import Catalog

/// The sentence under the headline of a migration.
func lede(of migration: MigrationReport) -> [Piece] {
  let all = migration.databases
  guard !all.isEmpty else { return [.text("There was no database to migrate.")] }
  var sentences: [[Piece]] = []
  for (status, one, many) in [
    (MigratedDatabase.Status.failed, " was not migrated.", " were not migrated."),
    (.cancelled, " was not finished.", " were not finished."), (.skipped, " was left out.", " were left out."),
    (.waiting, " waits for a later wave.", " wait for later waves."),
  ] {
    let databases = migration.databases(status)
    if !databases.isEmpty { sentences.append(names(of: databases) + [.text(databases.count == 1 ? one : many)]) }
  }
  let done = migration.databases(.done)
  let replicated = migration.databases(.inStep)
  func who(_ databases: [MigratedDatabase]) -> [Piece] {
    if !done.isEmpty, !replicated.isEmpty { return names(of: databases) }
    let count = databases.count
    if count < all.count { return [.text("The other \(count == 1 ? "one" : numberWord(count))")] }
    return [.text(count == 1 ? "The database" : count == 2 ? "Both databases" : "All \(formattedCount(count))")]
  }
  if !done.isEmpty {
    let verb = done.count == 1 ? "was" : "were"
    sentences.append(who(done) + [.text(" \(verb) migrated: \(done.arrived.joined(separator: ", ")).")])
  }
  if !replicated.isEmpty {
    let verb = replicated.count == 1 ? "is" : "are"
    let copied = replicated.arrived.joined(separator: ", ")
    sentences.append(
      who(replicated) + [
        .text(" \(verb) replicated: the copy has \(copied), and what is written to the source follows.")
      ]
    )
  }
  let good = done + replicated
  let fresh = good.filter { !$0.wasDoneBefore }
  let verified = fresh.filter { ($0.verification?.mode ?? .none) != .none }
  if !fresh.isEmpty {
    let what = verified.contains { $0.verification?.mode == .full } ? "contents" : "counts"
    let tables = verified.sum { $0.verification?.tables ?? 0 }
    let which = verified.count == fresh.count ? "in all that was compared" : "where that was compared"
    sentences.append(
      [
        .text(
          verified.isEmpty
            ? "Nothing was verified."
            : "Source and target have equal \(what) \(which): \(counted(tables, "table")).")
      ])
  }
  return Array(sentences.joined(separator: [.text(" ")]))
}

/// Up to three by name.
private func names(of databases: [MigratedDatabase]) -> [Piece] {
  guard databases.count <= 3 else { return [.text(counted(databases.count, "database"))] }
  var pieces: [Piece] = [.text(databases.count == 1 ? "Database " : "Databases ")]
  for (number, database) in databases.enumerated() {
    if number > 0 { pieces.append(.text(number == databases.count - 1 ? " and " : ", ")) }
    pieces.append(.strong(database.name))
  }
  return pieces
}

/// What to do after a migration: what failed, how to go on, what roles still need, and then the applications.
func nextSteps(after migration: MigrationReport) -> [NextStep] {
  var steps: [NextStep] = []
  let failed = migration.databases(.failed)
  for database in failed.prefix(2) {
    let message = sentence(firstSentence(of: database.message.isEmpty ? "It failed" : database.message))
    steps.append(NextStep(subject: database.name, pieces: [.link(message, to: .part("migration"))]))
  }
  if failed.count > 2 {
    steps.append(
      NextStep(
        pieces: [
          .text("\(capitalized(numberWord(failed.count - 2))) more failed: see the "),
          .link("migration", to: .part("migration")), .text("."),
        ]))
  }
  if migration.status == .cancelled || !failed.isEmpty { steps.append(NextStep(pieces: goOn(with: migration))) }
  let left = migration.databases(.skipped)
  if !left.isEmpty {
    steps.append(
      NextStep(
        subject: listing(left),
        pieces: [
          .text("Left out. What stands in the way is in the "), .link("plan", to: .part("plan")),
          .text("; \(left.count == 1 ? "it" : "they") can be migrated later, with "), .code("--include-database"),
          .text("."),
        ]))
  }
  let (broken, noted) = (migration.roles(.failed), migration.rolesWithNotes)
  if !broken.isEmpty || !noted.isEmpty {
    let parts = [
      broken.isEmpty ? nil : "\(counted(broken.count, "role")) could not be created",
      noted.isEmpty ? nil : "\(counted(noted.count, "role")) \(noted.count == 1 ? "lacks" : "lack") something",
    ]
    steps.append(
      NextStep(pieces: [.link(sentence(capitalized(joined(parts.compactMap(\.self)))), to: .part("migration-roles"))]))
  }
  let placeholders = migration.rolesWithNewPasswords
  if !placeholders.isEmpty {
    let verb = placeholders.count == 1 ? "has" : "have"
    steps.append(
      NextStep(
        pieces: [
          .link(counted(placeholders.count, "role"), to: .part("migration-roles")),
          .text(" \(verb) a random password: hand out what stands in the file of "), .code("--role-passwords"),
          .text(", or set others."),
        ]))
  }
  let done = migration.databases(.done)
  let replicated = migration.databases(.inStep)
  if !done.isEmpty {
    let since = Moment(migration.startedAt).map { " since \($0.inWords)" } ?? " since the copy began"
    let which = [.done, .waiting].contains(migration.status) ? "" : " of what is done"
    steps.append(
      NextStep(
        subject: replicated.isEmpty ? nil : listing(done),
        pieces: [
          .text("Point the applications\(which) to the target. What was written to the source\(since) is not there.")
        ]))
  }
  if !replicated.isEmpty {
    steps.append(
      NextStep(
        subject: listing(replicated),
        pieces: [
          .text("Leave the applications on the source, and wait until "), .code("pgpreflight status"),
          .text(" says that \(replicated.count == 1 ? "it has" : "they have") caught up."),
        ]))
    steps.append(
      NextStep(
        subject: listing(replicated),
        pieces: [
          .text("Switch over with "), .code("pgpreflight cutover"),
          .text(": only then do writes stop, until the rest is carried over and compared."),
        ]))
  }
  let waiting = migration.databases(.waiting)
  if !waiting.isEmpty {
    steps.append(
      NextStep(
        subject: listing(waiting),
        pieces: [
          .text(replicated.isEmpty ? "Then run " : "After that cutover, run "),
          .code("pgpreflight migrate --include-database \(includeList(waiting))"),
          .text(": not all databases can be replicated at once."),
        ]))
  }
  return steps
}

/// As an argument for a shell.
func includeList(_ databases: [MigratedDatabase]) -> String {
  "'" + databases.map { quotedIdentifier($0.name) }.joined(separator: ",").replacing("'", with: "'\\''") + "'"
}

/// Up to three names, else their number.
private func listing(_ databases: [MigratedDatabase]) -> String {
  databases.count <= 3 ? joined(databases.map(\.name)) : counted(databases.count, "database")
}

private func goOn(with migration: MigrationReport) -> [Piece] {
  let cause = migration.databases(.failed).isEmpty ? "Run" : "Remove the cause, then run"
  guard migration.canBeResumed else {
    return [.text("\(cause) the same command again: nothing was begun that would have to be gone on with.")]
  }
  return [
    .text("\(cause) the same command with "), .code("--resume"),
    .text(": what is finished stays finished."),
  ]
}
