extension String {
  /// What PostgreSQL compares names by.
  ///
  /// Swift's `==` takes `é` in one character and in two for the same; a cluster can have a database of either name.
  public var nameBytes: [UInt8] { Array(utf8) }

  /// Whether PostgreSQL takes both for one name.
  public func isSameName(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension Sequence<String> {
  /// Whether one of them is the same name to PostgreSQL.
  public func containsName(_ name: String) -> Bool { contains { $0.isSameName(as: name) } }
}
