/// Whether columns of users carry the option `pg_attver`.
///
/// A server of 15.20 puts it on the columns of each table that it makes. Its own pg_dump leaves it out; one that does not
/// know it writes it down, and a server that does not know it refuses it. Source: measured with pg_dump and servers of
/// 13.16, 15.20, 16.14, 17.10 and 18.6.
public struct VersionedColumns: CatalogRow {
  public var areThere: Bool

  public init(areThere: Bool) { self.areThere = areThere }

  public static let subject = "the options of the columns"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                    WHERE a.attrelid >= 16384::oid AND a.attoptions IS NOT NULL AND c.relkind IN ('r', 'p', 'f')
                      AND EXISTS (SELECT 1 FROM pg_catalog.unnest(a.attoptions) o
                                   WHERE pg_catalog.left(o, 10) = 'pg_attver=')) AS are_there
    """
  }
}

extension ServerVersion {
  /// Whether a server or a pg_dump of this release knows `pg_attver`; nil where that was not measured.
  public var knowsVersionedColumns: Bool? {
    let minor = rawValue % 10_000
    return switch major {
    case ..<14: false
    case 15: minor >= 20 ? true : nil
    case 16: minor <= 14 ? false : nil
    case 17: minor <= 10 ? false : nil
    case 18: minor <= 6 ? false : nil
    default: nil
    }
  }
}
