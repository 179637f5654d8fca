import Catalog
import Postgres

/// Repeats memberships on the target, each by its grantor where that is possible, and finds out what holds then.
struct MembershipGrants {
  let attempts: Attempts
  private let me: String
  private let isSuperuser: Bool
  private let hasOptions: Bool
  /// What the connected role has granted: another `GRANT` of the same takes the place of its options.
  private var own: [RoleMembership.Pair: RoleMembership] = [:]
  /// Roles that the connected one was made a member of, to grant in their name; or could not be.
  private var assumed: [String: Bool] = [:]
  private var errors: [RoleMembership.Pair: String] = [:]
  private var substituted: [RoleMembership.Pair: [String]] = [:]

  /// What became of a membership otherwise than on the source.
  struct Difference {
    var pair: RoleMembership.Pair
    var message: String
  }

  init(_ attempts: Attempts) async throws {
    self.attempts = attempts
    let rows = try await attempts.connection.query(
      "SELECT r.rolname, r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user")
    me = rows.text(0, 0) ?? ""
    isSuperuser = rows.text(0, 1) == "t"
    hasOptions = attempts.connection.session.serverVersion >= 160_000
  }

  mutating func grant(_ memberships: [RoleMembership]) async throws -> [Difference] {
    let wanted = memberships.effective
    if hasOptions {
      for membership in memberships.inOrderOfGrantors { try await grant(membership) }
      for (role, isOurs) in assumed where isOurs {
        _ = try await attempts.run("REVOKE \(Quoting.identifier(role)) FROM CURRENT_USER")
      }
    } else {
      for membership in wanted.values where membership.inheritOption || membership.setOption {
        let suffix = membership.adminOption ? " WITH ADMIN OPTION" : ""
        let error = try await attempts.run("GRANT \(membership.grant)\(suffix)")
        errors[membership.pair] = error?.messageWithCode
      }
    }
    let version = ServerVersion(rawValue: attempts.connection.session.serverVersion)
    let names = arrayLiteral(wanted.keys.map(\.member).uniqued)
    let found = try await attempts.connection.query(RoleMembership.sql(version), [names])
      .decode(RoleMembership.self).effective
    return wanted.values.sorted { ($0.role, $0.member) < ($1.role, $1.member) }
      .flatMap { differences(of: $0, to: found[$0.pair]) }
  }

  private mutating func grant(_ membership: RoleMembership) async throws {
    if let grantor = membership.grantor {
      let isAllowed = try await actsAs(grantor)
      if isAllowed {
        let error = try await attempts.run(
          "GRANT \(membership.grant) WITH \(membership.options.words) GRANTED BY \(Quoting.identifier(grantor))")
        if error == nil { return }
      }
      substituted[membership.pair, default: []].append(grantor)
    }
    let all = membership.union(own[membership.pair])
    var options = all.options
    // Who grants has ADMIN already, and can't give it to itself ("cannot be granted back to your own grantor").
    if membership.member == me, !isSuperuser { options.removeFirst() }
    if let error = try await attempts.run("GRANT \(membership.grant) WITH \(options.words)") {
      errors[membership.pair] = error.messageWithCode
    } else {
      own[membership.pair] = all
    }
  }

  /// A superuser grants in everybody's name, others in that of roles whose privileges they have: those that this run
  /// has created can be had until the end of the transaction.
  private mutating func actsAs(_ role: String) async throws -> Bool {
    if isSuperuser || role == me || assumed[role] != nil { return true }
    guard attempts.isTransaction else { return true }
    let rows = try await attempts.connection.query(
      "SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles r WHERE r.rolname = $1", [role])
    guard rows.count == 1 else { return false }
    guard rows.text(0, 0) != "t" else { return true }
    assumed[role] =
      try await attempts.run("GRANT \(Quoting.identifier(role)) TO CURRENT_USER WITH INHERIT TRUE, SET FALSE") == nil
    return true
  }

  private func differences(of wanted: RoleMembership, to found: RoleMembership?) -> [Difference] {
    func difference(_ message: String) -> Difference { Difference(pair: wanted.pair, message: message) }
    guard let found else {
      guard wanted.inheritOption || wanted.setOption || wanted.adminOption else { return [] }
      if hasOptions || wanted.inheritOption || wanted.setOption {
        return [difference("not a member of \(wanted.role)" + (errors[wanted.pair].map { ": \($0)" } ?? ""))]
      }
      // With CREATEROLE it administers the role all the same.
      guard !wanted.rolcreaterole else { return [] }
      return [difference("not a member of \(wanted.role): before version 16, ADMIN cannot be granted alone")]
    }
    let options = Array(zip(wanted.options, found.options))
    let lacking = options.filter { $0.isOn && !$1.isOn }.map(\.0.name)
    // Who creates a role administers it from 16 on, and may have more of it (createrole_self_grant).
    let more = wanted.member == me ? [] : options.filter { !$0.isOn && $1.isOn }.map(\.0.name)
    var differences: [Difference] = []
    if !lacking.isEmpty {
      let reason = errors[wanted.pair].map { ": \($0)" } ?? ""
      differences.append(
        difference("member of \(wanted.role) without \(lacking.joined(separator: " and "))\(reason)"))
    }
    if !more.isEmpty {
      differences.append(
        difference("member of \(wanted.role) with \(more.joined(separator: " and ")), unlike on the source"))
    }
    if let grantors = substituted[wanted.pair] {
      differences.append(
        difference("member of \(wanted.role) as granted by \(me), not by \(grantors.joined(separator: " and "))"))
    }
    return differences
  }
}

extension RoleMembership {
  /// The role and its member, as `GRANT` names them.
  fileprivate var grant: String { "\(Quoting.identifier(role)) TO \(Quoting.identifier(member))" }
}

extension [(name: String, isOn: Bool)] {
  fileprivate var words: String { map { "\($0.name) \($0.isOn ? "TRUE" : "FALSE")" }.joined(separator: ", ") }
}
