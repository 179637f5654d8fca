import Catalog

extension Rule {
  /// Every rule, by group and id: the order of the reports.
  public static let all: [Rule] = [
    connectionSource, connectionSourceDatabases, connectionTarget, connectionTargetDatabases, notSameServer,
    sourceNotInRecovery, targetNotInRecovery, targetVersion,
    replicationSlotsFree, sourceSizeLimit, targetDiskSpace, targetOriginsFree, targetReplicationWorkers,
    walSendersFree,
    publicationPrivileges, replicationPrivileges, sourceReadPrivileges, targetCreatePrivileges,
    targetSubscriptionPrivileges,
    databaseExistsOrCreatable, databaseValid,
    extensionVersion, extensionsAvailable, extensionsInstallable, languagesAvailable,
    replicationSourceVersion, walLevelLogical,
    pgDumpSecurity, pgDumpVersion, pgRestoreVersion,
  ]

  /// Changes with every release in which some rule decides otherwise.
  public static let setVersion = "1"
}
