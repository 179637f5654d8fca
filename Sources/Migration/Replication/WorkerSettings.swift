import Catalog
import FoundationEssentials
import Postgres

/// Settings that change what an apply worker stores, or keep it from storing anything, as they have to be for as long as
/// a database is replicated. Those of the database, and of the role that the subscription belongs to, hold for the worker:
/// no session of this program can set them for it. Those of that role in that database come before all others.
///
/// Tried on 15 to 17 with every setting that is about how a value is read: with `array_nulls` off, NULL in an array
/// becomes the text `NULL`; with `xmloption` document, content is refused; the walsender writes dates, intervals and
/// numbers in one form whatever is set, but not amounts of money.
/// Source: `BackgroundWorkerInitializeConnectionByOid`, `libpqrcv_connect`.
struct WorkerSettings: Sendable {
  let journal: Journal

  private static let step = "settings of the apply worker"

  /// A setting that the role was given in the database.
  private struct Given: Codable {
    var role: String
    var name: String
    /// What the role had in the database; nil: nothing.
    var before: String?
  }

  private struct Effective: Decodable {
    var name: String
    /// What the role has in the database.
    var before: String?
    var value: String
  }

  /// What the role's sessions in this database begin with. `$1` is the role, `$2` the names.
  static let effective = """
    SELECT n.name, s.own AS before, coalesce(s.own, s.role, s.database, s.everyone, p.reset_val) AS value
      FROM pg_catalog.unnest($2::text[]) n (name) JOIN pg_catalog.pg_settings p ON p.name = n.name
     CROSS JOIN LATERAL (
           SELECT min(v.value) FILTER (WHERE c.setrole <> 0 AND c.setdatabase <> 0) AS own,
                  min(v.value) FILTER (WHERE c.setrole <> 0 AND c.setdatabase = 0) AS role,
                  min(v.value) FILTER (WHERE c.setrole = 0 AND c.setdatabase <> 0) AS database,
                  min(v.value) FILTER (WHERE c.setrole = 0 AND c.setdatabase = 0) AS everyone
             FROM pg_catalog.pg_db_role_setting c CROSS JOIN LATERAL pg_catalog.unnest(c.setconfig) e (entry)
            CROSS JOIN LATERAL (SELECT pg_catalog.substr(e.entry, pg_catalog.strpos(e.entry, '=') + 1)) v (value)
            WHERE pg_catalog.lower(pg_catalog.split_part(e.entry, '=', 1)) = n.name
              AND c.setrole IN (0::oid, (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = $1))
              AND c.setdatabase IN (0::oid, (SELECT d.oid FROM pg_catalog.pg_database d
                                              WHERE d.datname = pg_catalog.current_database()))) s
    """

  /// Of a session's own role, which the source's walsender has too: by it amounts of money are written.
  static func money(over source: Connection) async throws -> String? {
    let rows = try await source.query(effective, [source.session.user, "{lc_monetary}"])
    return try rows.decode(Effective.self).first?.value
  }

  /// Gives the role what it lacks, before its subscription is created: the worker asks when it begins.
  ///
  /// - Parameters:
  ///   - role: that the subscription will belong to.
  ///   - money: `lc_monetary` of the walsender.
  ///   - connection: to the database, in no transaction.
  /// - Throws: `PostgresError`, `MigrationError` where the role can't be given them.
  func give(_ role: String, money: String?, over connection: Connection) async throws {
    var wanted = ["array_nulls": "on", "xmloption": "content", "default_transaction_read_only": "off"]
    wanted["lc_monetary"] = money
    let found = try await connection.query(Self.effective, [role, arrayLiteral(wanted.keys.sorted())])
    let others = try found.decode(Effective.self).filter { setting in
      wanted[setting.name].map { Self.plain($0) != Self.plain(setting.value) } ?? false
    }
    guard !others.isEmpty else { return }
    try await putBack(over: connection)
    let place = try await Self.place(of: role, over: connection)
    var given: [Given] = []
    for setting in others {
      let value = wanted[setting.name] ?? ""
      given.append(Given(role: role, name: setting.name, before: setting.before))
      let detail = String(decoding: try JSONEncoder().encode(given), as: UTF8.self)
      let change = Statement("\(place) SET \(setting.name) TO \(Quoting.literal(value))")
      switch try await connection.pipeline([[journal.forget([Self.step]), journal.record(Self.step, detail), change]])[
        0]
      {
      case .success: break
      case .failure(let error):
        given.removeLast()
        // A locale that the target's system does not have: rule settings-dependent-types has told.
        if setting.name == "lc_monetary", error.sqlstate == "22023" { continue }
        guard error.sqlstate == "42501" else { throw error }
        throw MigrationError(
          "role \(quotedIdentifier(role)), which would apply the changes on the target, has \(setting.name) = "
            + "\(setting.value) in the database, and cannot be given \(value): \(error.message); reset it on the source "
            + "and the target until the cutover")
      }
    }
  }

  /// Takes back what was given, when no worker of the subscription is there any more.
  func putBack(over connection: Connection) async throws {
    guard let text = try await journal.steps(over: connection)[Self.step] else { return }
    for given in try JSONDecoder().decode([Given].self, from: Data(text.utf8)) {
      guard try await connection.query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", [given.role]).count > 0
      else { continue }
      let place = try await Self.place(of: given.role, over: connection)
      let change =
        given.before.map { "SET \(given.name) TO \(Quoting.literal($0))" } ?? "RESET \(given.name)"
      _ = try await connection.query("\(place) \(change)")
    }
    _ = try await connection.pipeline([[journal.forget([Self.step])]])[0].get()
  }

  private static func place(of role: String, over connection: Connection) async throws -> String {
    let database = try await connection.query("SELECT pg_catalog.current_database()").text(0, 0) ?? ""
    return "ALTER ROLE \(try await connection.quote(identifier: role)) IN DATABASE "
      + "\(try await connection.quote(identifier: database))"
  }

  /// Boolean values are stored as they were written.
  private static func plain(_ value: String) -> String {
    switch value.lowercased() {
    case "on", "true", "t", "yes", "y", "1", "tru", "tr", "ye": "on"
    case "off", "false", "f", "no", "n", "0", "fals", "fal", "fa", "of": "off"
    case "content", "document": value.lowercased()
    default: value
    }
  }
}
