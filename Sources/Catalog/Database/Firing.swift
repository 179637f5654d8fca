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
  public enum Body: String, Codable, Sendable {
    /// In SQL or PL/pgSQL, without anything that raises an error by itself.
    case plain
    /// In one of these, and it can raise an error.
    case raises
    /// In a language that cannot be searched.
    case opaque
  }

  public var evtname: String
  /// `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite`, `login`.
  public var evtevent: String
  /// `O` for ENABLE, `A` for ENABLE ALWAYS, `R` for ENABLE REPLICA.
  public var evtenabled: String
  /// The commands that it is for, as `CREATE TABLE`; none for all.
  public var tags: [String]
  public var owner: String
  public var body: Body
  /// Whether it fires in sessions of a migration by the connected role. Where that may set `event_triggers` (17) or
  /// `session_replication_role`, its sessions can do without.
  public var fires: Bool

  public static let subject = "the event triggers"

  // See `EventTriggerGuards`, which says the same of a session that has begun. Extensions' own have to fire.
  public static func sql(_ server: ServerVersion) -> String {
    let isSuperuser = "(SELECT m.rolsuper FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)"
    func maySet(_ name: String) -> String {
      server.major >= 15
        ? "(\(isSuperuser) OR pg_catalog.has_parameter_privilege('\(name)', 'SET'))" : isSuperuser
    }
    let isOfExtension = """
      EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.objid = o.oid AND e.deptype = 'e'::"char"
                 AND e.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass)
      """
    let off =
      server.major >= 17
      ? """
      WHEN \(maySet("event_triggers")) AND NOT EXISTS (
             SELECT 1 FROM pg_catalog.pg_event_trigger o WHERE o.evtenabled <> 'D'::"char" AND \(isOfExtension)) THEN false
      """ : ""
    return """
      SELECT t.evtname, t.evtevent, t.evtenabled::text AS evtenabled, coalesce(t.evttags, '{}') AS tags,
             r.rolname AS owner,
             CASE WHEN l.lanname NOT IN ('plpgsql', 'sql') THEN 'opaque'
                  WHEN p.prosrc ~* '\\m(raise\\M(?!\\s+(debug|log|info|notice|warning)\\M)|assert\\M)' THEN 'raises'
                  ELSE 'plain' END AS body,
             CASE WHEN t.evtenabled = 'R'::"char" THEN false \(off)
                  WHEN t.evtenabled = 'A'::"char" THEN true
                  ELSE NOT \(maySet("session_replication_role")) OR EXISTS (
                    SELECT 1 FROM pg_catalog.pg_event_trigger o
                     WHERE o.evtenabled = 'R'::"char" OR o.evtenabled = 'O'::"char" AND \(isOfExtension)) END AS fires
        FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_roles r ON r.oid = t.evtowner
        JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
       WHERE t.evtenabled <> 'D'::"char" AND t.oid >= 16384::oid
         AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.objid = t.oid AND e.deptype = 'e'::"char"
                            AND e.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass)
       ORDER BY t.evtname COLLATE "C"
      """
  }
}
