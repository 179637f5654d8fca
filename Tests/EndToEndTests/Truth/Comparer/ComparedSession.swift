import Foundation

/// Reads what is compared, by a superuser's session whose settings are the same on both sides.
struct ComparedSession {
  let session: PlainSession
  /// The server's major version.
  let version: Int

  /// - Parameter encoding: of the text that both sides send; `SQL_ASCII` is each byte as it is.
  init(port: Int, socket: String, database: String, encoding: String) throws {
    let name = database.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
    let start = ContinuousClock.now
    while true {
      do {
        session = try PlainSession("host='\(socket)' port=\(port) user=postgres dbname='\(name)'")
        break
      } catch {
        // A server that starts, or whose connections are all in use for a moment.
        guard ContinuousClock.now - start < .seconds(5) else { throw error }
        Thread.sleep(forTimeInterval: 0.1)
      }
    }
    for setting in [
      "role to none", "search_path to ''", "client_encoding to '\(encoding)'", "statement_timeout to '60s'",
      "default_transaction_read_only to off", "session_replication_role to replica", "timezone to 'UTC'",
      "datestyle to 'ISO'", "intervalstyle to 'postgres'", "bytea_output to 'hex'", "extra_float_digits to 1",
      "lc_monetary to 'C'", "xmlbinary to 'base64'", "quote_all_identifiers to off", "lc_messages to 'C'",
    ] { try session.run("set \(setting)") }
    version = try session.run("select current_setting('server_version_num')::int / 10000")[0][0].flatMap(Int.init) ?? 0
  }

  func read(_ queries: [DetailQuery], into contents: inout Contents, from oldest: Int) {
    for query in queries where query.minimum <= oldest {
      do {
        for row in try session.run(query.sql) {
          guard let object = row[0], let property = row[1] else { continue }
          contents.details[Detail(kind: query.kind, object: object, property: property)] = row[2]
        }
      } catch {
        contents.failures.append("\(query.kind): \(error)")
      }
    }
  }

  /// Rows of tables and materialized views, and values of sequences. To which hash partition a row belongs is the server's
  /// affair: such tables are read as a whole.
  func readRows(into contents: inout Contents) {
    func isHashed(_ root: String) -> String {
      """
      exists (select from pg_partition_tree(\(root)) t join pg_partitioned_table p on p.partrelid = t.relid
                where p.partstrat = 'h')
      """
    }
    let relations =
      """
      select format('%I.%I', n.nspname, c.relname), c.relkind, n.nspname || '.' || c.relname,
          (select x.extcondition[i] from pg_extension x, generate_subscripts(x.extconfig, 1) i
             where x.extconfig[i] = c.oid)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where (c.relkind in ('r', 'm', 'S') and not (c.relispartition and \(isHashed("pg_partition_root(c.oid)")))
            or c.relkind = 'p' and not c.relispartition and \(isHashed("c.oid"))) and c.relispopulated and \(DetailQuery.Part.isOrdinary("n.nspname"))
          and (\(DetailQuery.Part.isUsers("pg_class", "c.oid"))
            or exists (select from pg_extension x where c.oid = any (x.extconfig)))
        order by 3
      """
    do {
      for relation in try session.run(relations) {
        guard let table = relation[0], let kind = relation[1], let name = relation[2] else { continue }
        do {
          if kind == "S" {
            let value = try session.run("select last_value, is_called from \(table)")[0]
            contents.details[Detail(kind: "sequence", object: name, property: "value")] = value.map { $0 ?? "" }
              .joined(separator: " ")
            continue
          }
          let text = "textin(record_out(\"a row of this table\"))"
          let rows = try session.run(
            """
            select md5(textsend(\(text))) || ' ' || left(\(text), 160), count(*)
              from \(kind == "p" ? "" : "only ")\(table) as "a row of this table" \(relation[3] ?? "") group by 1
            """)
          contents.rows[name] = Dictionary(
            rows.map { ($0[0] ?? "", $0[1].flatMap(Int.init) ?? 0) }, uniquingKeysWith: +)
        } catch {
          contents.failures.append("\(name): \(error)")
        }
      }
    } catch {
      contents.failures.append("relations: \(error)")
    }
  }

  /// What `amcheck` says of B-tree indexes: each row of the table has its entry, by what the expression is now. Hash
  /// indexes are asked for each row's own value. Where the server lacks `amcheck`, B-trees are not looked at.
  func wrongIndexes() -> [String] {
    var wrong: [String] = []
    do {
      try session.run("begin")
      defer { _ = try? session.run("rollback") }
      if try session.run("select 1 from pg_available_extensions where name = 'amcheck'").count == 1 {
        if try session.run("select 1 from pg_extension where extname = 'amcheck'").isEmpty {
          try session.run("create schema \"schema of amcheck\"")
          try session.run("create extension amcheck schema \"schema of amcheck\"")
        }
        let schema =
          try session.run(
            "select format('%I', n.nspname) from pg_extension x join pg_namespace n on n.oid = x.extnamespace where x.extname = 'amcheck'"
          )[0][0] ?? ""
        for row in try session.run(Self.indexes(by: "btree")) {
          wrong += try said(of: row, by: "select \(schema).bt_index_check(\(row[0] ?? "0"), true)")
        }
      }
      for row in try session.run(Self.indexes(by: "hash")) {
        guard let table = row[2], let column = row[3] else { continue }
        try session.run("set local enable_seqscan = off")
        // Every row finds itself by the index.
        let lost =
          "select count(*) from \(table) a where \(column) is not null and not exists (select from \(table) b where b.\(column) = a.\(column) and b.ctid = a.ctid)"
        if let count = try session.run(lost)[0][0], count != "0" {
          wrong.append("\(row[1] ?? ""): \(count) rows are not in it")
        }
      }
    } catch {
      wrong.append("indexes could not be looked at: \(error)")
    }
    return wrong
  }

  private func said(of index: [String?], by sql: String) throws -> [String] {
    try session.run("savepoint index")
    do {
      try session.run(sql)
      return []
    } catch {
      try session.run("rollback to savepoint index")
      return ["\(index[1] ?? ""): \(error)"]
    }
  }

  private static func indexes(by method: String) -> String {
    """
    select i.indexrelid, i.indexrelid::regclass::text, i.indrelid::regclass::text,
        (select quote_ident(a.attname) from pg_attribute a where a.attrelid = i.indrelid and a.attnum = i.indkey[0])
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
      where m.amname = '\(method)' and c.relkind = 'i' and i.indisvalid and i.indisready and c.oid >= 16384
        and i.indpred is null and c.relpersistence <> 't'
    """.replacing(
      "and i.indpred is null ", with: method == "hash" ? "and i.indpred is null and i.indexprs is null " : "")
  }
}
