/// Roles, databases, settings and functions by which a provider's service is known.
public struct ProviderMarks: CatalogRow {
  public var roles: [String]
  public var databases: [String]
  /// The part before the dot of customized options.
  public var settingPrefixes: [String]
  public var functions: [String]
  /// Of the database that was connected to.
  public var schemas: [String]

  public static let subject = "the marks of the provider"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.rolname IN
             ('rdsadmin', 'rds_superuser', 'cloudsqladmin', 'cloudsqlsuperuser', 'alloydbadmin', 'alloydbsuperuser',
              'azuresu', 'azure_pg_admin', 'avnadmin', 'neon_superuser', 'supabase_admin', 'doadmin', 'tsdbadmin',
              'crunchy_superuser', 'crunchy_replication') ORDER BY 1) AS roles,
           ARRAY(SELECT d.datname::text FROM pg_catalog.pg_database d WHERE d.datname IN
             ('rdsadmin', 'cloudsqladmin', 'alloydbadmin', 'alloydbmetadata', 'azure_maintenance', 'azure_sys',
              '_aiven', '_dodb') ORDER BY 1) AS databases,
           ARRAY(SELECT DISTINCT split_part(s.name, '.', 1) FROM pg_catalog.pg_settings s
                  WHERE s.name ~ '^(rds|aurora|cloudsql|alloydb|azure|aiven|neon|supautils|extwlist|crunchy)[.]'
                  ORDER BY 1) AS setting_prefixes,
           ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc p
                  WHERE p.proname IN ('aurora_version', 'alloydb_version') ORDER BY 1) AS functions,
           ARRAY(SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE n.nspname = 'heroku_ext') AS schemas
    """
  }
}
