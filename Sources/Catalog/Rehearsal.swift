/// How it ended to restore the schema of a source database for the sake of trying (`--rehearse`).
public struct Rehearsal: Codable, Sendable, Equatable {
  /// Why it was not tried; nil where it was.
  public var reasonNotTried: String?
  /// Entries of the dump's table of contents that were restored.
  public var entries = 0
  /// How many errors there were in all; of these the first are kept.
  public var nErrors = 0
  public var errors: [RehearsalError] = []
  /// Roles that the server lacks: the migration creates them, so owners, privileges and what names one was left out.
  public var missingRoles: [String] = []
  /// What became of the rows that were loaded for the sake of trying; nil where none were asked for, or the schema failed.
  public var rows: RowsRehearsal?
  /// Scratch databases on the server: those that runs before have left, and its own where it could not be dropped.
  public var leftovers: [String] = []

  /// Errors that are kept.
  public static let limit = 1000

  public init() {}

  public init(notTried reason: String) { reasonNotTried = reason }
}

/// How it ended to load a sample of each table of a database for the sake of trying.
public struct RowsRehearsal: Codable, Sendable, Equatable {
  /// Why it was not tried; nil where it was.
  public var reasonNotTried: String?
  /// Tables that were loaded, and their rows in all.
  public var tables = 0
  public var rows = 0
  /// Whether each table was loaded with all of its rows.
  public var isComplete = true
  /// What will fail with all rows too.
  public var errors: [RehearsalError] = []
  /// What has perhaps failed because only some of the rows were there, or the rights of the owner were not.
  public var doubtfulErrors: [RehearsalError] = []
  /// Tables whose rows could not be read on the source, with the reason.
  public var unread: [RehearsalError] = []

  public init() {}

  public init(notTried reason: String) { reasonNotTried = reason }
}

/// What `pg_restore` said of one entry.
public struct RehearsalError: Codable, Sendable, Equatable {
  /// As the table of contents names it: `TABLE public orders`.
  public var object: String
  /// The server's words, without the statement.
  public var message: String

  public init(object: String, message: String) {
    self.object = object
    self.message = message
  }
}
