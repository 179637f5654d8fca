import Catalog

extension Rule {
  /// Every rule, by group and id: the order of the reports.
  public static let all: [Rule] = [
    connectionHeadroom, connectionPooler, connectionSource, connectionSourceDatabases, connectionTarget,
    connectionTargetDatabases, connectionTLS, notSameServer, subscriptionConnectivity,
    minorCurrent, sourceNotInRecovery, sourceVersionSupported, targetNotInRecovery, targetVersion,
    targetVersionSupported,
    existingSlots, longTransactions, outputPluginAllowed, preparedTransactions, replicationSlotsFree,
    replicationTimeouts, semanticsSettings, sessionTimeouts, slotKeepSize, slotsForInitialSync, sourceSizeLimit,
    targetDiskSpace, targetOriginsFree, targetReplicationWorkers, walSendersFree,
    largeObjectPrivileges, publicationPrivileges, replicationPrivileges, sourceReadPrivileges, sourceRowSecurity,
    superuserOnlyObjects, targetCreatePrivileges, targetOwnership, targetRowSecurity, targetSubscriptionPrivileges,
    rolePasswords, roleSettingsValid, rolesConflict, rolesMissing, rolesReserved,
    collationVersion, collationsAvailable, databaseExistsOrCreatable, databaseProperties, databaseValid,
    encodingCompatible, localeAvailable, tablespaces, targetTablesEmpty, wraparoundHeadroom,
    extensionVersion, extensionsAvailable, extensionsInstallable, languagesAvailable,
    eventTriggers, expressionsSearchPath, foreignServers, functionSettingsValid, invalidIndexes, materializedViews,
    alwaysTriggers, ddlDuringReplication, existingPublications, existingSubscriptions, generatedColumns, largeObjects,
    partitionRouting, partitionedTables, replicaIdentity, replicaIdentityFull, replicationSourceVersion, sequences,
    unloggedTables, unvalidatedConstraints, walLevelLogical,
    pgDumpColumnOptions, pgDumpSecurity, pgDumpVersion, pgRestoreVersion,
  ]

  /// Changes with every release in which some rule decides otherwise.
  public static let setVersion = "1"
}
