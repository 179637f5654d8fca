/// What a look into one database has shown.
public struct DatabaseSnapshot: Codable, Sendable, Equatable {
  public var name: String
  public var connection: ConnectionAttempt
  public var summary: Fact<RelationSummary>
  public var extensions: Fact<[InstalledExtension]>
  public var languages: Fact<[Language]>
  /// Read where an extension is not offered by the target, is of another version there, or lies in another schema.
  public var extensionUses: Fact<[ExtensionUse]>
  public var extensionMentions: Fact<[ExtensionMention]>
  public var extensionMemberUses: Fact<[ExtensionMemberUse]>
  /// nil where there is no `pg_stat_statements`, or it could not be read, or nothing depends on it.
  public var statementMentions: [StatementMention]?
  /// Read in source databases, as the next ones.
  public var extensionTables: Fact<[ExtensionTable]>
  public var cronJobs: Fact<CronJobs>
  public var hypertables: Fact<Hypertables>
  public var rasterUse: Fact<RasterUse>
  /// Read where there are languages that not every database has.
  public var languageUses: Fact<[LanguageUse]>
  /// Read where the connected role is no superuser.
  public var notOwnedTables: Fact<[NotOwnedTable]>
  /// Read in source databases where the connected role is no superuser.
  public var unreadableRelations: Fact<[UnreadableRelation]>
  /// Read in target databases where the connected role is no superuser.
  public var closedSchemas: Fact<[ClosedSchema]>
  /// Read in source databases where the target's role is no superuser.
  public var contents: Fact<DatabaseContents>
  public var schemaUses: Fact<[SchemaUse]>
  /// Read in target databases where the connected role is no superuser.
  public var schemaAccess: Fact<[SchemaAccess]>
  public var extensionTableAccess: Fact<[ExtensionTableAccess]>
  /// What users have in a target database.
  public var objects: Fact<[UserObject]>
  /// Read in source databases of which the target's one is not empty.
  public var takenNames: Fact<[TakenName]>
  /// Read in source databases.
  public var rowSecuredTables: Fact<[RowSecuredTable]>
  public var largeObjects: Fact<LargeObjects>
  public var materializedViews: Fact<[MaterializedView]>
  public var materializedViewSources: Fact<[MaterializedViewSource]>
  public var invalidIndexes: Fact<[InvalidIndex]>
  public var publications: Fact<[Publication]>
  public var foreignServers: Fact<[ForeignServer]>
  /// Of both sides.
  public var eventTriggers: Fact<[EventTrigger]>
  public var largeTables: Fact<[LargeTable]>
  public var codedTables: Fact<[CodedTable]>
  public var loadReadings: Fact<[LoadReading]>
  /// Read in source databases that may be replicated.
  public var unidentifiedTables: Fact<[UnidentifiedTable]>
  public var fullIdentityTables: Fact<[FullIdentityTable]>
  public var unloggedTables: Fact<[UnloggedTable]>
  public var unpublishedReferences: Fact<[UnpublishedReference]>
  public var sequenceUses: Fact<[SequenceUse]>
  /// Read in source databases where the target may refuse the options of columns.
  public var versionedColumns: Fact<VersionedColumns>
  public var firingTriggers: Fact<[FiringTrigger]>
  public var firingRules: Fact<[FiringRule]>
  public var generatedKeyTables: Fact<[GeneratedKeyTable]>
  public var enumHashedTables: Fact<[EnumHashedTable]>
  public var forcedRowSecurityTables: Fact<[ForcedRowSecurityTable]>
  public var unvalidatedConstraints: Fact<[UnvalidatedConstraint]>
  public var unvalidatedDomains: Fact<[UnvalidatedDomain]>
  /// Read in source databases where the target's role is no superuser.
  public var superuserObjects: Fact<[SuperuserObject]>
  /// Read in source databases where the target's role is no superuser, or a role is left out.
  public var bootstrapReferences: Fact<[BootstrapReference]>
  /// Read in source databases whose summary shows that there are some.
  public var defaultPrivilegeRoles: Fact<[DefaultPrivilegeRole]>
  public var labelProviders: Fact<[LabelProvider]>
  public var tablespaceUses: Fact<[TablespaceUse]>
  /// Read in source databases of which some function has settings, where the target may lack or refuse some.
  public var functionSettings: Fact<[FunctionSetting]>
  /// Read in source databases that define or name some.
  public var collations: Fact<[UsedCollation]>
  /// Read in source databases, and what follows where it says that there are some.
  public var functions: Fact<FunctionSummary>
  public var linkedFunctions: Fact<[LinkedFunctions]>
  public var unqualifiedFunctions: Fact<[UnqualifiedFunction]>
  public var misplacedObjects: Fact<[MisplacedObject]>
  /// Read in source databases of which the target refuses or lacks such things by its version.
  public var opaqueFunctions: Fact<[OpaqueFunction]>
  public var removedTypeColumns: Fact<[RemovedTypeColumn]>
  public var tablesWithOIDs: Fact<[TableWithOIDs]>
  public var polymorphicUses: Fact<[PolymorphicUse]>
  public var postfixOperators: Fact<[PostfixOperator]>
  public var encodingConversions: Fact<[EncodingConversion]>
  public var wideTables: Fact<[WideTable]>
  public var moneyColumns: Fact<[MoneyColumn]>
  public var systemTableColumns: Fact<[SystemTableColumn]>
  public var accessMethodUses: Fact<[AccessMethodUse]>
  public var dictionaryFiles: Fact<[DictionaryFile]>
  /// Read in source databases whose target was built without libxml.
  public var xmlUses: Fact<[XMLUse]>
  public var newerFeatures: Fact<[NewerFeature]>
  public var nullableChildren: Fact<[NullableChild]>
  public var systemViewColumns: Fact<[SystemViewColumn]>
  public var builtinReferences: Fact<[BuiltinReference]>
  /// All user tables; read only when a table filter is given.
  public var tables: Fact<[Table]>
  /// Read in source databases when a table filter is given.
  public var filterDependencies: Fact<[FilterDependency]>
  /// Of source databases, when a rehearsal is asked for.
  public var rehearsal: Fact<Rehearsal>

  /// A snapshot in which nothing is known yet, for `reason`.
  public init(name: String, connection: ConnectionAttempt, unknown reason: Undetermined) {
    self.name = name
    self.connection = connection
    summary = .unknown(reason)
    extensions = .unknown(reason)
    languages = .unknown(reason)
    extensionUses = .unknown(reason)
    extensionMentions = .unknown(reason)
    extensionMemberUses = .unknown(reason)
    extensionTables = .unknown(reason)
    cronJobs = .unknown(reason)
    hypertables = .unknown(reason)
    rasterUse = .unknown(reason)
    languageUses = .unknown(reason)
    notOwnedTables = .unknown(reason)
    unreadableRelations = .unknown(reason)
    closedSchemas = .unknown(reason)
    contents = .unknown(reason)
    schemaUses = .unknown(reason)
    schemaAccess = .unknown(reason)
    extensionTableAccess = .unknown(reason)
    objects = .unknown(reason)
    takenNames = .unknown(reason)
    rowSecuredTables = .unknown(reason)
    largeObjects = .unknown(reason)
    materializedViews = .unknown(reason)
    materializedViewSources = .unknown(reason)
    invalidIndexes = .unknown(reason)
    publications = .unknown(reason)
    foreignServers = .unknown(reason)
    eventTriggers = .unknown(reason)
    largeTables = .unknown(reason)
    codedTables = .unknown(reason)
    loadReadings = .unknown(reason)
    unidentifiedTables = .unknown(reason)
    fullIdentityTables = .unknown(reason)
    unloggedTables = .unknown(reason)
    unpublishedReferences = .unknown(reason)
    sequenceUses = .unknown(reason)
    versionedColumns = .unknown(reason)
    firingTriggers = .unknown(reason)
    firingRules = .unknown(reason)
    generatedKeyTables = .unknown(reason)
    enumHashedTables = .unknown(reason)
    forcedRowSecurityTables = .unknown(reason)
    unvalidatedConstraints = .unknown(reason)
    unvalidatedDomains = .unknown(reason)
    superuserObjects = .unknown(reason)
    bootstrapReferences = .unknown(reason)
    defaultPrivilegeRoles = .unknown(reason)
    labelProviders = .unknown(reason)
    tablespaceUses = .unknown(reason)
    functionSettings = .unknown(reason)
    collations = .unknown(reason)
    functions = .unknown(reason)
    linkedFunctions = .unknown(reason)
    unqualifiedFunctions = .unknown(reason)
    misplacedObjects = .unknown(reason)
    opaqueFunctions = .unknown(reason)
    removedTypeColumns = .unknown(reason)
    tablesWithOIDs = .unknown(reason)
    polymorphicUses = .unknown(reason)
    postfixOperators = .unknown(reason)
    encodingConversions = .unknown(reason)
    wideTables = .unknown(reason)
    moneyColumns = .unknown(reason)
    systemTableColumns = .unknown(reason)
    accessMethodUses = .unknown(reason)
    dictionaryFiles = .unknown(reason)
    xmlUses = .unknown(reason)
    newerFeatures = .unknown(reason)
    nullableChildren = .unknown(reason)
    systemViewColumns = .unknown(reason)
    builtinReferences = .unknown(reason)
    tables = .unknown(reason)
    filterDependencies = .unknown(reason)
    rehearsal = .unknown(reason)
  }
}
