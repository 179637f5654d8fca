/// How much there is in a database, for the plan.
public struct RelationSummary: CatalogRow {
  /// Ordinary tables and partitions, those of extensions among them.
  public var tables: Int

  public static let subject = "the number of tables"

  // A filter, not a condition: the planner would look up statistics for it, which costs a new session more than the rest.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) FILTER (WHERE oid >= 16384 AND relpersistence <> 't') AS tables
      FROM pg_catalog.pg_class WHERE relkind = 'r'
    """
  }
}
