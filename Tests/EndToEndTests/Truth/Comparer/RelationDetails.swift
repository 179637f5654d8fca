/// Tables, views, sequences, and what belongs to them.
extension DetailQuery {
  static let relations: [DetailQuery] = [
    DetailQuery(
      "relation",
      """
      select n.nspname || '.' || c.relname, p.* from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join pg_am m on m.oid = c.relam
        left join pg_tablespace t on t.oid = c.reltablespace, lateral (values
          ('kind', c.relkind::text), \(Part.owner("c.relowner")),
          ('privileges', case when c.relkind = 'S' then \(Part.privilegesValue("s", "c.relacl", "c.relowner"))
             when c.relkind <> 'c' then \(Part.privilegesValue("r", "c.relacl", "c.relowner")) end),
          ('persistence', c.relpersistence::text), ('options', \(Part.sorted("c.reloptions"))),
          ('toast options', (select \(Part.sorted("b.reloptions")) from pg_class b where b.oid = c.reltoastrelid)),
          ('tablespace', t.spcname::text), ('access method', m.amname::text),
          ('row security', c.relrowsecurity::text || c.relforcerowsecurity::text),
          ('replica identity', c.relreplident::text), ('is partition', c.relispartition::text),
          ('partition bound', pg_get_expr(c.relpartbound, c.oid)),
          ('partition key', case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end),
          ('parents', (select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
             from pg_inherits i where i.inhrelid = c.oid)),
          ('of type', case when c.reloftype <> 0 then c.reloftype::regtype::text end),
          ('definition', case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end),
          ('populated', c.relispopulated::text),
          \(Part.comment("pg_class", "c.oid"))) p(property, value)
        where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and \(Part.isOrdinary("n.nspname"))
          and \(Part.isUsers("pg_class", "c.oid"))
      """),
    DetailQuery(
      "column",
      """
      select n.nspname || '.' || c.relname || '.' || a.attname, p.*
        from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        left join pg_collation l on l.oid = a.attcollation, lateral (values
          ('type', format_type(a.atttypid, a.atttypmod)),
          ('position', (select count(*) from pg_attribute b where b.attrelid = a.attrelid and b.attnum > 0
             and not b.attisdropped and b.attnum <= a.attnum)::text),
          ('not null', a.attnotnull::text), ('default', pg_get_expr(d.adbin, d.adrelid)),
          ('generated', a.attgenerated::text), ('identity', a.attidentity::text),
          ('collation', l.collnamespace::regnamespace::text || '.' || l.collname), ('storage', CASE WHEN c.relkind <> 'v' THEN a.attstorage::text END),
          ('compression', coalesce(to_jsonb(a) ->> 'attcompression', '')),
          ('statistics target', coalesce(to_jsonb(a) ->> 'attstattarget', '-1')),
          ('options', \(Part.sorted("a.attoptions"))), ('foreign options', \(Part.sorted("a.attfdwoptions"))),
          ('local', a.attislocal::text), ('privileges', \(Part.privilegesValue("c", "a.attacl", "c.relowner"))),
          \(Part.comment("pg_class", "c.oid", "a.attnum"))) p(property, value)
        where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
          and \(Part.isOrdinary("n.nspname")) and \(Part.isUsers("pg_class", "c.oid"))
      """),
    DetailQuery(
      "sequence",
      """
      select n.nspname || '.' || c.relname, p.* from pg_sequence s join pg_class c on c.oid = s.seqrelid
        join pg_namespace n on n.oid = c.relnamespace, lateral (values
          ('type', s.seqtypid::regtype::text),
          ('parameters', concat_ws(' ', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)),
          ('owned by', (select d.refobjid::regclass::text || '.' || a.attname || ' ' || d.deptype::text
             from pg_depend d join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
             where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')))
        ) p(property, value)
        where \(Part.isOrdinary("n.nspname")) and \(Part.isUsers("pg_class", "c.oid"))
      """),
    DetailQuery(
      "index",
      """
      select n.nspname || '.' || c.relname, p.* from pg_index i join pg_class c on c.oid = i.indexrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_tablespace t on t.oid = c.reltablespace, lateral (values
          ('definition', pg_get_indexdef(c.oid)), ('table', i.indrelid::regclass::text),
          ('valid', (i.indisvalid and i.indisready)::text), ('clustered', i.indisclustered::text),
          ('replica identity', i.indisreplident::text), ('options', \(Part.sorted("c.reloptions"))),
          ('statistics targets', (select string_agg(coalesce(to_jsonb(a) ->> 'attstattarget', '-1'), ' ' order by a.attnum)
             from pg_attribute a where a.attrelid = c.oid)),
          ('parent', (select h.inhparent::regclass::text from pg_inherits h where h.inhrelid = c.oid)),
          ('tablespace', t.spcname::text), \(Part.comment("pg_class", "c.oid"))) p(property, value)
        where \(Part.isOrdinary("n.nspname")) and \(Part.isUsers("pg_class", "i.indrelid"))
      """),
    DetailQuery(
      "constraint",
      """
      select coalesce(case when k.conrelid <> 0 then k.conrelid::regclass::text end, k.contypid::regtype::text)
          || '.' || k.conname, p.*
        from pg_constraint k join pg_namespace n on n.oid = k.connamespace, lateral (values
          ('definition', pg_get_constraintdef(k.oid)), ('validated', k.convalidated::text),
          ('deferrable', k.condeferrable::text || k.condeferred::text), ('local', k.conislocal::text),
          ('no inherit', case when k.contype = 'c' then k.connoinherit::text end), ('enforced', coalesce(to_jsonb(k) ->> 'conenforced', 'true')),
          \(Part.comment("pg_constraint", "k.oid"))) p(property, value)
        where k.contype in ('c', 'f', 'p', 'u', 'x') and \(Part.isOrdinary("n.nspname"))
          and (\(Part.isUsers("pg_class", "k.conrelid")) or \(Part.isUsers("pg_type", "k.contypid")))
      """),
    DetailQuery(
      "trigger",
      """
      select t.tgrelid::regclass::text || '.' || t.tgname, p.* from pg_trigger t
        join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace, lateral (values
          ('definition', pg_get_triggerdef(t.oid)), ('enabled', t.tgenabled::text),
          \(Part.comment("pg_trigger", "t.oid"))) p(property, value)
        where not t.tgisinternal and \(Part.isOrdinary("n.nspname")) and \(Part.isUsers("pg_trigger", "t.oid"))
      """),
    // A foreign key's triggers can be disabled too.
    DetailQuery(
      "internal trigger",
      """
      select t.tgrelid::regclass::text || '.' || k.conname || ' ' || t.tgtype, 'enabled',
          string_agg(t.tgenabled::text, '' order by t.tgenabled)
        from pg_trigger t join pg_constraint k on k.oid = t.tgconstraint
        where t.tgisinternal and t.tgenabled <> 'O' group by 1
      """),
    DetailQuery(
      "rule",
      """
      select r.ev_class::regclass::text || '.' || r.rulename, p.* from pg_rewrite r, lateral (values
          ('definition', pg_get_ruledef(r.oid)), ('enabled', r.ev_enabled::text),
          \(Part.comment("pg_rewrite", "r.oid"))) p(property, value)
        where r.rulename <> '_RETURN' and \(Part.isUsers("pg_rewrite", "r.oid"))
      """),
    DetailQuery(
      "policy",
      """
      select o.polrelid::regclass::text || '.' || o.polname, p.* from pg_policy o, lateral (values
          ('command', o.polcmd::text || o.polpermissive::text),
          ('roles', (select string_agg(case when r = 0 then 'PUBLIC' else pg_get_userbyid(r) end, ', '
             order by pg_get_userbyid(r)) from unnest(o.polroles) r)),
          ('expression', pg_get_expr(o.polqual, o.polrelid)), ('check', pg_get_expr(o.polwithcheck, o.polrelid)),
          \(Part.comment("pg_policy", "o.oid"))) p(property, value)
      """),
    DetailQuery(
      "statistics object",
      """
      select s.stxnamespace::regnamespace::text || '.' || s.stxname, p.* from pg_statistic_ext s, lateral (values
          ('definition', pg_get_statisticsobjdef(s.oid)), \(Part.owner("s.stxowner")),
          ('target', coalesce(to_jsonb(s) ->> 'stxstattarget', '-1')),
          \(Part.comment("pg_statistic_ext", "s.oid"))) p(property, value)
        where \(Part.isUsers("pg_statistic_ext", "s.oid"))
      """),
  ]
}
