/// Whose security labels there are in a database.
public struct LabelProvider: CatalogRow {
  public var provider: String
  public var labels: Int

  public static let subject = "the security labels"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT l.provider, count(*) AS labels FROM pg_catalog.pg_seclabel l
     GROUP BY l.provider ORDER BY l.provider COLLATE "C"
    """
  }
}
