/// Free space for data on a cluster's host.
public struct FreeSpace: Codable, Sendable, Equatable {
  public var freeBytes: Int
  public var totalBytes: Int?
  /// Where the figure is from, in words that complete "according to …".
  public var origin: String

  public init(freeBytes: Int, totalBytes: Int?, origin: String) {
    self.freeBytes = freeBytes
    self.totalBytes = totalBytes
    self.origin = origin
  }
}

/// Functions of extensions that tell the free space of the server's file systems.
public struct FreeSpaceFunction: CatalogRow {
  /// Of the extension, or `citus` for its function in `pg_catalog`.
  public var name: String
  public var schema: String

  public static let subject = "which functions tell the free space"

  // An extension's functions may lie in any schema; what `CREATE EXTENSION` made is told by its name and members.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname AS name, n.nspname AS schema
      FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
     WHERE x.extname IN ('system_stats', 'pgnodemx', 'citus') ORDER BY 1
    """
  }
}
