import ArgumentParser
import Catalog

/// What is part of the move, and by which method.
struct SelectionOptions: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("exclude-database"), .customLong("filtered-db")],
    help: ArgumentHelp("Databases to leave out, comma-separated; repeatable.", valueName: "name"))
  var excludeDatabase: [NameList] = []

  @Option(
    name: .customLong("include-database"),
    help: ArgumentHelp("Only these databases, comma-separated; repeatable.", valueName: "name"))
  var includeDatabase: [NameList] = []

  @Option(
    name: [
      .customLong("exclude-role"), .customLong("excluded-roles"), .customLong("xr", withSingleDash: true),
    ],
    help: ArgumentHelp("Roles to leave out, comma-separated; repeatable.", valueName: "name"))
  var excludeRole: [NameList] = []

  @Option(
    name: [
      .customLong("exclude-extension"), .customLong("excluded-extensions"), .customLong("xe", withSingleDash: true),
    ],
    help: ArgumentHelp("Extensions to leave out, comma-separated; repeatable.", valueName: "name"))
  var excludeExtension: [NameList] = []

  @Option(
    name: .customLong("with-table"),
    help: ArgumentHelp(
      "Only these tables: table, schema.table or database.schema.table, quoted as in SQL; repeatable.",
      valueName: "table"))
  var withTable: [TableList] = []

  @Option(
    name: .customLong("skip-table"),
    help: ArgumentHelp("All tables but these, likewise.", valueName: "table"))
  var skipTable: [TableList] = []

  @Flag(
    name: .customLong("create-databases"), inversion: .prefixedNo,
    help: "Whether databases that the target lacks may be created (default: yes).")
  var createDatabases: Bool?

  @Flag(
    name: .customLong("replicate-extension-tables"), inversion: .prefixedNo,
    help: "Whether replication takes the tables of extensions along (default: yes).")
  var replicateExtensionTables: Bool?

  @Flag(name: .customLong("no-createdb"), help: .hidden)
  var noCreatedb = false

  @Option(
    name: [.customLong("method"), .customLong("force-method")],
    help: ArgumentHelp(
      "How databases go; auto: by replication where nothing blocks it, else by dump (default: auto).",
      valueName: "method"))
  var method: MethodChoice?

  @Option(
    name: .customLong("target-free-space"),
    help: ArgumentHelp(
      "Free space on the target's data volume, such as 500GB or 1.5TiB, where SQL can't tell.", valueName: "size"))
  var targetFreeSpace: Size?

  @Option(
    name: .customLong("throughput"),
    help: ArgumentHelp(
      "What to assume when it is estimated how long the copy takes, such as 80MB/s (default: a range).",
      valueName: "rate"))
  var throughput: Rate?

  @Option(
    name: .customLong("copy-at-cutover"),
    help: ArgumentHelp(
      "Whether what can't be replicated is copied while writes are blocked; auto: if that fits (default: auto).",
      valueName: "when"))
  var copyAtCutover: CopyAtCutover?

  @Option(
    name: .customLong("max-blocked-time"),
    help: ArgumentHelp(
      "For how long a cutover may block writes in all, in seconds: that copy has to fit into it (default: 30).",
      valueName: "seconds"))
  var maxBlockedTime: Int?

  @Flag(
    name: .customLong("set-replica-identity"),
    help: "Let a migration give tables of the source a replica identity, until the cutover or cleanup.")
  var setReplicaIdentity = false

  @Option(
    name: [.customLong("max-total-size"), .customLong("dbs-max-total-size")],
    help: ArgumentHelp("The most that may be moved, such as 2TB: what is larger is a blocker.", valueName: "size"))
  var maxTotalSize: Size?

  @Flag(
    name: [.customLong("skip-version-check"), .customLong("skip-db-version-check")],
    help: "Allow an older target major version: the finding becomes a warning.")
  var skipVersionCheck = false

  @Option(
    name: .customLong("accept-undetermined"),
    help: ArgumentHelp(
      "Go on although this rule could not be evaluated; recorded with who ran it; repeatable.", valueName: "rule"),
    completion: .ruleIDs)
  var acceptUndetermined: [String] = []
}
