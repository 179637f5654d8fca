import Foundation
import TestSupport

/// Compares databases of two clusters, as a superuser sees them, and the roles.
struct Comparer: Sendable {
  let source: TestCluster
  let target: TestCluster

  private var oldest: Int { min(source.version, target.version) }
  private let queries = DetailQuery.relations + DetailQuery.objects

  init(source: TestCluster, target: TestCluster) {
    self.source = source
    self.target = target
  }

  /// What the target's databases hold, for ``differences(in:but:)``.
  func held(by databases: [String]) async throws -> [String: Set<[String]>] {
    var held: [String: Set<[String]>] = [:]
    for database in databases {
      let name = database.replacing("'", with: "''")
      guard try await target.sql("select 1 from pg_database where datname = '\(name)' and datallowconn") == "1" else {
        continue
      }
      let contents = try await contents(target, database, queries, encoding: "SQL_ASCII", hasRows: false)
      held[database] = Set(contents.details.keys.map { [$0.kind, $0.object] })
    }
    return held
  }

  /// - Parameter held: what the target has had before, which is no difference.
  func differences(in databases: [String], but held: [String: Set<[String]>] = [:]) async throws -> [Difference] {
    var found = try await clusterDifferences(databases)
    for database in databases {
      let known = held[database] ?? []
      let differences = try await databaseDifferences(database).filter { difference in
        difference.source != nil || difference.property != "existence"
          || !known.contains([difference.kind, difference.object])
      }
      found += differences.map { difference in
        var difference = difference
        if databases.count > 1 { difference.object += " in \(database)" }
        return difference
      }
    }
    return found
  }

  private func clusterDifferences(_ databases: [String]) async throws -> [Difference] {
    let queries = DetailQuery.cluster(databases: databases, oldest: oldest)
    async let ours = contents(source, "postgres", queries, encoding: "UTF8", hasRows: false)
    async let theirs = contents(target, "postgres", queries, encoding: "UTF8", hasRows: false)
    // What the target has of its own is no difference.
    return Contents.differences(try await ours, try await theirs).filter {
      $0.property != "existence" || $0.source != nil
    }
  }

  func databaseDifferences(_ database: String, on other: String? = nil) async throws -> [Difference] {
    let encodings = try await [encoding(source, database), encoding(target, other ?? database)]
    let encoding = encodings[0] == encodings[1] || encodings.contains("SQL_ASCII") ? "SQL_ASCII" : "UTF8"
    async let ours = contents(source, database, queries, encoding: encoding)
    async let theirs = contents(target, other ?? database, queries, encoding: encoding)
    let (before, after) = (try await ours, try await theirs)
    var found = Contents.differences(before, after)
    if source.version != target.version,
      found.contains(where: { $0.source != nil && $0.target != nil && $0.kind != "rows" })
    {
      let reference = try await ReferenceSchema(source: source, target: target).contents(of: database) { name in
        try await contents(target, name, queries, encoding: encoding, hasRows: false)
      }
      found = Contents.differences(before, after, reference: reference)
    }
    let wrong = try await onThread { [target] in
      try ComparedSession(
        port: target.port, socket: target.socketDirectory, database: other ?? database, encoding: encoding
      ).wrongIndexes()
    }
    found += wrong.map { words in
      Difference(
        kind: "index contents", object: String(words.prefix { $0 != ":" }), property: "entries", source: nil,
        target: words)
    }
    return found
  }

  private func encoding(_ cluster: TestCluster, _ database: String) async throws -> String {
    try await onThread {
      try ComparedSession(
        port: cluster.port, socket: cluster.socketDirectory, database: database, encoding: "SQL_ASCII"
      )
      .session.run("select current_setting('server_encoding')")[0][0] ?? ""
    }
  }

  private func contents(
    _ cluster: TestCluster, _ database: String, _ queries: [DetailQuery], encoding: String, hasRows: Bool = true
  ) async throws -> Contents {
    try await onThread { [oldest] in
      let session = try ComparedSession(
        port: cluster.port, socket: cluster.socketDirectory, database: database, encoding: encoding)
      var contents = Contents()
      session.read(queries, into: &contents, from: oldest)
      if hasRows { session.readRows(into: &contents) }
      return contents
    }
  }
}

/// The source's schema in the words of the target's version: what the target's own `pg_dump` makes of it, restored beside.
struct ReferenceSchema: Sendable {
  let source: TestCluster
  let target: TestCluster

  func contents(of database: String, _ read: (String) async throws -> Contents) async throws -> Contents {
    let name = "reference of the comparer"
    try await target.sql("drop database if exists \"\(name)\"; create database \"\(name)\" template template0;")
    // Errors are those of what the target lacks: the rest is what is compared with.
    let script = """
      "$1/pg_dump" --schema-only --no-owner --no-privileges --host="$2" --port="$3" --username=postgres "$4" 2>/dev/null |
        sed 's/^ALTER TABLE.*pg_attver.*//' | "$1/psql" -X -q --host="$5" --port="$6" --username=postgres "$7" >/dev/null 2>&1
      """
    let words = [
      target.binDirectory, source.socketDirectory, "\(source.port)", Self.keyword(database),
      target.socketDirectory, "\(target.port)", Self.keyword(name),
    ]
    _ = try await run(executable: "/bin/bash", arguments: ["-c", script, "bash"] + words)
    let contents = try await read(name)
    try await target.sql("drop database \"\(name)\"")
    return contents
  }

  private static func keyword(_ database: String) -> String {
    "dbname='\(database.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
  }
}
