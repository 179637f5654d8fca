/// How much there is in a database, for the plan.
public struct RelationSummary: CatalogRow {
  /// Ordinary tables and partitions, those of extensions among them.
  public var tables: Int

  public static let subject = "the number of tables"

  // The operators' functions, not the operators: to find which of sixty "=" is meant, and statistics for it, costs a new
  // session more than counting.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) AS tables FROM pg_catalog.pg_class
     WHERE pg_catalog.chareq(relkind, 'r') AND pg_catalog.oidge(oid, 16384) AND pg_catalog.charne(relpersistence, 't')
    """
  }
}
