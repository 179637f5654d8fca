import Catalog
import Postgres
import Synchronization

/// Keeps event triggers of users from firing on what this program itself creates, changes and removes.
///
/// In a session of `session_replication_role = replica` those fire that are ENABLE ALWAYS or ENABLE REPLICA, and no others
/// (documentation of `ALTER TABLE`, which holds for `ALTER EVENT TRIGGER` too; measured with 13, 15 and 18). Those of
/// extensions have to fire: where some would not, or others would, nothing is changed.
enum EventTriggerGuards {
  private static let ofExtensions = """
    EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.objid = t.oid AND e.deptype = 'e'::"char"
               AND e.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass)
    """

  private static func exists(_ modes: String, _ condition: String) -> String {
    "EXISTS (SELECT FROM pg_catalog.pg_event_trigger t WHERE t.evtenabled = ANY ('{\(modes)}'::\"char\"[]) AND \(condition))"
  }

  private static let isSuperuser = "(SELECT m.rolsuper FROM pg_catalog.pg_roles m WHERE m.rolname = current_user)"

  private static func maySet(_ name: String, _ version: ServerVersion) -> String {
    version.major >= 15
      ? "(\(isSuperuser) OR pg_catalog.has_parameter_privilege('\(name)', 'SET'))" : isSuperuser
  }

  /// Whether there is one that does not fire in replica mode, and none that would fire only there.
  private static func replicaHelps(_ version: ServerVersion) -> String {
    """
    \(exists("O", "NOT \(ofExtensions)")) AND NOT \(exists("O", ofExtensions)) AND NOT \(exists("R", "true"))
       AND \(maySet("session_replication_role", version))
    """
  }

  /// For a session: nothing is changed where no event trigger fires in it anyway.
  static func statement(_ version: ServerVersion) -> String {
    """
    SELECT pg_catalog.set_config('session_replication_role', 'replica', false)
     WHERE coalesce(pg_catalog.current_setting('event_triggers', true), 'on') <> 'off' AND \(replicaHelps(version))
    """
  }

  /// For a program's session, which begins with it: the setting, none where nothing would be changed.
  static func startup(_ version: ServerVersion) -> String {
    let off =
      version.major >= 17
      ? """
      WHEN \(maySet("event_triggers", version)) AND \(exists("O,A,R", "NOT \(ofExtensions)"))
           AND NOT \(exists("O,A,R", ofExtensions)) THEN 'event_triggers'
      """ : ""
    return """
      SELECT CASE \(off) WHEN \(replicaHelps(version)) THEN 'session_replication_role' END, \(isSuperuser)
      """
  }

  /// What programs begin with, by database.
  final class Known: Sendable {
    private let settings = Mutex<[String: [String: String]]>([:])

    subscript(database: String) -> [String: String]? {
      get { settings.withLock { $0[database] } }
      set { settings.withLock { $0[database] = newValue } }
    }
  }
}

extension Endpoint {
  /// What a program's session begins with so that no event trigger fires. Without a superuser's rights, not where it runs
  /// as another role, which has to be allowed to set it.
  func withoutEventTriggers(in database: String) async throws -> [String: String] {
    let known = knownGuards
    if let settings = known[database] { return settings }
    var own = self
    own.role = nil
    let version = { (connection: Connection) in ServerVersion(rawValue: connection.session.serverVersion) }
    let rows = try await own.session(in: database, for: "looking for event triggers", purpose: .reading) {
      try await $0.query(EventTriggerGuards.startup(version($0)))
    }
    let values = ["event_triggers": "off", "session_replication_role": "replica"]
    let settings = rows.text(0, 0).flatMap { name in values[name].map { [name: $0] } } ?? [:]
    let isSuperuser = rows.text(0, 1) == "t"
    guard isSuperuser || role == nil else { return [:] }
    known[database] = settings
    return settings
  }

  /// Event triggers were created there.
  func forgetEventTriggers(in database: String) { knownGuards[database] = nil }
}
