/// FROM and WHERE of a query over the relations `c` in the schemas `n`: users' own, that is neither the system's nor
/// members of extensions, for which `condition` holds.
func userRelations(where condition: String) -> String {
  """
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE \(condition) AND c.oid >= 16384::oid AND pg_catalog.textne(pg_catalog.left(n.nspname::text, 3), 'pg_')
     AND n.nspname <> 'information_schema'::name
     AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass
                        AND e.objid = c.oid AND e.objsubid = 0 AND e.deptype = 'e'::"char")
  """
}
