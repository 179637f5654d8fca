/// What a session of ours is for: a few settings depend on it.
public enum SessionPurpose: Sendable {
  /// Reads catalogs, or the rows of tables, and writes nothing.
  case reading
  /// Writes, too: what it defines and fills may name views of users.
  case writing
}

/// The settings that every session of this program runs with, whatever a role, a database or the server has: each can
/// change what a statement means, how a value is written, how long a statement may take, or which code runs.
///
/// All of them may be set by every role, other than those of `whereAllowed`. What `pg_dump` sets is among them
/// (`setup_connection` of pg_dump.c).
public enum SessionSettings {
  /// One setting, for as long as servers have it.
  struct Setting: Sendable {
    var name: String
    var value: String
    /// The first version that has it, as in `server_version_num`.
    var since = 0
    /// The first that does not have it any more.
    var until = Int.max

    init(_ name: String, _ value: String, since: Int = 0, until: Int = .max) {
      self.name = name
      self.value = value
      self.since = since
      self.until = until
    }
  }

  /// Settings that are there for one reason.
  struct Group: Sendable {
    var reason: String
    var settings: [Setting]
  }

  static let groups = [
    Group(
      reason: "how a statement is read: quotes, backslashes, NULL, XML",
      settings: [
        Setting("standard_conforming_strings", "on"), Setting("backslash_quote", "safe_encoding"),
        Setting("escape_string_warning", "off"), Setting("transform_null_equals", "off"), Setting("array_nulls", "on"),
        Setting("xmloption", "content"), Setting("operator_precedence_warning", "off", until: 140_000),
      ]),
    Group(
      reason: "how values are written: names are compared as text, and rows are read by another version",
      settings: [
        Setting("quote_all_identifiers", "off"), Setting("DateStyle", "ISO"), Setting("IntervalStyle", "postgres"),
        Setting("TimeZone", "UTC"), Setting("bytea_output", "hex"), Setting("xmlbinary", "base64"),
        // Before 12, 1 is not enough to read a value back as it was.
        Setting("extra_float_digits", "3", until: 120_000), Setting("extra_float_digits", "1", since: 120_000),
      ]),
    Group(
      reason: "what ends a session or a transaction: the time limits are this program's own",
      settings: [
        Setting("idle_in_transaction_session_timeout", "0", since: 90_600),
        Setting("idle_session_timeout", "0", since: 140_000), Setting("transaction_timeout", "0", since: 170_000),
        Setting("exit_on_error", "off"),
      ]),
    Group(
      reason: "the rows of a table come in its own order, each time that it is read",
      settings: [Setting("synchronize_seqscans", "off")]),
    Group(
      reason: "to look at foreign keys, a server computes no constant checks, which are code of the tables' owners",
      settings: [Setting("constraint_exclusion", "partition")]),
    Group(
      reason: "rows that row security would hide are an error, not a silence",
      settings: [Setting("row_security", "off", since: 90_500)]),
    Group(
      reason: "messages that nobody asked for, to us and into the server's log",
      settings: [
        Setting("client_min_messages", "warning"), Setting("debug_print_parse", "off"),
        Setting("debug_print_rewritten", "off"), Setting("debug_print_plan", "off"),
      ]),
    Group(
      reason: "compiling takes longer than any statement of ours, and needs libraries that may be missing",
      settings: [Setting("jit", "off", since: 110_000)]),
    Group(
      reason: "no worker processes are taken from the applications, nor forced upon statements that need none",
      settings: [
        Setting("max_parallel_workers_per_gather", "0", since: 90_600),
        Setting("force_parallel_mode", "off", since: 90_600, until: 160_000),
        Setting("debug_parallel_query", "off", since: 160_000),
      ]),
    Group(
      reason: "plans are those that the statements were measured with",
      settings: [
        "enable_bitmapscan", "enable_hashagg", "enable_hashjoin", "enable_indexonlyscan", "enable_indexscan",
        "enable_material", "enable_mergejoin", "enable_nestloop", "enable_seqscan", "enable_sort", "enable_tidscan",
        "geqo",
      ].map { Setting($0, "on") } + [
        Setting("enable_memoize", "on", since: 140_000), Setting("plan_cache_mode", "auto", since: 120_000),
        Setting("from_collapse_limit", "8"), Setting("join_collapse_limit", "8"), Setting("geqo_threshold", "12"),
        Setting("seq_page_cost", "1"), Setting("random_page_cost", "4"), Setting("cpu_tuple_cost", "0.01"),
        Setting("cpu_index_tuple_cost", "0.005"), Setting("cpu_operator_cost", "0.0025"),
        Setting("work_mem", "16MB"), Setting("hash_mem_multiplier", "1", since: 130_000),
        Setting("stats_fetch_consistency", "cache", since: 150_000),
      ]),
  ]

  /// What transactions are that do not say it themselves.
  private static let transactions = [
    Setting("default_transaction_isolation", "read committed"), Setting("default_transaction_read_only", "off"),
    Setting("default_transaction_deferrable", "off"),
  ]

  /// Where a relation that a statement reads were replaced by a view or a foreign table, the server refuses, and runs
  /// nothing of it (17, and the minor releases of August 2024; CVE-2024-7348). Not for what refreshes materialized views.
  private static let reading = Setting("restrict_nonsystem_relation_kind", "view,foreign-table")

  /// Only for roles that may set them.
  private static let whereAllowed = [
    // Messages are compared with what is known, and reports are in English.
    Setting("lc_messages", "C")
  ]

  /// The settings for a server.
  ///
  /// - Parameter version: as in `server_version_num`.
  static func all(for purpose: SessionPurpose, on version: Int) -> [Setting] {
    var settings = groups.flatMap(\.settings)
    if purpose == .reading, restrictsRelationKinds(version) { settings.append(reading) }
    return settings.filter { ($0.since..<$0.until).contains(version) }
  }

  private static func restrictsRelationKinds(_ version: Int) -> Bool {
    let firstMinor = [12: 20, 13: 16, 14: 13, 15: 8, 16: 4]
    return version >= 170_000 || firstMinor[version / 10_000].map { version % 10_000 >= $0 } ?? false
  }

  /// The statements that a session, or a transaction, begins with. They name nothing but `pg_catalog`, also where a
  /// search_path or a string setting of somebody else is still in force when they are read.
  ///
  /// - Parameters:
  ///   - isLocal: they hold for the transaction that has begun, else for the session.
  ///   - timeouts: for each statement and each wait for a lock, in milliseconds; 0 for none.
  ///   - others: more of them that every role may set.
  public static func statements(
    for purpose: SessionPurpose, on version: Int, isLocal: Bool, timeouts: (statement: Int, lock: Int),
    others: [String: String] = [:]
  ) -> [Statement] {
    let word = isLocal ? "SET LOCAL" : "SET"
    let values =
      (all(for: purpose, on: version) + (isLocal ? [] : transactions)).map { ($0.name, $0.value) }
      + others.sorted { $0.key < $1.key }
      + [("lock_timeout", "\(timeouts.lock)")]
    func setting(_ name: String, _ value: String) -> String {
      "pg_catalog.set_config(\(Quoting.literal(name)), \(Quoting.literal(value)), \(isLocal))"
    }
    let privileged = whereAllowed.map { each in
      "CASE WHEN \(mayBeSet(each.name, version)) THEN \(setting(each.name, each.value)) END"
    }
    return [
      // First of all: from here on every name is looked up in pg_catalog, and there is time for the rest.
      Statement("\(word) search_path = ''"), Statement("\(word) statement_timeout = \(timeouts.statement)"),
      Statement("SELECT \((values.map(setting) + privileged).joined(separator: ", "))"),
    ]
  }

  // Privileges for single settings are new in 15.
  private static func mayBeSet(_ name: String, _ version: Int) -> String {
    version >= 150_000
      ? "pg_catalog.has_parameter_privilege(\(Quoting.literal(name)), 'SET')"
      : "(SELECT m.rolsuper FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)"
  }

  /// What `options` of a connection string may change: who a session runs as. A role that a database or a role has
  /// among its settings (`ALTER DATABASE … SET role`) is not who connected.
  static let defaults = ["role": "none"]

  /// For the session's start, before any statement: with an event trigger on `login` (17 and newer) another one's code
  /// would run with our rights. Takes a superuser, or from 15 on a grant; servers before 17 do not know it.
  public static let withoutEventTriggers = ["event_triggers": "off"]

  /// What switches off the time limits that a session's start has run into; nil where it was something else.
  ///
  /// Source: appendix "PostgreSQL Error Codes": query_canceled, idle_in_transaction_session_timeout,
  /// idle_session_timeout (14 and newer), transaction_timeout (17 and newer).
  static func timeLimits(after failure: ConnectionFailure) -> [String: String]? {
    let since: Int
    switch failure.sqlstate {
    case "57014", "25P03": since = 90_600
    case "57P05": since = 140_000
    case "25P04": since = 170_000
    default: return nil
    }
    let names = ["idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout"]
    return Dictionary(
      groups.flatMap(\.settings).filter { names.contains($0.name) && $0.since <= since }.map { ($0.name, $0.value) }
        + [("statement_timeout", "0")], uniquingKeysWith: { $1 })
  }

  /// The same settings for the session's start, where somebody else's would end the session before its first statement.
  public static func startup(
    for purpose: SessionPurpose, on version: Int, timeouts: (statement: Int, lock: Int)
  ) -> [String: String] {
    Dictionary(
      all(for: purpose, on: version).map { ($0.name, $0.value) }
        + [
          ("search_path", ""), ("statement_timeout", "\(timeouts.statement)"), ("lock_timeout", "\(timeouts.lock)"),
        ],
      uniquingKeysWith: { $1 })
  }
}

/// What a session may be asked to start with.
enum AcceptedSettings: Int, Comparable {
  /// None: a pooler.
  case none
  /// Who it runs as.
  case role
  /// And without event triggers.
  case eventTriggers

  static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }

  /// What is left to ask for after a refusal; nil where that is not what was refused.
  func after(_ failure: ConnectionFailure) -> AcceptedSettings? {
    switch self {
    case .eventTriggers:
      // The server does not know the setting, does not let the role change it, or is behind a pooler that takes none.
      failure.kind == .unsupportedStartupOption || failure.sqlstate == "42501" ? .role : nil
    case .role: failure.kind == .unsupportedStartupOption ? AcceptedSettings.none : nil
    case .none: nil
    }
  }
}
