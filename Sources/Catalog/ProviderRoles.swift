extension Provider {
  /// Roles that belong to a service, not to its customer: nobody has to bring them to a target.
  public static let ownedRoles: Set<String> = [
    "rdsadmin", "rds_superuser", "rds_replication", "rds_password", "rds_ad", "rds_iam", "rdsrepladmin", "rdstopmgr",
    "cloudsqladmin", "cloudsqlsuperuser", "cloudsqlagent", "cloudsqlimportexport", "cloudsqlreplica",
    "cloudsqlobservability", "cloudsqlconnpooladmin", "cloudsqlinactiveuser", "cloudsqllogical", "cloudsqliamuser",
    "cloudsqliamserviceaccount", "cloudsqliamgroup", "cloudsqliamgroupuser", "cloudsqliamgroupserviceaccount",
    "alloydbadmin", "alloydbsuperuser", "alloydbagent", "alloydbexport", "alloydbiamuser", "alloydbimportexport",
    "alloydbmetadata", "alloydbobservability", "alloydbreplica", "alloydbsqladmin",
    "azuresu", "azure_pg_admin", "azure_superuser", "neon_superuser", "cloud_admin", "supabase_admin",
    "crunchy_superuser", "crunchy_replication",
  ]
}
