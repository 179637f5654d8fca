/// A publication of the source.
public struct Publication: CatalogRow {
  public var pubname: String
  public var owner: String
  public var puballtables: Bool

  public static let subject = "the publications"

  // New in 10.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT p.pubname, pg_catalog.pg_get_userbyid(p.pubowner) AS owner, p.puballtables
      FROM pg_catalog.pg_publication p ORDER BY p.pubname COLLATE "C"
    """
  }
}
