/// The queries of catalogs: every statement by which a check, a snapshot, and a migration's own inspection read a server,
/// other than the few of `InspectionStatements`.
///
/// Each names only `pg_catalog`, and runs nothing that a user could have defined; a test asks servers of every version
/// which relations, functions and operators each of them resolves to. It fails for a row type that is missing here.
public enum CatalogStatements {
  static let ofClusters: [any CatalogRow.Type] = [
    Activity.self, AssumableRole.self, AvailableExtension.self, BuiltinSymbol.self, CollationProviders.self,
    ControlData.self, CurrentRole.self, Database.self, DatabaseProperties.self, DatabaseSize.self,
    DefaultPrivilegeRole.self, ExclusiveLock.self, FreeSpaceFunction.self, LanguageTemplate.self, LibraryFile.self,
    Membership.self,
    OwnDatabaseSize.self, ParameterPrivilege.self, PredefinedRole.self, PreparedTransaction.self, ProviderMarks.self,
    ReplicationOrigins.self, ReplicationSlot.self, Role.self, RolePassword.self, RoleReference.self,
    RoleSetting.self, Server.self,
    SessionSetting.self, Setting.self, SettingName.self, StoredSetting.self, Subscription.self, Tablespace.self,
    WALStatistics.self, WritingTransaction.self,
  ]

  static let ofDatabases: [any CatalogRow.Type] = [
    AccessMethodUse.self, BootstrapReference.self, BuiltinReference.self, ClosedSchema.self, CodedTable.self,
    CollationSigns.self,
    CronTable.self, DatabaseContents.self, DictionaryFile.self, EncodingConversion.self, EnumHashedTable.self,
    EventTrigger.self, ExtensionMemberUse.self, ExtensionMention.self, ExtensionTable.self, ExtensionTableAccess.self,
    ExtensionTableCondition.self, ExtensionUse.self, FilterDependency.self, FiringRule.self, FiringTrigger.self,
    ForcedRowSecurityTable.self, ForeignServer.self, FullIdentityTable.self, FunctionSetting.self,
    FunctionSettingSigns.self, FunctionSummary.self, GeneratedKeyTable.self, Hypertables.self,
    InstalledExtension.self, InvalidIndex.self, LabelProvider.self, Language.self, LanguageUse.self,
    LargeObjects.self, LargeTable.self, LinkedFunctions.self, LoadReading.self, MaterializedView.self,
    MaterializedViewSource.self,
    MisplacedObject.self, MoneyColumn.self, NewerFeature.self, NotOwnedTable.self, NullableChild.self,
    OfferedMember.self, OpaqueFunction.self, PlainUnidentifiedTable.self, PolymorphicUse.self, PostfixOperator.self,
    Publication.self, RasterUse.self, RelationSummary.self, RemovedTypeColumn.self, RowSecuredTable.self,
    SchemaAccess.self, SchemaUse.self, SequenceUse.self,
    SuperuserObject.self, SystemCollation.self, SystemTableColumn.self, SystemViewColumn.self, Table.self,
    TableWithOIDs.self, TablespaceUse.self, TakenName.self, UnidentifiedTable.self, UnloggedTable.self,
    UnpublishedReference.self, UnqualifiedFunction.self, UnreadableRelation.self, UnvalidatedConstraint.self,
    UnvalidatedDomain.self,
    UsedCollation.self, UserObject.self, UserObjectSigns.self, VersionedColumns.self, WideTable.self, XMLUse.self,
  ]

  public static let rows = ofClusters + ofDatabases

  /// The texts of all of them, for a server of that version.
  public static func all(on version: ServerVersion) -> [(name: String, sql: String)] {
    rows.map { ("\($0)", $0.sql(version)) }
  }
}
