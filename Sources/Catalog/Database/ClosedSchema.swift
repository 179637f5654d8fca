/// A schema in which the connected role may not create anything.
public struct ClosedSchema: CatalogRow {
  public var nspname: String

  public static let subject = "the schemas in which this role may not create"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT n.nspname FROM pg_catalog.pg_namespace n
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
     ORDER BY n.nspname COLLATE "C"
    """
  }
}
