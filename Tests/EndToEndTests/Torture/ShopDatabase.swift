/// The database that is migrated again and again: small, with something of everything that crosses in its own way.
enum ShopDatabase {
  static let name = "shop"
  /// Which sessions write to the source, each with a row of `counters`.
  static let sessions = 1...20

  static let roles = """
    create role app login; create role app_rw login; alter role app_rw set default_transaction_read_only = off;
    create database shop owner app;
    """

  /// Three tables that are replicated, one without a replica identity, a sequence, a view and large objects.
  static let schema = """
    create table entries (id bigint primary key, session int not null, at timestamptz not null);
    create table counters (session int primary key, n bigint not null);
    create sequence order_numbers;
    create table orders (number bigint primary key default nextval('order_numbers'), entry bigint not null);
    create table events (entry bigint not null, at timestamptz not null);
    create materialized view totals as select session, count(*) as n from entries group by session;
    insert into entries select -i, 0, now() from generate_series(1, 200) i;
    insert into counters select i, 0 from generate_series(\(sessions.lowerBound), \(sessions.upperBound)) i;
    insert into orders (entry) select id from entries;
    insert into events select id, at from entries;
    select lo_from_bytea(5000 + i, decode(repeat('ab', 1000 * i), 'hex')) from generate_series(1, 4) i;
    grant select, insert, update on all tables in schema public to app, app_rw;
    grant usage, select, update on all sequences in schema public to app, app_rw;
    """

  static func conninfo(port: Int, database: String = name, user: String = "postgres", options: String? = nil) -> String
  {
    "host=127.0.0.1 port=\(port) dbname=\(database) user=\(user) application_name=application"
      + (options.map { " options='\($0)'" } ?? "")
  }

  /// What one write consists of; it is whole or not at all.
  static func statements(of id: Int, session: Int) -> [String] {
    [
      "insert into entries values (\(id), \(session), clock_timestamp())",
      "update counters set n = n + 1 where session = \(session)",
      "insert into orders (entry) values (\(id))",
      "insert into events values (\(id), clock_timestamp())",
    ]
  }

  /// The same in one statement.
  static func statement(of id: Int, session: Int) -> String {
    let all = statements(of: id, session: session)
    let first = all.dropLast().enumerated().map { "w\($0) as (\($1))" }.joined(separator: ", ")
    return "with \(first) \(all[all.count - 1])"
  }
}
