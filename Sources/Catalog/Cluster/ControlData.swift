/// What identifies a cluster for good: made by `initdb`, kept by every physical copy.
///
/// Source: PostgreSQL documentation, "System Information Functions", Control Data Functions.
public struct ControlData: CatalogRow {
  public var systemIdentifier: String
  /// As of the last checkpoint.
  public var timelineId: Int
  public var dataChecksums: Bool

  public static let subject = "the control data (system identifier)"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT s.system_identifier::text AS system_identifier, c.timeline_id,
           i.data_page_checksum_version > 0 AS data_checksums
      FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_control_init() i
    """
  }
}
