// What acts on its own: on rows that a subscription applies, and on commands that define something.

/// A trigger that fires, or a rule that acts, in a session that applies the changes of another server.
public struct FiringTrigger: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var name: String
  /// `A` for ENABLE ALWAYS, `R` for ENABLE REPLICA.
  public var mode: String

  public static let subject = "the triggers that fire on replicated rows"

  // Triggers that the server made itself, those of foreign keys say, are not the user's to enable.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, c.nspname, c.relname, t.tgname AS name, t.tgenabled::text AS mode
      FROM pg_catalog.pg_trigger t, LATERAL (
        SELECT n.nspname, c.relname \(userRelations(where: "c.oid = t.tgrelid"))) c
     WHERE t.tgenabled IN ('A'::"char", 'R'::"char") AND NOT t.tgisinternal
     ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C", t.tgname COLLATE "C" LIMIT $1::int8
    """
  }
}

/// Likewise, a rule of a table.
public struct FiringRule: CatalogRow {
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var name: String
  /// `A` for ENABLE ALWAYS, `R` for ENABLE REPLICA.
  public var mode: String

  public static let subject = "the rules that act on replicated rows"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT count(*) OVER () AS n_total, c.nspname, c.relname, r.rulename AS name, r.ev_enabled::text AS mode
      FROM pg_catalog.pg_rewrite r, LATERAL (
        SELECT n.nspname, c.relname \(userRelations(where: "c.oid = r.ev_class"))) c
     WHERE r.ev_enabled IN ('A'::"char", 'R'::"char")
     ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C", r.rulename COLLATE "C" LIMIT $1::int8
    """
  }
}

/// A trigger that fires on commands that define something, or on logging in. Not counting members of extensions.
public struct EventTrigger: CatalogRow {
  public var evtname: String
  /// `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite`, `login`.
  public var evtevent: String

  public static let subject = "the event triggers"

  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT t.evtname, t.evtevent FROM pg_catalog.pg_event_trigger t
     WHERE t.evtenabled <> 'D'::"char" AND t.oid >= 16384::oid
       AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.objid = t.oid AND e.deptype = 'e'::"char"
                          AND e.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass)
     ORDER BY t.evtname COLLATE "C"
    """
  }
}
