import Catalog

extension Rule {
  /// Every rule, by group and id: the order of the reports.
  public static let all: [Rule] = [
    connectionHeadroom, connectionPooler, connectionSource, connectionSourceDatabases, connectionTarget,
    connectionTargetDatabases, connectionTLS, notSameServer, subscriptionConnectivity,
    minorCurrent, providerSupported, sourceNotInRecovery, sourceVersionSupported, targetNotInRecovery, targetVersion,
    targetVersionSupported,
    dataChecksums, decodingMemory, exclusiveLocks, existingSlots, longTransactions, outputPluginAllowed,
    preparedTransactions, replicationSlotsFree,
    replicationTimeouts, semanticsSettings, sessionTimeouts, slotKeepSize, sourceSizeLimit,
    targetBulkSettings, targetDiskSpace, targetOriginsFree, targetReplicationWorkers, walSendersFree,
    cutoverPrivileges, defaultPrivileges, largeObjectPrivileges, loadCode, parameterPrivileges, publicationPrivileges,
    replicationPrivileges, sourceReadPrivileges, sourceRowSecurity,
    superuserOnlyObjects, targetCreatePrivileges, targetOwnership, targetRowSecurity, targetSubscriptionPrivileges,
    roleMemberships, rolePasswords, roleSettingsValid, rolesConflict, rolesMissing, rolesReserved,
    collationVersion, collationsAvailable, databaseExistsOrCreatable, databaseProperties, databaseValid,
    encodingCompatible, localeAvailable, tablespaces, targetTablesEmpty, wraparoundHeadroom,
    extensionConfigTables, extensionMembers, extensionPreload, extensionSchema, extensionVersion, extensionsAvailable,
    extensionsInstallable, extensionsRemoved, languagesAvailable, pgCron, postgis, timescaledb,
    accessMethods, builtinReferences, cFunctions, encodingConversions, eventTriggers, filterDependencies,
    foreignServers, functionSettingsValid, functionsSearchPath, internalAndOpaqueFunctions, invalidIndexes, loadOrder,
    materializedViewOwners, materializedViews, notNullInheritance,
    polymorphicFunctions, postfixOperators, removedTypes, rowWidth, rowsRehearsal, schemaRehearsal, securityLabels,
    settingsDependentTypes,
    systemTableColumns, systemViewColumns, tablesWithOIDs,
    targetDDLGuards, targetOlderFeatures, textSearchFiles,
    userObjectsInSystemSchemas, xmlSupport,
    alwaysTriggers, applyCode, applyOrder, ddlDuringReplication, existingPublications, existingSubscriptions,
    generatedColumns,
    hypertables,
    largeObjects, partitionRouting, partitionedTables, replicaIdentity, replicaIdentityFull, replicationDDLGuards,
    replicationSourceVersion, sequences, unloggedTables, unpublishedReferences, unvalidatedConstraints, walLevelLogical,
    libpqVersion, pgDumpColumnOptions, pgDumpSecurity, pgDumpVersion, pgRestoreVersion,
    estimatedDuration, largeTables, manyObjects, sizeSummary, statisticsAfterRestore, walRetentionDuringCopy,
  ]

  /// Changes with every release in which some rule decides otherwise.
  public static let setVersion = "2"
}
