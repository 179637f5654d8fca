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

/// An extension with a function that tells the free space of the server's file systems.
public struct FreeSpaceFunction: CatalogRow {
  /// Of the extension, or `citus` for its function in `pg_catalog`.
  public var name: String
  public var schema: String

  public static let subject = "which functions tell the free space"

  /// What to ask it, for people: this program calls no function that is not the server's own.
  public var query: String {
    switch name {
    case "pgnodemx":
      "SELECT available_bytes FROM \(quotedIdentifier(schema)).fsinfo(current_setting('data_directory'));"
    case "system_stats": "SELECT mount_point, free_space FROM \(quotedIdentifier(schema)).pg_sys_disk_info();"
    default: "SELECT available_disk_size FROM pg_catalog.citus_local_disk_space_stats();"
    }
  }

  // An extension's functions may lie in any schema; what `CREATE EXTENSION` made is told by its name and members.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT x.extname AS name, n.nspname AS schema
      FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace
     WHERE x.extname IN ('system_stats', 'pgnodemx', 'citus') ORDER BY 1
    """
  }
}
