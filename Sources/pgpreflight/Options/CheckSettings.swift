import Assessment
import Catalog
import Foundation
import Inspection
import Postgres
import Reports
import Rules

/// What a check runs with: options over environment over file over defaults.
struct CheckSettings {
  var source: Inspector.Origin
  var target: Inspector.Origin
  var options: CheckOptions
  var inspection: Inspector.Settings
  var tools: ClientToolSearch
  var destinations: [ReportDestination]
  var digest: SettingsDigest
  var waivers: [ConfiguredWaiver]
  /// Where schemas are restored for the sake of trying.
  var rehearsal: RehearsalPlace?

  struct RehearsalPlace: Sendable {
    var source: ConnectionString
    var connection: ConnectionString
    /// Whether that is the target itself.
    var isTarget: Bool
    /// Of each table.
    var rows: Int
  }

  init(_ command: some PreflightCommand, environment: [String: String]) throws {
    let loaded = try ConfigurationFile.load(command.output.config)
    let file = loaded.settings
    options = try Self.options(command.selection, file: file)
    (source, options.savedSides) = (try Self.origin(.source, command, environment, file), [])
    target = try Self.origin(.target, command, environment, file)
    if case .saved = source { options.savedSides.insert(.source) }
    if case .saved = target { options.savedSides.insert(.target) }
    inspection = try Self.inspection(command.connection, file: file)
    options.jobs = inspection.jobs
    tools = try Self.tools(folder: command.connection.pgBin ?? file.pgBin, environment: environment)
    let reports = command.reports
    let templates = try templates(in: reports.templateDirectory ?? file.templateDirectory)
    destinations = try ReportDestination.parse(
      reports.report.isEmpty && reports.reportDirectory == nil ? file.report ?? [] : reports.report,
      directory: reports.reportDirectory ?? (reports.report.isEmpty ? file.reportDirectory : nil),
      templates: templates)
    waivers = file.waivers
    rehearsal = try Self.rehearsal(command.rehearsal, source: source, target: target)
    digest = SettingsDigest(
      file: loaded.path, digest: loaded.digest, failOn: reports.failOn ?? file.failOn ?? .blocker,
      waivers: waivers.count)
  }

  /// Of each place that may name a cluster, the first that names it decides whether it is a server or a saved snapshot.
  private static func origin(
    _ side: Side, _ command: some PreflightCommand, _ environment: [String: String], _ file: ConfigurationFile
  ) throws -> Inspector.Origin {
    let isSource = side == .source
    let option = isSource ? command.connection.source : command.connection.target
    let path = command.savedSnapshot(of: side)
    let (filedOption, filedPath) = isSource ? (file.source, file.sourceSnapshot) : (file.target, file.targetSnapshot)
    guard option == nil || path == nil, filedOption == nil || filedPath == nil else {
      throw Failure.usage("--\(side) and --\(side)-snapshot exclude each other")
    }
    if let path { return .saved(try savedSnapshot(path, of: side)) }
    if option == nil, variable(of: side, environment) == nil, let filedPath {
      return .saved(try savedSnapshot(filedPath, of: side))
    }
    return .server(try connection(side, option: option, environment: environment, file: filedOption))
  }

  /// The first variable of the environment that names the cluster.
  static func variable(of side: Side, _ environment: [String: String]) -> String? {
    variables(of: side).first { !(environment[$0] ?? "").isEmpty }
  }

  private static func variables(of side: Side) -> [String] {
    ["PGPREFLIGHT_\(side.rawValue.uppercased())", "\(side.rawValue.uppercased())_SERVICE_URI"]
  }

  static func connection(
    _ side: Side, option: String?, environment: [String: String], file: String?
  ) throws -> ConnectionString {
    let name = side.rawValue
    // Most likely a variable of the shell that is not set: what it should have named is not to be guessed.
    if option == "" {
      throw Failure.usage("--\(name) is empty; where the PG… variables shall tell everything, give postgres://")
    }
    let variables = variables(of: side)
    let candidates =
      [("--\(name)", option)] + variables.map { ($0, environment[$0]) } + [("\(name) in the configuration file", file)]
    guard let (origin, text) = candidates.first(where: { !($0.1 ?? "").isEmpty }) else {
      throw Failure.usage("no \(name) is given: use --\(name) or \(variables[0])")
    }
    do {
      return try ConnectionString(text ?? "")
    } catch {
      throw Failure.usage("\(origin) is not a connection string: \(error)")
    }
  }

  private static func rehearsal(
    _ options: RehearsalOptions?, source: Inspector.Origin, target: Inspector.Origin
  ) throws -> RehearsalPlace? {
    guard let options else { return nil }
    guard options.rehearse || options.rehearseOn != nil else {
      guard options.rehearseRows == nil else {
        throw Failure.usage("--rehearse-rows needs --rehearse or --rehearse-on")
      }
      return nil
    }
    let rows = try number("rehearse-rows", options.rehearseRows, 0...1_000_000) ?? RehearsalOptions.defaultRows
    guard case .server(let source) = source else {
      throw Failure.usage("a rehearsal needs a connection to the source, for which a saved snapshot stands in")
    }
    if let text = options.rehearseOn {
      guard !text.isEmpty else { throw Failure.usage("--rehearse-on is empty") }
      do {
        return RehearsalPlace(source: source, connection: try ConnectionString(text), isTarget: false, rows: rows)
      } catch {
        throw Failure.usage("--rehearse-on is not a connection string: \(error)")
      }
    }
    guard case .server(let target) = target else {
      throw Failure.usage("--rehearse: a saved snapshot stands in for the target; name a server by --rehearse-on")
    }
    return RehearsalPlace(source: source, connection: target, isTarget: true, rows: rows)
  }

  static func tools(folder: String?, environment: [String: String]) throws -> ClientToolSearch {
    var isFolder: ObjCBool = false
    if let folder, !FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) || !isFolder.boolValue {
      throw Failure.usage("--pg-bin \(folder): there is no such folder")
    }
    return ClientToolSearch(folder: folder, path: environment["PATH"] ?? "")
  }

  static func options(_ selection: SelectionOptions, file: ConfigurationFile) throws -> CheckOptions {
    func names(_ option: [NameList], _ fromFile: [String]?) -> [String] {
      option.isEmpty ? fromFile ?? [] : option.flatMap(\.names)
    }
    var options = CheckOptions()
    options.method = selection.method ?? file.method ?? .auto
    options.excludedDatabases = names(selection.excludeDatabase, file.excludeDatabase)
    options.includedDatabases = names(selection.includeDatabase, file.includeDatabase)
    options.excludedRoles = names(selection.excludeRole, file.excludeRole)
    options.excludedExtensions = names(selection.excludeExtension, file.excludeExtension)
    options.tables = try tables(selection, file: file)
    options.replicatesExtensionTables =
      selection.replicateExtensionTables ?? file.replicateExtensionTables ?? true
    options.createsDatabases = selection.noCreatedb ? false : selection.createDatabases ?? file.createDatabases ?? true
    options.targetFreeSpace = (selection.targetFreeSpace ?? file.targetFreeSpace)?.bytes
    options.throughput = (selection.throughput ?? file.throughput)?.bytesPerSecond
    options.maxTotalSize = (selection.maxTotalSize ?? file.maxTotalSize)?.bytes
    options.copyAtCutover = selection.copyAtCutover ?? file.copyAtCutover ?? .auto
    options.maxBlockedSeconds = try maxBlockedSeconds(selection.maxBlockedTime, file: file)
    options.setsReplicaIdentity = selection.setReplicaIdentity || file.setReplicaIdentity ?? false
    options.skipsVersionCheck = selection.skipVersionCheck || file.skipVersionCheck ?? false
    options.acceptedUndetermined =
      selection.acceptUndetermined.isEmpty ? file.acceptUndetermined ?? [] : selection.acceptUndetermined
    // A container may run as a user without a name.
    let user = NSUserName()
    options.acceptedBy = user.isEmpty ? "user id \(geteuid())" : user

    let known = Set(Rule.all.map(\.id))
    if let unknown = options.acceptedUndetermined.first(where: { !known.contains($0) }) {
      throw Failure.noRule(unknown, in: "--accept-undetermined")
    }
    let both = Set(options.includedDatabases).intersection(options.excludedDatabases).sorted()
    if let name = both.first { throw Failure.usage("database \(name) is both included and excluded") }
    return options
  }

  static func maxBlockedSeconds(_ option: Int?, file: ConfigurationFile) throws -> Int {
    try number("max-blocked-time", option ?? file.maxBlockedTime, 1...86400) ?? CheckOptions.defaultMaxBlockedSeconds
  }

  private static func tables(_ selection: SelectionOptions, file: ConfigurationFile) throws -> TableFilter {
    func patterns(_ option: [TableList], _ fromFile: [String]?, _ name: String) throws -> [TablePattern] {
      if !option.isEmpty { return option.flatMap(\.patterns) }
      return try (fromFile ?? []).flatMap { text in
        guard let list = TableList(argument: text) else {
          throw Failure.usage("\(name): \(text) is not a table's name")
        }
        return list.patterns
      }
    }
    let isGiven = !selection.withTable.isEmpty || !selection.skipTable.isEmpty
    let with = try patterns(selection.withTable, isGiven ? nil : file.withTable, "with-table")
    let without = try patterns(selection.skipTable, isGiven ? nil : file.skipTable, "skip-table")
    guard with.isEmpty || without.isEmpty else {
      throw Failure.usage("--with-table and --skip-table exclude each other")
    }
    if !with.isEmpty { return .only(with) }
    return without.isEmpty ? .all : .without(without)
  }

  private static func number(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value else { return nil }
    guard range.contains(value) else {
      throw Failure.usage("--\(name) \(value): from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  static func inspection(
    _ connection: ConnectionOptions, file: ConfigurationFile
  ) throws -> Inspector.Settings {
    var settings = Inspector.Settings()
    if let jobs = try number("jobs", connection.jobs ?? file.jobs, 1...64) { settings.jobs = jobs }
    if let seconds = try number("connect-timeout", connection.connectTimeout ?? file.connectTimeout, 1...3600) {
      settings.connectTimeout = .seconds(seconds)
    }
    if let seconds = try number("statement-timeout", connection.statementTimeout ?? file.statementTimeout, 1...86400) {
      settings.statementTimeout = .seconds(seconds)
    }
    return settings
  }
}
