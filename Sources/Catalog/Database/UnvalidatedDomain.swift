/// A table of which values are of a domain with a constraint that is not valid, or hold such.
public struct UnvalidatedDomain: CatalogRow {
  /// How many there are in all; without a table filter rows are given for the first of them only.
  public var nTotal: Int
  public var nspname: String
  public var relname: String
  public var attname: String
  /// Qualified and quoted.
  public var domain: String
  public var conname: String

  public static let subject = "the domains with constraints that are not valid"

  // Multiranges are new in 14.
  public static func sql(_ server: ServerVersion) -> String {
    let multirange =
      server.major >= 14
      ? "UNION ALL SELECT r.rngtypid, r.rngmultitypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid <> 0::oid" : ""
    return """
      WITH RECURSIVE parts(part, whole) AS (
        \(TypeParts.pairs)
        UNION ALL
        SELECT r.rngsubtype, r.rngtypid FROM pg_catalog.pg_range r
        \(multirange)
      ), x(oid, con) AS (
        SELECT k.contypid, k.oid FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0::oid AND NOT k.convalidated
        UNION
        SELECT p.whole, x.con FROM x JOIN parts p ON p.part = x.oid
      )
      SELECT count(*) OVER () AS n_total, c.nspname, c.relname, y.attname,
             pg_catalog.format('%I.%I', d.nspname, t.typname) AS domain, k.conname
        FROM x JOIN pg_catalog.pg_constraint k ON k.oid = x.con JOIN pg_catalog.pg_type t ON t.oid = k.contypid
        JOIN pg_catalog.pg_namespace d ON d.oid = t.typnamespace
        JOIN pg_catalog.pg_attribute y ON y.atttypid = x.oid AND y.attnum > 0 AND NOT y.attisdropped, LATERAL (
        SELECT n.nspname, c.relname \(userRelations(where: "c.oid = y.attrelid AND c.relkind = 'r'"))) c
       ORDER BY c.nspname COLLATE "C", c.relname COLLATE "C", y.attname COLLATE "C", k.conname COLLATE "C"
       LIMIT $1::int8
      """
  }
}
