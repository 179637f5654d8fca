import Assessment
import Foundation
import TestSupport
import Testing

/// A database of one encoding that goes to one of the same or another one.
private struct EncodedDatabase: Sendable, CustomStringConvertible {
  let source: String
  let target: String
  /// A literal of SQL in a session of that client encoding: words in letters that are not ASCII, or bytes.
  let words: String
  let client: String
  /// The same for names.
  var name: String

  init(_ source: String, _ target: String, _ words: String, client: String = "UTF8", name: String? = nil) {
    (self.source, self.target, self.words, self.client) = (source, target, words, client)
    self.name = name ?? words
  }

  var description: String { "\(source.lowercased())_\(target.lowercased())" }

  static let all = [
    EncodedDatabase("LATIN1", "LATIN1", "'Zoë ÿ'"), EncodedDatabase("LATIN1", "UTF8", "'Zoë ÿ'"),
    EncodedDatabase("LATIN9", "LATIN9", "'Œuvre € Ž'"), EncodedDatabase("LATIN9", "UTF8", "'Œuvre € Ž'"),
    EncodedDatabase("WIN1252", "WIN1252", "'€ „Ž“'"),
    EncodedDatabase("WIN1252", "UTF8", "'€ „Ž“'"),
    EncodedDatabase("EUC_JP", "EUC_JP", "'漢字 ひらがな'"), EncodedDatabase("EUC_JP", "UTF8", "'漢字 ひらがな'"),
    EncodedDatabase("UTF8", "UTF8", "'Zoë 漢字 € 🐘'"),
    EncodedDatabase("SQL_ASCII", "SQL_ASCII", "e'caf\\xE9 \\x81 \\xFF'", client: "SQL_ASCII"),
    EncodedDatabase("SQL_ASCII", "UTF8", "'Zoë 漢字 🐘'", client: "SQL_ASCII"),
    EncodedDatabase("SQL_ASCII", "LATIN1", "e'caf\\xE9 \\x81 \\xFF'", client: "SQL_ASCII", name: "'plain'"),
    EncodedDatabase("LATIN1", "SQL_ASCII", "'Zoë ÿ'", name: "'plain'"),
    EncodedDatabase("UTF8", "SQL_ASCII", "'Zoë 漢字 🐘'"),
    EncodedDatabase("MULE_INTERNAL", "MULE_INTERNAL", "e'caf\\x81\\xE9'", client: "SQL_ASCII"),
  ]

  /// Those without another one of their kind.
  static let replicated = all.filter { !["LATIN9", "MULE_INTERNAL"].contains($0.source) }
}

/// What arrives in a database is what the server itself makes of the source's text in the target's encoding; where
/// nothing is converted, it is the same bytes.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct EncodingTests {
  private static let settings = [
    "max_replication_slots": "30", "max_wal_senders": "30", "max_logical_replication_workers": "30",
    "max_worker_processes": "40", "max_connections": "300",
  ]

  @Test func `text arrives in every encoding by dump`() async throws {
    let move = try await Move.start(to: TestCluster.available(18) == nil ? 15 : 18, settings: Self.settings)
    for database in EncodedDatabase.all { try await create(database, move) }
    try await addOddities(move)
    let done = try await move.migrate(Self.included + ["--verify", "full"])
    #expect(done.output.status == .exited(0), "\(done.output.stdout)\(done.output.stderr)")
    for database in EncodedDatabase.all {
      let outcome = done.database("\(database)")
      #expect(outcome?.status == .done, "\(database): \(outcome?.message ?? "")")
      #expect(outcome?.verification?.mismatches == [], "\(database)")
      #expect(outcome?.verification?.objectDifferences == [], "\(database)")
      try await expectSame(database, move)
    }
    let compared = try await run(arguments: ["verify", "--verify", "full"] + Self.included + move.connections)
    #expect(compared.status == .exited(0), "\(compared.stdout)\(compared.stderr)")
    // A comparison that finds nothing is none.
    for database in EncodedDatabase.all {
      try await move.target.sql("update mixed set words = words || '.'", database: "\(database)")
    }
    let changed = try await run(arguments: ["verify", "--verify", "full"] + Self.included + move.connections)
    #expect(changed.status == .exited(1))
    let found = changed.stdout.matches(of: /mixed: [23] rows on both sides, not the same ones/).count
    #expect(found == EncodedDatabase.all.count, "\(changed.stdout)")
  }

  @Test func `text arrives in every encoding by replication, and at the cutover`() async throws {
    let move = try await Move.start(settings: Self.settings)
    for database in EncodedDatabase.replicated { try await create(database, move) }
    let begun = try await move.migrate(Self.included(EncodedDatabase.replicated), by: "replication")
    #expect(begun.output.status == .exited(0), "\(begun.output.stdout)\(begun.output.stderr)")
    for database in EncodedDatabase.replicated {
      let outcome = begun.database("\(database)")
      #expect(outcome?.status == .inStep, "\(database): \(outcome?.message ?? "")")
      try await change(database, move)
    }
    try await addOddities(move)
    let (cutover, results) = try await move.cutOver(["--verify", "full"])
    #expect(cutover.status == .exited(0), "\(cutover.stdout)\(cutover.stderr)")
    for result in results {
      #expect(result.status == .done, "\(result.name)")
      #expect(result.verification?.mismatches == [], "\(result.name)")
    }
    for database in EncodedDatabase.replicated { try await expectSame(database, move) }
  }

  @Test func `bytes that are no text for the target end the migration, with the table's name and the server's words`()
    async throws
  {
    let move = try await Move.start()
    try await move.source.sql("create database shop template template0 encoding 'SQL_ASCII' locale 'C'")
    try await move.target.sql("create database shop template template0 encoding 'UTF8' locale 'C'")
    try await move.source.sql(
      "create table letters (id int primary key, t text); insert into letters values (1, e'caf\\xE9')", database: "shop"
    )
    for method in ["dump", "replication"] {
      let failed = try await move.migrate(["--include-database", "shop"], by: method)
      #expect(failed.output.status == .exited(1))
      let message = failed.database("shop")?.message ?? ""
      #expect(message.contains("copying public.letters in database shop of the source"), "\(message)")
      #expect(message.contains("invalid byte sequence for encoding \"UTF8\": 0xe9"), "\(message)")
      try await move.target.sql(
        "drop database shop; create database shop template template0 encoding 'UTF8' locale 'C'")
    }
    // What is written later stops the replication.
    try await move.source.sql("delete from letters", database: "shop")
    let begun = try await move.migrate(["--include-database", "shop"], by: "replication")
    #expect(begun.database("shop")?.status == .inStep, "\(begun.output.stdout)\(begun.output.stderr)")
    func complaints() throws -> Int {
      try move.source.logText().matches(of: /ERROR:  invalid byte sequence for encoding "UTF8": 0xe9/).count
    }
    let before = try complaints()
    try await move.source.sql("insert into letters values (2, e'caf\\xE9')", database: "shop")
    try await eventually("the source's server says so") { try complaints() > before }
    #expect(try await move.target.value("select count(*) from letters", database: "shop") == "0")
  }

  @Test func `names that both sides can't name alike are refused before anything is created`() async throws {
    let move = try await Move.start()
    try await move.source.sql("create database shop template template0 encoding 'LATIN1' locale 'C'")
    try await move.target.sql("create database shop template template0 encoding 'SQL_ASCII' locale 'C'")
    try await move.source.sql(
      "set client_encoding = 'UTF8'; create sequence \"numéro\"; create table plain (id int primary key)",
      database: "shop")
    let refused = try await move.migrate(["--include-database", "shop"])
    #expect(refused.output.status == .exited(1))
    #expect(
      refused.database("shop")?.message.hasPrefix(
        "sequence \"numéro\": names with characters other than ASCII cannot be migrated from a database of encoding "
          + "LATIN1 to one of encoding SQL_ASCII") == true, "\(refused.database("shop")?.message ?? "")")
    #expect(try await move.target.value("select count(*) from pg_class where oid >= 16384", database: "shop") == "0")
  }

  // MARK: What there is

  private static let included = included(EncodedDatabase.all)

  private static func included(_ databases: [EncodedDatabase]) -> [String] {
    databases.flatMap { ["--include-database", "\($0)"] }
  }

  private func creation(_ name: String, _ encoding: String) -> String {
    "create database \(name) template template0 encoding '\(encoding)' lc_collate 'C' lc_ctype 'C'"
  }

  private func create(_ database: EncodedDatabase, _ move: Move) async throws {
    try await move.source.sql(creation("\(database)", database.source))
    if database.source != database.target {
      try await move.target.sql(creation("\(database)", database.target))
    }
    try await move.source.sql(
      """
      set client_encoding = '\(database.client)';
      create temporary table given as select \(database.words)::text as w, \(database.name)::text as n;
      do $$ declare w text := (select g.w from given g); n text := (select g.n from given g); begin
        execute format('create type %I as enum (%L, %L)', 'mood ' || n, w, 'plain');
        execute format('create type pair as (a int, %I text)', n);
        execute format('create domain word as text check (value <> %L)', w || ' never');
        -- Of types whose binary form is copied, among them all that are text.
        execute format('create table core (id serial primary key, %I text default %L, v varchar(40), c char(30), n name,
                          j json, jb jsonb, l text[], b bytea, f float8, at timestamptz, check (%I <> %L))',
                       n, w, n, w || ' never');
        execute format('insert into core (v, c, n, j, jb, l, b, f, at) select w, w, w, j, j, array[w, null, w], %L, i / 3.0,
                          now() + i * interval ''1 s'' from generate_series(1, 2) i,
                          (select %L::text w, json_build_object(%L::text, %L::text)::jsonb j) x',
                       '\\x00ff', w, n, w);
        execute format('create table mixed (id int primary key, m %I, p pair, d word, words text)', 'mood ' || n);
        execute format('insert into mixed select i, %L, row(i, %L)::pair, %L, %L from generate_series(1, 2) i', w, w, w, w);
        execute format('create table %I (%I text primary key, n serial)', 'table ' || n, 'key ' || n);
        execute format('insert into %I select %L || i from generate_series(1, 5) i', 'table ' || n, w);
        execute format('comment on table %I is %L', 'table ' || n, w);
        execute format('create index %I on core (v)', 'index ' || n);
        execute format('create sequence %I', 'sequence ' || n);
        perform setval(format('%I', 'sequence ' || n), 4711);
        execute format('create function %I() returns text language plpgsql as %L', 'f ' || n,
                       format('begin /* %s */ return %L; end', w, w));
        execute format('create view %I as select %L::text as %I', 'view ' || n, w, n);
        -- Rows that are sent in pieces.
        create table wide (id int primary key, a text, c char(1200000), v varchar, j json, b bytea);
        alter table wide alter a set storage external, alter v set storage external;
        insert into wide select 1, x.t, x.t, x.t, to_json(w), decode(repeat('00ff', 550000), 'hex')
          from (select repeat(w || ' ', 1 + 1100000 / octet_length(w || ' ')) as t) x;
        execute format('create unlogged table late (id int primary key, %I text)', n);
        insert into late values (1, w);
        perform lo_from_bytea(4711, '\\x00ff');
        execute format('comment on large object 4711 is %L', w);
      end $$;
      """, database: "\(database)")
  }

  /// No character of the encoding, and yet a text; and a character whose code is another one after it has been UTF8.
  private func addOddities(_ move: Move) async throws {
    for (database, encoding, bytes) in [
      ("win1252_win1252", "WIN1252", "81208d"), ("euc_jp_euc_jp", "EUC_JP", "8fa2f1"),
      ("euc_jp_utf8", "EUC_JP", "8fa2f1"),
    ] {
      let text = "convert_from('\\x\(bytes)', '\(encoding)')"
      try await move.source.sql(
        """
        insert into core (v) values (\(text)); insert into mixed (id, words) values (0, \(text));
        update wide set a = a || \(text);
        """, database: database)
    }
  }

  /// What is replicated, what is copied at the cutover, and a table that was not there before.
  private func change(_ database: EncodedDatabase, _ move: Move) async throws {
    try await move.source.sql(
      """
      set client_encoding = '\(database.client)';
      create temporary table given as select \(database.words)::text as w, \(database.name)::text as n;
      do $$ declare w text := (select g.w from given g); n text := (select g.n from given g); begin
        insert into core (v, c, n, j, jb, l) values (w, w, w, to_json(w), to_jsonb(w), array[w]);
        update core set v = w || ' changed' where id = 1;
        insert into mixed select 3, m, p, d, words || ' inserted' from mixed where id = 1;
        update mixed set words = words || ' updated', m = 'plain' where id = 2;
        execute format('update %I set n = n + 100 where %I = %L', 'table ' || n, 'key ' || n, w || '1');
        execute format('update %I set %I = %L where %I = %L', 'table ' || n, 'key ' || n, w || ' other', 'key ' || n, w || '2');
        execute format('delete from %I where %I = %L', 'table ' || n, 'key ' || n, w || '3');
        update wide set a = a || w where id = 1;
        update late set id = 2;
        insert into late values (3, w || ' late');
        perform nextval(format('%I', 'sequence ' || n));
        execute format('create table %I (%I text primary key)', 'new ' || n, n);
        execute format('insert into %I values (%L)', 'new ' || n, w);
      end $$;
      """, database: "\(database)")
  }

  // MARK: By other means than the program's own

  private func expectSame(
    _ database: EncodedDatabase, _ move: Move, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let isConverted = ![database.source, database.target].contains("SQL_ASCII")
    let here = try await contents(
      of: database, in: isConverted ? database.target : database.source, on: move.source)
    let there = try await contents(of: database, in: database.target, on: move.target)
    let differences = there.difference(from: here).map { "\($0)" }
    #expect(differences == [], "\(database)", sourceLocation: sourceLocation)
    #expect(here.count > 30, "\(database): \(here.count)", sourceLocation: sourceLocation)
  }

  /// Rows, and texts and names of the schema, of which the server computes hashes over their bytes in an encoding.
  private func contents(
    of database: EncodedDatabase, in encoding: String, on cluster: TestCluster
  ) async throws -> [Substring] {
    // In SQL_ASCII a char(n) is filled up to n bytes, elsewhere to n characters.
    let isOfBytes = [database.source, database.target].count { $0 == "SQL_ASCII" } == 1
    let row = isOfBytes ? "replace(x::text, '' '', '''')" : "x::text"
    return try await cluster.sql(
      """
      create function pg_temp.b(t text) returns text language sql as $$
        select encode(convert_to(t, '\(encoding)'), 'hex') $$;
      create function pg_temp.contents() returns setof text language plpgsql as $$
      declare r record; line text;
      begin
        for r in select c.oid::regclass as t, c.relname, c.relkind from pg_class c
                  where c.oid >= 16384 and c.relkind in ('r', 'S') and c.relnamespace = 'public'::regnamespace loop
          if r.relkind = 'S' then
            execute format('select concat(last_value, is_called) from %s', r.t) into line;
          else
            execute format('select concat(count(*), md5(string_agg(h, '','' order by h collate "C")))
                              from (select md5(convert_to(\(row), %L)) h from %s x) y', '\(encoding)', r.t) into line;
          end if;
          return next concat('rows ', pg_temp.b(r.relname::text), ' ', line);
        end loop;
        return query select concat('column ', pg_temp.b(concat(c.relname, ' ', a.attname, ' ', pg_get_expr(d.adbin, d.adrelid))))
          from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
         where c.relnamespace = 'public'::regnamespace and a.attnum > 0;
        return query select concat('constraint ', pg_temp.b(pg_get_constraintdef(oid))) from pg_constraint
          where connamespace = 'public'::regnamespace and contype = 'c';
        return query select concat('label ', pg_temp.b(enumlabel::text)) from pg_enum;
        return query select concat('function ', pg_temp.b(concat(proname, prosrc))) from pg_proc
          where pronamespace = 'public'::regnamespace;
        return query select concat('view ', pg_temp.b(pg_get_viewdef(oid))) from pg_class
          where relkind = 'v' and relnamespace = 'public'::regnamespace;
        return query select concat('comment ', pg_temp.b(description)) from pg_description
          where classoid = 'pg_class'::regclass and objoid >= 16384;
        return query select concat('large object ', pg_temp.b(obj_description(oid, 'pg_largeobject')), md5(lo_get(oid)))
          from pg_largeobject_metadata;
      end $$;
      select * from pg_temp.contents() x order by x collate "C";
      """, database: "\(database)"
    ).split(separator: "\n")
  }
}
