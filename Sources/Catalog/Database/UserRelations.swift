/// FROM and WHERE of a query over the relations `c` in the schemas `n`: users' own, that is neither the system's nor
/// members of extensions, for which `condition` holds.
///
/// - Parameters:
///   - others: what is joined to them.
///   - withConfiguration: also the members of extensions whose rows `pg_dump` takes along.
func userRelations(where condition: String, joining others: String = "", withConfiguration: Bool = false) -> String {
  let isConfiguration =
    withConfiguration ? "OR c.oid IN (SELECT pg_catalog.unnest(x.extconfig) FROM pg_catalog.pg_extension x)" : ""
  return """
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \(others)
     WHERE \(condition) AND c.oid >= 16384::oid AND pg_catalog.textne(pg_catalog.left(n.nspname::text, 3), 'pg_')
       AND n.nspname <> 'information_schema'::name
       AND (NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass
                           AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e'::"char") \(isConfiguration))
    """
}

/// The extension whose configuration the relation `c` is; empty for users' own.
let configuredExtension = """
  coalesce((SELECT x.extname::text FROM pg_catalog.pg_extension x WHERE c.oid = ANY (x.extconfig) LIMIT 1), '')
  """
