/// What has become of an object since the replication of its database was set up.
public struct ObjectChange: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable { case created, changed, dropped, attached, detached }

  /// `view`, `index`, ….
  public var kind: String
  /// Quoted as in SQL.
  public var identity: String
  public var change: Kind
  /// `column v`; nil where it is the object itself.
  public var part: String?
  /// Of what has changed: `definition`, `owner`; for a partition, the table that it is attached to, or was.
  public var aspect: String?
  /// What does the same on the target, where that is simple.
  public var statement: String?

  /// The object's name, as it is told and as `--accept-drift` takes it.
  public var name: String {
    switch (change, aspect) {
    case (.attached, let parent?), (.detached, let parent?): "partition \(identity) of \(parent)"
    default: "\(kind) \(identity)"
    }
  }

  /// `table public.orders: column v: default changed`.
  public var words: String {
    let what =
      switch change {
      case .changed: "\(aspect ?? "definition") changed"
      default: change.rawValue
      }
    return ([name] + [part].compactMap(\.self) + [what]).joined(separator: ": ")
  }
}

/// Changes that a user accepts, by the objects' names.
public struct AcceptedDrift: Sendable, Equatable {
  private let names: Set<String>

  /// - Parameter names: as they are printed, or without their kinds; `all` for all.
  public init(_ names: [String] = []) { self.names = Set(names) }

  var acceptsAll: Bool { names.contains("all") }

  public func accepts(_ change: ObjectChange) -> Bool {
    !names.isDisjoint(with: ["all", change.name, "\(change.kind) \(change.identity)", change.identity])
  }
}
