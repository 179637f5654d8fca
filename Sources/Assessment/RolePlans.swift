import Catalog
import Rules

/// Roles that belong to a service, not to its customer.
private let providerRoles: Set<String> = [
  "rdsadmin", "rds_superuser", "rds_replication", "rds_password", "rds_ad", "rds_iam", "rdsrepladmin", "rdstopmgr",
  "cloudsqladmin", "cloudsqlsuperuser", "cloudsqlagent", "cloudsqlimportexport", "cloudsqlreplica",
  "cloudsqlobservability", "cloudsqlconnpooladmin", "cloudsqlinactiveuser", "cloudsqllogical", "cloudsqliamuser",
  "cloudsqliamserviceaccount", "cloudsqliamgroup", "cloudsqliamgroupuser", "cloudsqliamgroupserviceaccount",
  "alloydbadmin", "alloydbsuperuser", "alloydbagent", "alloydbexport", "alloydbiamuser", "alloydbimportexport",
  "alloydbmetadata", "alloydbobservability", "alloydbreplica", "alloydbsqladmin",
  "azuresu", "azure_pg_admin", "azure_superuser", "neon_superuser", "cloud_admin", "supabase_admin",
  "crunchy_superuser", "crunchy_replication",
]

/// What would happen to each role of the source.
func rolePlans(for pair: ClusterPair) -> [RolePlan] {
  guard let roles = pair.source.roles.ifKnown else { return [] }
  let there = pair.target.roles.ifKnown.map { Set($0.map(\.rolname)) }
  return roles.map { role in
    let action: RolePlan.Action =
      if pair.options.excludedRoles.contains(role.rolname) || providerRoles.contains(role.rolname) {
        .leaveOut
      } else if let there {
        there.contains(role.rolname) ? .exists : .create
      } else {
        .undetermined
      }
    return RolePlan(name: role.rolname, action: action)
  }
}
