import Catalog
import Postgres

extension ClusterInspector {
  /// Asks the target whether its versions of extensions offer what objects of the source use.
  ///
  /// The members of an extension can be read only where it is installed: in any database of the target, and in the
  /// version that a migration would meet. What is known of PostgreSQL's own extensions is not asked for.
  func findMembers(in source: inout ClusterSnapshot, of target: ClusterSnapshot) async throws {
    guard let string else { return }
    var wanted: [Int: [ExtensionVersion]] = [:]
    for (index, database) in source.inspected.enumerated() {
      let there = target.inspected.first { $0.name.isSameName(as: database.name) }
      let found = database.versionsToAsk(there, offered: target.availableExtensions.ifKnown ?? [])
      if !found.isEmpty { wanted[index] = found }
    }
    var missing = Set(wanted.values.joined())
    var members: [ExtensionVersion: Set<String>] = [:]
    let inspected = Dictionary(
      target.inspected.map { ($0.name.nameBytes, $0.extensions) }, uniquingKeysWith: { first, _ in first })
    for database in target.databases.ifKnown ?? []
    where !missing.isEmpty && database.datallowconn && !database.isInvalid {
      if case .known(let extensions) = inspected[database.datname.nameBytes],
        !extensions.contains(where: { missing.contains(ExtensionVersion($0.extname, $0.extversion)) })
      {
        continue
      }
      for member in try await self.members(of: missing.map(\.name), in: database.datname, by: string) {
        members[ExtensionVersion(member.extname, member.extversion), default: []].insert(member.member)
      }
      missing.subtract(members.keys)
    }
    for (index, versions) in wanted {
      for version in versions {
        if let known = members[version] { source.inspected[index].compare(version.name, with: OfferedMembers(known)) }
      }
      // A newer version may have moved members to an extension of their own, which the target's database may have.
      let name = source.inspected[index].name
      guard source.inspected[index].lacksMembers,
        let there = target.inspected.first(where: { $0.name.isSameName(as: name) })?.extensions.ifKnown
      else { continue }
      let all = try await self.members(of: there.map(\.extname), in: name, by: string)
      source.inspected[index].add(Set(all.map(\.member)))
    }
  }

  private func members(
    of extensions: [String], in database: String, by string: ConnectionString
  ) async throws -> [OfferedMember] {
    guard let session = try await furtherSession(string, database: database) else { return [] }
    var offered: Fact<[OfferedMember]>?
    let reader = session.reader(for: ClusterSnapshot.self)
    reader.all(OfferedMember.self, [arrayLiteral(Set(extensions).sorted())]) { offered = $1 }
    var snapshot = snapshot
    try await reader.read(into: &snapshot)
    await session.close()
    return offered?.ifKnown ?? []
  }
}

private struct ExtensionVersion: Hashable {
  var name: String
  var version: String

  init(_ name: String, _ version: String) {
    self.name = name
    self.version = version
  }
}

extension DatabaseSnapshot {
  /// The versions, other than its own, of the extensions that objects use, and of which the members have to be asked for.
  fileprivate func versionsToAsk(_ target: DatabaseSnapshot?, offered: [AvailableExtension]) -> [ExtensionVersion] {
    let used = Set(
      (extensionMemberUses.ifKnown ?? []).map(\.extname) + (extensionMentions.ifKnown ?? []).map(\.extname))
    return (extensions.ifKnown ?? []).filter { used.contains($0.extname) }.compactMap { item in
      let version =
        target?.extensions.ifKnown?.first { $0.extname == item.extname }?.extversion
        ?? offered.first { $0.name == item.extname && $0.isDefault }?.version
      guard let version, version != item.extversion,
        RemovedMember.between(item.extversion, version, of: item.extname) == nil
      else { return nil }
      return ExtensionVersion(item.extname, version)
    }
  }

  fileprivate var lacksMembers: Bool { extensionMemberUses.ifKnown?.contains { $0.presence == .missing } ?? false }

  /// What other extensions offer is there too.
  fileprivate mutating func add(_ members: Set<String>) {
    extensionMemberUses = extensionMemberUses.map { uses in
      uses.map { use in
        guard use.presence == .missing, members.contains(use.member) else { return use }
        var use = use
        use.presence = .there
        return use
      }
    }
  }

  fileprivate mutating func compare(_ name: String, with offered: OfferedMembers) {
    extensionMemberUses = extensionMemberUses.map { uses in
      uses.map { use in
        guard use.extname == name else { return use }
        var use = use
        use.presence = offered.presence(of: use.member)
        return use
      }
    }
    extensionMentions = extensionMentions.map { mentions in
      mentions.map { mention in
        guard mention.extname == name else { return mention }
        var mention = mention
        mention.missing = mention.names.filter { !offered.has(named: $0) }
        return mention
      }
    }
  }
}

/// The members of one version of an extension.
struct OfferedMembers {
  private let members: Set<String>
  /// Without the types of arguments.
  private let names: Set<String>
  /// With their number instead.
  private let shapes: Set<String>

  init(_ members: Set<String>) {
    self.members = members
    names = Set(members.map(Self.name))
    shapes = Set(members.map(Self.shape))
  }

  func presence(of member: String) -> ExtensionMemberUse.Presence {
    if members.contains(member) { return .there }
    return member.hasPrefix("function ") && shapes.contains(Self.shape(member)) ? .changed : .missing
  }

  func has(named name: String) -> Bool { names.contains(name) }

  private static func name(_ member: String) -> String {
    if member.hasPrefix("operator "), let end = member.lastIndex(of: " ") { return String(member[..<end]) }
    return member.hasPrefix("function ") ? String(member.prefix { $0 != "(" }) : member
  }

  private static func shape(_ member: String) -> String {
    let arguments = member.drop { $0 != "(" }
    return "\(name(member)) \(arguments.count(where: { $0 == "," })) \(arguments == "()")"
  }
}
