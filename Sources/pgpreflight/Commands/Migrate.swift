import ArgumentParser
import Assessment
import Catalog
import Foundation
import Migration
import Postgres
import Reports
import Synchronization

struct Migrate: AsyncParsableCommand, PreflightCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks both clusters, and carries out the plan that was proven: database by database, schema first.",
    discussion: discussion(
      """
      Writes to the target alone, and only to databases that it creates or that are empty; on the source it makes \
      publications and replication slots where it replicates. One database that is not ready stops everything before \
      anything is written, unless --skip-blocked leaves it out. What was finished when a run is interrupted stays \
      finished: the same command with --resume goes on; it begins where nothing was begun, and where all is there it \
      compares both sides and says so.

      Where not all databases can be replicated at once, they are migrated in waves: the others wait until these have been \
      cut over, and are then migrated by the command that is printed.
      """,
      exitStatus: [
        ("0", "every database was migrated"), ("1", "blocked, not as approved, or a database was not migrated"),
        ("2", "undecided: nothing was migrated; or the first wave was migrated, and other databases wait"),
        CommonStatus.usage, CommonStatus.software, CommonStatus.unwritable,
        CommonStatus.interrupted,
      ],
      examples: [
        (
          "what was approved, and nothing that has changed since",
          "pgpreflight migrate -s service=old -t service=new --plan report.json"
        ),
        (
          "by dump, without a question, and with checksums of all rows",
          "pgpreflight migrate --method dump --verify full --yes"
        ),
        ("after an interruption", "pgpreflight migrate -s service=old -t service=new --resume"),
      ]))

  @OptionGroup(title: "Clusters") var connection: ConnectionOptions
  @OptionGroup(title: "Migration") var migration: MigrationOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "Reports") var reports: ReportOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func savedSnapshot(of side: Side) -> String? { nil }

  func run() async throws {
    let preflight = try Preflight(self)
    guard case .server(let source) = preflight.settings.source, case .server(let target) = preflight.settings.target
    else { throw Failure.usage("a migration needs connections: the configuration file names a saved snapshot") }
    let isTerminal = isatty(STDIN_FILENO) == 1
    guard migration.yes || isTerminal else {
      throw Failure.usage("without a terminal to ask on, --yes is needed")
    }
    let sourceForTarget = try migration.sourceForTarget.map { text in
      do { return try ConnectionString(text) } catch { throw Failure.usage("--source-for-target: \(error)") }
    }
    let approved = try migration.plan.map { try savedReport($0, option: "--plan ") }
    let passwords = try migration.rolePasswords.map { try PasswordFile(path: $0, resumes: migration.resume) }

    do {
      let interrupted = try await interruptedRun(on: target, preflight)
      if migration.resume, interrupted == nil, try await isDone(source, target, preflight) { return }
      var options = preflight.settings.options
      options.resumedDatabases = interrupted?.databases ?? []
      options.resumedRun = interrupted?.run
      let assessment = try await preflight.assess(options)
      let context = try await validated(assessment, approved: approved, preflight)
      try confirm(context, assessment, preflight)
      var migratorSettings = migratorSettings(preflight)
      migratorSettings.sourceForTarget = sourceForTarget
      migratorSettings.resumes = interrupted != nil
      if let passwords { migratorSettings.keepPasswords = { try passwords.keep($0) } }
      try await migrate(context, assessment, source, target, interrupted, migratorSettings, preflight)
    } catch let interruption as Interrupted {
      writeToStandardError("pgpreflight: interrupted before anything was written\n")
      throw ExitCode(128 + interruption.signal)
    }
  }

  /// Those that may be used, best first.
  private func methods(_ preflight: Preflight) -> [Method] {
    switch preflight.settings.options.method {
    case .auto: [.replication, .dump]
    case .replication: [.replication]
    case .dump: [.dump]
    }
  }

  private func migratorSettings(_ preflight: Preflight) -> Migrator.Settings {
    var settings = Migrator.Settings()
    settings.jobs = preflight.settings.inspection.jobs
    settings.connectTimeout = preflight.settings.inspection.connectTimeout
    settings.verification = migration.verify
    settings.fallsBack = methods(preflight).contains(.dump)
    settings.replicates = methods(preflight).contains(.replication)
    settings.maximumLag = migration.maximumLag?.bytes
    settings.stopsReplication = migration.stopReplication
    settings.maximumLockWait = migration.maximumLockWait
    settings.maximumSlotWAL = migration.maximumSlotWAL?.bytes
    let (waivers, today) = (preflight.settings.waivers, preflight.today)
    settings.acceptsCode = { database in
      waivers.contains { $0.accepts(rule: "load-code", in: database, on: today) }
    }
    return settings
  }

  // MARK: Before anything is written

  /// - Returns: nil where there is nothing to go on with.
  private func interruptedRun(on target: ConnectionString, _ preflight: Preflight) async throws -> InterruptedRun? {
    guard migration.resume else { return nil }
    let timeout = preflight.settings.inspection.connectTimeout
    let runs: [InterruptedRun]
    do {
      runs = try await preflight.signals.untilInterrupted {
        let all = try await InterruptedRun.all(on: target, connectTimeout: timeout)
        for run in all where run.isComplete { try await run.close(on: target, connectTimeout: timeout) }
        return all.filter { !$0.isComplete }
      }
    } catch let error as Interrupted {
      throw error
    } catch {
      throw Failure(status: .blocked, description: "--resume: the target could not be asked: \(error)")
    }
    guard runs.count > 1 else { return runs.first }
    let names = runs.map { "\($0.run) in \($0.databases.map(quotedIdentifier).joined(separator: ", "))" }
    throw Failure(
      status: .blocked,
      description: "--resume: the target holds the journals of several runs: \(names.joined(separator: "; ")). "
        + "Drop the databases of those that are not to be gone on with")
  }

  /// Whether nothing is left to be done, as both sides say: whoever tries again need not know that.
  private func isDone(
    _ source: ConnectionString, _ target: ConnectionString, _ preflight: Preflight
  ) async throws -> Bool {
    var settings = DataComparison.Settings()
    settings.jobs = preflight.settings.inspection.jobs
    settings.connectTimeout = preflight.settings.inspection.connectTimeout
    settings.mode = migration.verify == .none ? .counts : migration.verify
    settings.tables = preflight.settings.options.tables
    settings.excludedExtensions = preflight.settings.options.excludedExtensions
    let earlier = EarlierMigration(source: source, target: target, settings: settings)
    var options = preflight.settings.options
    let result: MigrationReport?
    do {
      result = try await preflight.signals.untilInterrupted { [options] in try await earlier.report(options) }
    } catch let error as Interrupted {
      throw error
    } catch {
      throw Failure(status: .blocked, description: "--resume: both sides could not be compared: \(error)")
    }
    guard let result else {
      writeToStandardError("pgpreflight: --resume: there is nothing to go on with, so that it begins\n")
      return false
    }
    writeToStandardError(
      "pgpreflight: --resume: no run was interrupted, and all databases are on the target already\n")
    options.resumedDatabases = result.databases.map(\.name)
    let assessment = try await preflight.assess(options)
    let status = result.status == .done ? 0 : 1
    try await preflight.write(preflight.report(of: assessment, exitStatus: status, migration: result))
    throw ExitCode(Int32(status))
  }

  /// Reports of a migration that does not begin are those of a check.
  private func validated(
    _ assessment: Assessment, approved: Report?, _ preflight: Preflight
  ) async throws -> ValidatedContext {
    func refuse(_ status: Int, _ message: String) async throws -> Never {
      try await preflight.write(preflight.report(of: assessment, exitStatus: status))
      writeToStandardError("pgpreflight: nothing was migrated: \(message)\n")
      throw ExitCode(Int32(status))
    }
    if let approved {
      let current = preflight.report(of: assessment, exitStatus: 0)
      let changes = current.changes(since: approved, on: migration.resume ? [.source] : Side.allCases)
      if !changes.isEmpty {
        try await refuse(1, "the clusters no longer match the approved plan: " + changes.joined(separator: "; "))
      }
    }
    do {
      return try assessment.validated(by: methods(preflight), skipsBlocked: migration.skipBlocked)
    } catch {
      try await refuse(error.exitStatus, error.message)
    }
  }

  private func confirm(_ context: ValidatedContext, _ assessment: Assessment, _ preflight: Preflight) throws {
    guard !migration.yes else { return }
    preflight.printSummary(of: preflight.report(of: assessment, exitStatus: 0), isAsked: true)
    let lists = [(Method.replication, "To be replicated"), (.dump, "To be migrated by dump")].compactMap {
      method, words -> String? in
      let names = context.databases.filter { $0.method == method }.map { quotedIdentifier($0.name) }
      return names.isEmpty ? nil : "\(words): \(names.joined(separator: ", "))"
    }
    let waiting = context.waiting.map { quotedIdentifier($0.name) }.joined(separator: ", ")
    // Not among the reports: one of them may go to standard output.
    writeToStandardError(
      """

      \((lists + (waiting.isEmpty ? [] : ["Waiting for a later wave: \(waiting)"])).joined(separator: "\n"))
      From \(context.pair.source.connectionString) to \(context.pair.target.connectionString)
      Only "yes" is taken as a yes:\u{20}
      """)
    guard readLine()?.trimmingCharacters(in: .whitespaces) == "yes" else {
      throw Failure(status: .blocked, description: "not confirmed; nothing was migrated")
    }
  }

  // MARK: Afterwards

  private func migrate(
    _ context: ValidatedContext, _ assessment: Assessment, _ source: ConnectionString, _ target: ConnectionString,
    _ interrupted: InterruptedRun?, _ settings: Migrator.Settings, _ preflight: Preflight
  ) async throws {
    let progress = MigrationProgress(
      of: context.databases.count, line: preflight.progress, logger: output.logger(),
      isLogged: output.logFormat == .json || output.verbose)
    let migrator = Migrator(
      context, source: source, target: target, run: interrupted?.run ?? String(preflight.runID.prefix(8)),
      settings: settings, events: { progress.show($0) })

    let clock = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        progress.tick()
      }
    }
    defer { clock.cancel() }
    // An interrupted migration has a report too.
    let done = Mutex<MigrationReport?>(nil)
    var signal: Int32?
    do {
      try await preflight.signals.untilInterrupted {
        let result = await migrator.run()
        done.withLock { $0 = result }
        try Task.checkCancellation()
      }
    } catch let interruption as Interrupted {
      signal = interruption.signal
    }
    clock.cancel()
    _ = await clock.value
    preflight.progress.clear()
    guard let result = done.withLock({ $0 }) else { throw ExitCode(Failure.Status.software.rawValue) }
    let status = signal.map { 128 + Int($0) } ?? (result.status == .done ? 0 : result.status == .waiting ? 2 : 1)
    try await preflight.write(preflight.report(of: assessment, exitStatus: status, migration: result))
    throw ExitCode(Int32(status))
  }
}
