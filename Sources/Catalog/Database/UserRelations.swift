/// FROM and WHERE of a query over the relations `c` in the schemas `n`: users' own, that is neither the system's nor
/// members of extensions, for which `condition` holds.
///
/// - Parameters:
///   - isSelected: only what a table filter selects, of which the parameters are those of `FilterDependency`.
///   - withConfiguration: also the members of extensions whose rows `pg_dump` takes along.
func userRelations(where condition: String, isSelected: Bool = false, withConfiguration: Bool = false) -> String {
  let selection =
    isSelected ? "AND ($1::text = 'all' OR ($1::text = 'only') = (c.oid IN (\(namedRelations))))" : ""
  let isConfiguration =
    withConfiguration ? "OR c.oid IN (SELECT pg_catalog.unnest(x.extconfig) FROM pg_catalog.pg_extension x)" : ""
  return """
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE \(condition) \(selection) AND c.oid >= 16384::oid AND pg_catalog.textne(pg_catalog.left(n.nspname::text, 3), 'pg_')
       AND n.nspname <> 'information_schema'::name
       AND (NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass
                           AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e'::"char") \(isConfiguration))
    """
}

/// The extension whose configuration the relation `c` is; empty for users' own.
let configuredExtension = """
  coalesce((SELECT x.extname::text FROM pg_catalog.pg_extension x WHERE c.oid = ANY (x.extconfig) LIMIT 1), '')
  """

/// The pages of a row of `pg_class`. What is kept as a signed number of 32 bits is unsigned: above 16 TB it is negative
/// (PostgreSQL documentation, "pg_class"; `vac_update_relstats` in its source casts a BlockNumber).
func pages(_ relation: String) -> String { "(\(relation).relpages::int8 & 4294967295)" }

/// Of a table `c`, with `oid`, `reltoastrelid`, `relpages` and `reltuples`: heap, TOAST and indexes in bytes.
///
/// - Parameter areMany: the condition that there are so many that looking at their files, up to 20 for each, takes long.
///   Then it is as of the last VACUUM or ANALYZE, where that is known. Up to 13 it can't be told from pg_class whether a
///   table is empty or was never looked at.
func tableSize(_ server: ServerVersion, areMany: String) -> String {
  let measured = "pg_catalog.pg_total_relation_size(c.oid)"
  guard server.major >= 14 else { return measured }
  return """
    CASE WHEN \(areMany) AND c.reltuples >= 0 AND (c.reltoastrelid = 0::oid OR (
                SELECT t.reltuples >= 0 FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid))
         THEN pg_catalog.current_setting('block_size')::int8 * (
                \(pages("c")) + coalesce((SELECT \(pages("t")) FROM pg_catalog.pg_class t
                                            WHERE t.oid = c.reltoastrelid), 0)
                + coalesce((SELECT sum(\(pages("x")))::int8 FROM pg_catalog.pg_index i
                              JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
                             WHERE i.indrelid IN (c.oid, c.reltoastrelid)), 0))
         ELSE \(measured) END
    """
}

/// So many tables are measured one by one.
let mostMeasured = 10_000
