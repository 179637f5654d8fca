/// Types that hold values of others: domains over them, arrays, composite types, ranges and multiranges (new in 14).
enum TypeParts {
  /// A query for pairs of a type and one that holds its values, without those of ranges.
  static let pairs = """
    SELECT t.typbasetype, t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype <> 0::oid
    UNION ALL
    SELECT t.typelem, t.oid FROM pg_catalog.pg_type t WHERE t.typelem <> 0::oid
    UNION ALL
    SELECT a.atttypid, c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.reltype <> 0::oid AND c.oid >= 16384::oid
    """

  /// A query for the identifiers of the types that hold values of one, ranges among them.
  static func holders(of type: String, _ server: ServerVersion) -> String {
    """
    SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = \(type) OR t.typelem = \(type)
    UNION ALL
    SELECT t.oid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.typrelid = a.attrelid
     WHERE a.atttypid = \(type) AND a.attnum > 0::int2 AND NOT a.attisdropped
    UNION ALL
    SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = \(type)
    \(server.major >= 14
      ? "UNION ALL SELECT r.rngmultitypid FROM pg_catalog.pg_range r WHERE r.rngtypid = \(type)" : "")
    """
  }
}
