import Catalog

/// That a role is a member of another, by one grantor.
struct RoleMembership: Decodable, Sendable, Equatable {
  var role: String
  var member: String
  /// nil: the superuser that initdb made, or not known: before 16 a grantor is only noted (release notes of 16).
  var grantor: String?
  var adminOption: Bool
  var inheritOption: Bool
  var setOption: Bool
  /// Whether the member may create roles: before 16 it may grant every role by that.
  var rolcreaterole: Bool

  struct Pair: Hashable {
    var role: String
    var member: String
  }

  var pair: Pair { Pair(role: role, member: member) }

  /// Those in which `$1` are members, or that `$1` are members of.
  ///
  /// Before 16 a member inherits by its own attribute, and can always set the role (documentation of `GRANT`).
  static func sql(_ version: ServerVersion) -> String {
    let columns =
      version.major >= 16
      ? "CASE WHEN m.grantor <> 10::pg_catalog.oid THEN g.rolname END AS grantor, m.inherit_option, m.set_option"
      : "NULL::text AS grantor, u.rolinherit AS inherit_option, true AS set_option"
    return """
      SELECT r.rolname AS role, u.rolname AS member, u.rolcreaterole, m.admin_option, \(columns)
        FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles r ON r.oid = m.roleid
        JOIN pg_catalog.pg_roles u ON u.oid = m.member LEFT JOIN pg_catalog.pg_roles g ON g.oid = m.grantor
       WHERE r.rolname = ANY ($1::name[]) OR u.rolname = ANY ($1::name[])
       ORDER BY r.rolname COLLATE "C", u.rolname COLLATE "C", g.rolname COLLATE "C"
      """
  }

  /// What this one and another of the same pair give together.
  func union(_ other: RoleMembership?) -> RoleMembership {
    guard let other else { return self }
    var union = self
    union.adminOption = adminOption || other.adminOption
    union.inheritOption = inheritOption || other.inheritOption
    union.setOption = setOption || other.setOption
    return union
  }

  /// As `GRANT … WITH` takes them from 16 on.
  var options: [(name: String, isOn: Bool)] {
    [("ADMIN", adminOption), ("INHERIT", inheritOption), ("SET", setOption)]
  }
}

extension [RoleMembership] {
  /// What all grantors of each pair give together: that is what holds.
  var effective: [RoleMembership.Pair: RoleMembership] {
    reduce(into: [:]) { $0[$1.pair] = $1.union($0[$1.pair]) }
  }

  /// A grantor comes after what gives it ADMIN. Where nothing here does so, it is at the end.
  var inOrderOfGrantors: [RoleMembership] {
    var ordered: [RoleMembership] = []
    var administrators: Set<RoleMembership.Pair> = []
    var remaining = self
    while !remaining.isEmpty {
      var (ready, waiting): ([RoleMembership], [RoleMembership]) = ([], [])
      for membership in remaining {
        let isReady = membership.grantor.map {
          administrators.contains(RoleMembership.Pair(role: membership.role, member: $0))
        }
        if isReady ?? true { ready.append(membership) } else { waiting.append(membership) }
      }
      guard !ready.isEmpty else { return ordered + waiting }
      administrators.formUnion(ready.lazy.filter(\.adminOption).map(\.pair))
      ordered += ready
      remaining = waiting
    }
    return ordered
  }
}
