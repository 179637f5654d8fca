import Catalog
import FoundationEssentials
import Postgres

/// What a run is about in one database: between which servers it carries what, and what it changed for that. It is kept
/// with the journal on the target, and nothing that is not in it is touched at cutover or afterwards.
struct Manifest: Codable, Sendable, Equatable {
  /// A database of one server.
  struct Place: Codable, Sendable, Equatable {
    /// `pg_control_system().system_identifier`; nil where the role may not read it.
    var system: String?
    var database: String
    /// `pg_database.oid`.
    var oid: Int
    /// Of the server's WAL: another one once it was restored from a backup, or a standby was promoted.
    var timeline: Int?
  }

  /// In eight hexadecimal digits.
  var run: String
  var source: Place
  var target: Place
  /// What was selected.
  var tables = TableFilter.all
  /// Those of the source are carried, and the target had none.
  var carriesLargeObjects = true
  /// Whether it is replicated, and the run that has set that up is complete: the manifest stays until the cutover.
  var isReplicating = false
  /// Replica identities that tables of the source have been given.
  var identities: [PublicationMemo.Identity] = []
  /// Roles that the target role was made a member of, and is one of until the cutover.
  var memberships: [String] = []
  /// Quoted names of materialized views that hold something on the source, as of the cutover.
  var populatedViews: [String] = []
  /// Whether code of tables' owners runs with the target role's rights where it can't run with theirs; nil: no.
  var acceptsCode: Bool?
  /// What the first copy made, in bytes a second; nil where it was too little to tell.
  var throughput: Int?
  /// Databases of later waves; nil where there are none.
  var waiting: [Waiting]?

  struct Waiting: Codable, Sendable, Equatable {
    var database: String
    /// Whether the target had it before.
    var isOnTarget: Bool
  }

  /// A relation that is carried.
  struct Relation: Codable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable { case table, sequence }
    enum Way: String, Codable, Sendable {
      /// Its changes are applied.
      case replicated
      /// Its rows, or its value, are copied at cutover.
      case copied
    }

    /// `pg_class.oid` on each side.
    var source: Int
    var target: Int
    /// Qualified, quoted by the source's server.
    var name: String
    var kind: Kind
    var way: Way
  }

  /// One that is to be noted, by its name on the target.
  struct Addition: Sendable, Equatable {
    var source: Int
    var name: String
    var kind: Relation.Kind
    var way: Relation.Way
  }

  var name: ReplicationName {
    ReplicationName(run: run, target: target.system, database: source.oid)
  }

  /// Why it is about other servers than these; nil where it is about them. Identifiers that can't be read tell nothing.
  func contradiction(source: Place, target: Place) -> String? {
    func differ(_ one: String?, _ other: String?) -> Bool { one != nil && other != nil && one != other }
    let what = "the manifest of run \(run) in database \(quotedIdentifier(target.database))"
    if differ(self.target.system, target.system) || self.target.oid != target.oid {
      return "\(what) was written for another target: this database is a copy of that one"
    }
    if differ(self.source.system, source.system) || self.source.oid != source.oid {
      return "\(what) is about another source: system identifier \(self.source.system ?? "unknown"), database oid "
        + "\(self.source.oid)"
    }
    return nil
  }
}

extension Endpoint {
  /// The identity of a database, of the one that the session is in.
  static func place(over connection: Connection) async throws -> Manifest.Place {
    let rows = try await connection.query(ReadingStatements.thisDatabase)
    return Manifest.Place(
      system: try await systemIdentifier(over: connection), database: rows.text(0, 0) ?? "",
      oid: rows.text(0, 1).flatMap { Int($0) } ?? 0,
      timeline: try await connection.query(ReadingStatements.timeline).text(0, 0).flatMap { Int($0) })
  }

  /// What tells this cluster from others (PostgreSQL documentation, "pg_control_system"); nil where the role may not
  /// read it.
  static func systemIdentifier(over connection: Connection) async throws -> String? {
    do {
      return try await connection.query(ReadingStatements.systemIdentifier).text(0, 0)
    } catch let error as PostgresError where error.sqlstate == "42501" {
      return nil
    }
  }

  func place(of database: String) async throws -> Manifest.Place {
    try await session(in: database, for: "identifying the database", purpose: .reading) {
      try await Self.place(over: $0)
    }
  }
}

/// The manifest on the target's server.
extension Journal {
  private var manifest: String { "\(schema).manifest" }
  private var relations: String { "\(schema).relations" }

  func creation(of content: Manifest) throws -> [Statement] {
    [
      Statement(
        """
        CREATE TABLE \(manifest) (one pg_catalog.bool PRIMARY KEY DEFAULT true CHECK (one),
                                  content pg_catalog.text NOT NULL, state pg_catalog.text NOT NULL,
                                  changed pg_catalog.timestamptz NOT NULL DEFAULT pg_catalog.now())
        """),
      Statement(
        "INSERT INTO \(manifest) (content, state) VALUES ($1, $2)",
        [try Self.text(of: content), CutoverMachine.State.replicating.rawValue]),
      Statement(
        """
        CREATE TABLE \(relations) (source pg_catalog.oid PRIMARY KEY, target pg_catalog.oid NOT NULL,
                                   name pg_catalog.text NOT NULL, kind pg_catalog.text NOT NULL,
                                   way pg_catalog.text NOT NULL)
        """),
      largeObjectsCreation,
    ]
  }

  private static func text(of content: Manifest) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(content), as: UTF8.self)
  }

  func change(to content: Manifest) throws -> Statement {
    Statement("UPDATE \(manifest) SET content = $1", [try Self.text(of: content)])
  }

  /// - Returns: nil where the run has written none, as one of an earlier version, or it is gone by now.
  func manifest(over connection: Connection) async throws -> (content: Manifest, state: CutoverMachine.State)? {
    guard try await connection.query(ReadingStatements.relation, [manifest]).text(0, 0) == "t" else { return nil }
    let rows: Rows
    do {
      rows = try await connection.query("SELECT m.content, m.state FROM \(manifest) m")
    } catch let error as PostgresError where error.sqlstate == "42P01" || error.sqlstate == "3F000" {
      return nil
    }
    guard let text = rows.text(0, 0),
      let content = try? JSONDecoder().decode(Manifest.self, from: Data(text.utf8)),
      let state = rows.text(0, 1).flatMap(CutoverMachine.State.init)
    else { return nil }
    return (content, state)
  }

  /// By their names on the target; those that it has not are left out.
  func adding(_ added: [Manifest.Addition]) -> Statement {
    Statement(
      """
      INSERT INTO \(relations) (source, target, name, kind, way)
      SELECT x.source, pg_catalog.to_regclass(x.name), x.name, x.kind, x.way
        FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.text[]),
                        pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[]))
             AS x(source, name, kind, way)
       WHERE pg_catalog.to_regclass(x.name) IS NOT NULL
          ON CONFLICT (source) DO UPDATE SET target = excluded.target, name = excluded.name, way = excluded.way
      """,
      [
        arrayLiteral(added.map(\.source)), arrayLiteral(added.map(\.name)), arrayLiteral(added.map(\.kind.rawValue)),
        arrayLiteral(added.map(\.way.rawValue)),
      ])
  }

  func relations(over connection: Connection) async throws -> [Manifest.Relation] {
    try await connection.query(
      "SELECT r.source, r.target, r.name, r.kind, r.way FROM \(relations) r ORDER BY r.name"
    ).decode(Manifest.Relation.self)
  }

  /// - Parameter from: of the states from which alone it changes.
  func change(to state: CutoverMachine.State, from: Set<CutoverMachine.State>) -> Statement {
    Statement(
      """
      UPDATE \(manifest) SET state = $1, changed = pg_catalog.clock_timestamp()
       WHERE state = ANY ($2::pg_catalog.text[]) RETURNING state
      """, [state.rawValue, arrayLiteral(from.map(\.rawValue).sorted())])
  }
}
