import Catalog

extension ClusterPair {
  /// What the source's selected databases need roles for, less what belongs to a provider.
  func neededRoles() throws(Undetermined) -> [RoleReference] {
    try source.roleReferences.value.filter { !Provider.ownedRoles.contains($0.rolname) }
  }
}

extension DatabasePair {
  /// With the superuser that initdb made, where it is known by another way that the database needs it.
  func neededRoles() throws(Undetermined) -> [RoleReference] {
    let pinned = try snapshot(on: .source).bootstrapReferences.value.filter {
      !$0.kinds.isEmpty && !Provider.ownedRoles.contains($0.rolname)
    }
    let attributes = try pinned.isEmpty ? [] : clusters.source.roles.value
    return try clusters.neededRoles().filter { $0.datname.isSameName(as: name) }
      + pinned.compactMap { reference in
        attributes.first { $0.rolname.isSameName(as: reference.rolname) }
          .map { RoleReference(of: $0, in: name, kinds: reference.kinds) }
      }
  }
}

extension RoleReference {
  /// Named in what every restore runs, one without owners too.
  var isNamedInDump: Bool { kinds.contains("a") || kinds.contains("r") }

  var isOwner: Bool { kinds.contains("o") }

  var isDatabaseOwner: Bool { kinds.contains("d") }

  /// By its name the server's own.
  var isPredefined: Bool { rolname.hasPrefix("pg_") }

  var uses: String {
    let words = [
      ("o", "owns objects"), ("d", "owns the database"), ("a", "is granted privileges"), ("r", "is named in policies"),
      ("i", "is named in privileges of extensions"), ("m", "has members that are needed"),
    ]
    return words.filter { kinds.contains($0.0) }.map(\.1).joined(separator: ", ")
  }

  /// Without a password, and without what takes a superuser.
  var createRole: String {
    var attributes = [rolcanlogin ? "LOGIN" : "NOLOGIN"]
    if !rolinherit { attributes.append("NOINHERIT") }
    if rolcreatedb { attributes.append("CREATEDB") }
    if rolcreaterole { attributes.append("CREATEROLE") }
    return "CREATE ROLE \(quotedIdentifier(rolname)) \(attributes.joined(separator: " "));"
  }
}
