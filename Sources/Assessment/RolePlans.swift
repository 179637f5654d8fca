import Catalog
import Rules

/// What would happen to each role of the source.
func rolePlans(for pair: ClusterPair) -> [RolePlan] {
  guard let roles = pair.source.roles.ifKnown else { return [] }
  let there = pair.target.roles.ifKnown.map { Set($0.map(\.rolname)) }
  return roles.map { role in
    let action: RolePlan.Action =
      if pair.options.excludedRoles.contains(role.rolname) || Provider.ownedRoles.contains(role.rolname) {
        .leaveOut
      } else if let there {
        there.contains(role.rolname) ? .exists : .create
      } else {
        .undetermined
      }
    return RolePlan(name: role.rolname, action: action)
  }
}
