/// Functions, types, and all else that a schema or a database holds.
extension DetailQuery {
  static let objects: [DetailQuery] = [
    DetailQuery(
      "schema",
      """
      select n.nspname::text, p.* from pg_namespace n, lateral (values \(Part.owner("n.nspowner")),
          \(Part.privileges("n", "n.nspacl", "n.nspowner")), \(Part.comment("pg_namespace", "n.oid"))) p(property, value)
        where (\(Part.isUsers("pg_namespace", "n.oid")) or n.nspname = 'public') and \(Part.isOrdinary("n.nspname"))
      """),
    DetailQuery(
      "function",
      """
      select f.oid::regprocedure::text, p.* from pg_proc f join pg_namespace n on n.oid = f.pronamespace, lateral (values
          ('definition', case when f.prokind <> 'a' then pg_get_functiondef(f.oid) end),
          ('aggregate', (select to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop'
             from pg_aggregate a where a.aggfnoid = f.oid)::text),
          \(Part.owner("f.proowner")), \(Part.privileges("f", "f.proacl", "f.proowner")),
          \(Part.comment("pg_proc", "f.oid"))) p(property, value)
        where \(Part.isUsers("pg_proc", "f.oid")) and \(Part.isOrdinary("n.nspname"))
          and not exists (select from pg_range r where to_jsonb(r) ->> 'rngmultitypid' = f.prorettype::text
            and f.prolang = 12)
      """),
    DetailQuery(
      "type",
      """
      select t.oid::regtype::text, p.* from pg_type t join pg_namespace n on n.oid = t.typnamespace
        left join pg_class c on c.oid = t.typrelid
        left join pg_collation l on l.oid = t.typcollation, lateral (values
          ('kind', t.typtype::text), \(Part.owner("t.typowner")), \(Part.privileges("T", "t.typacl", "t.typowner")),
          ('labels', (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)),
          ('base', case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end),
          ('not null', t.typnotnull::text), ('default', case when t.typtype = 'd' then t.typdefault end),
          ('collation', l.collname::text),
          ('range', (select concat_ws(' ', r.rngsubtype::regtype, r.rngcanonical, r.rngsubdiff, o.opcname, x.collname)
             from pg_range r join pg_opclass o on o.oid = r.rngsubopc left join pg_collation x on x.oid = r.rngcollation
             where r.rngtypid = t.oid)),
          ('base type', case when t.typtype = 'b' then concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend,
             t.typmodin, t.typmodout, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory,
             t.typispreferred, t.typdelim) end),
          \(Part.comment("pg_type", "t.oid"))) p(property, value)
        where \(Part.isUsers("pg_type", "t.oid")) and \(Part.isOrdinary("n.nspname")) and t.typtype <> 'm'
          and (t.typrelid = 0 or c.relkind = 'c') and not exists (select from pg_type e where e.typarray = t.oid)
      """),
    DetailQuery(
      "operator",
      """
      select o.oid::regoperator::text, p.* from pg_operator o, lateral (values \(Part.owner("o.oprowner")),
          ('definition', concat_ws(' ', o.oprcode::regprocedure, nullif(o.oprcom, 0)::regoperator,
             nullif(o.oprnegate, 0)::regoperator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash)),
          \(Part.comment("pg_operator", "o.oid"))) p(property, value) where \(Part.isUsers("pg_operator", "o.oid"))
      """),
    DetailQuery(
      "operator class",
      """
      select m.amname || ' ' || o.opcnamespace::regnamespace::text || '.' || o.opcname, p.*
        from pg_opclass o join pg_am m on m.oid = o.opcmethod join pg_opfamily f on f.oid = o.opcfamily, lateral (values
          \(Part.owner("o.opcowner")), ('family', f.opfname::text), ('type', o.opcintype::regtype::text),
          ('default', o.opcdefault::text), ('storage', nullif(o.opckeytype, 0)::regtype::text),
          \(Part.comment("pg_opclass", "o.oid"))) p(property, value) where \(Part.isUsers("pg_opclass", "o.oid"))
      """),
    DetailQuery(
      "operator family",
      """
      select m.amname || ' ' || f.opfnamespace::regnamespace::text || '.' || f.opfname, p.*
        from pg_opfamily f join pg_am m on m.oid = f.opfmethod, lateral (values \(Part.owner("f.opfowner")),
          ('operators', (select string_agg(a.amopstrategy || ' ' || a.amopopr::regoperator, ', '
             order by a.amopstrategy, a.amopopr::regoperator::text) from pg_amop a where a.amopfamily = f.oid)),
          ('functions', (select string_agg(a.amprocnum || ' ' || a.amproc::regprocedure, ', '
             order by a.amprocnum, a.amproc::regprocedure::text) from pg_amproc a where a.amprocfamily = f.oid)),
          \(Part.comment("pg_opfamily", "f.oid"))) p(property, value) where \(Part.isUsers("pg_opfamily", "f.oid"))
      """),
    DetailQuery(
      "cast",
      """
      select c.castsource::regtype || ' as ' || c.casttarget::regtype, p.* from pg_cast c, lateral (values
          ('definition', concat_ws(' ', nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod)),
          \(Part.comment("pg_cast", "c.oid"))) p(property, value) where \(Part.isUsers("pg_cast", "c.oid"))
      """),
    DetailQuery(
      "conversion",
      """
      select c.connamespace::regnamespace || '.' || c.conname, p.* from pg_conversion c, lateral (values
          \(Part.owner("c.conowner")), ('definition', concat_ws(' ', pg_encoding_to_char(c.conforencoding),
          pg_encoding_to_char(c.contoencoding), c.conproc, c.condefault)),
          \(Part.comment("pg_conversion", "c.oid"))) p(property, value) where \(Part.isUsers("pg_conversion", "c.oid"))
      """),
    DetailQuery(
      "collation",
      """
      select c.collnamespace::regnamespace || '.' || c.collname, p.* from pg_collation c, lateral (values
          \(Part.owner("c.collowner")), ('definition', concat_ws(' ', c.collprovider, c.collcollate, c.collctype,
          coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale'), c.collisdeterministic)),
          \(Part.comment("pg_collation", "c.oid"))) p(property, value) where \(Part.isUsers("pg_collation", "c.oid"))
      """),
    DetailQuery(
      "language",
      """
      select l.lanname::text, p.* from pg_language l, lateral (values \(Part.owner("l.lanowner")),
          \(Part.privileges("l", "l.lanacl", "l.lanowner")), ('trusted', l.lanpltrusted::text),
          \(Part.comment("pg_language", "l.oid"))) p(property, value) where \(Part.isUsers("pg_language", "l.oid"))
      """),
    DetailQuery(
      "transform",
      """
      select t.trftype::regtype || ' ' || l.lanname, 'definition',
          concat_ws(' ', nullif(t.trffromsql, 0)::regprocedure, nullif(t.trftosql, 0)::regprocedure)
        from pg_transform t join pg_language l on l.oid = t.trflang where \(Part.isUsers("pg_transform", "t.oid"))
      """),
    DetailQuery(
      "access method",
      """
      select m.amname::text, p.* from pg_am m, lateral (values ('definition', m.amtype::text || ' ' || m.amhandler),
          \(Part.comment("pg_am", "m.oid"))) p(property, value) where \(Part.isUsers("pg_am", "m.oid"))
      """),
    DetailQuery(
      "text search configuration",
      """
      select c.oid::regconfig::text, p.* from pg_ts_config c, lateral (values \(Part.owner("c.cfgowner")),
          ('definition', (select string_agg(m.maptokentype || ' ' || m.mapseqno || ' ' || m.mapdict::regdictionary, ', '
             order by m.maptokentype, m.mapseqno) from pg_ts_config_map m where m.mapcfg = c.oid)),
          \(Part.comment("pg_ts_config", "c.oid"))) p(property, value) where \(Part.isUsers("pg_ts_config", "c.oid"))
      """),
    DetailQuery(
      "text search dictionary",
      """
      select d.oid::regdictionary::text, p.* from pg_ts_dict d join pg_ts_template t on t.oid = d.dicttemplate,
          lateral (values \(Part.owner("d.dictowner")), ('definition', t.tmplname || ' ' || coalesce(d.dictinitoption, '')),
          \(Part.comment("pg_ts_dict", "d.oid"))) p(property, value) where \(Part.isUsers("pg_ts_dict", "d.oid"))
      """),
    DetailQuery(
      "text search template",
      """
      select t.tmplnamespace::regnamespace || '.' || t.tmplname, 'definition', concat_ws(' ', t.tmplinit, t.tmpllexize)
        from pg_ts_template t where \(Part.isUsers("pg_ts_template", "t.oid"))
      """),
    DetailQuery(
      "text search parser",
      """
      select t.prsnamespace::regnamespace || '.' || t.prsname, 'definition',
          concat_ws(' ', t.prsstart, t.prstoken, t.prsend, t.prsheadline, t.prslextype)
        from pg_ts_parser t where \(Part.isUsers("pg_ts_parser", "t.oid"))
      """),
    DetailQuery(
      "extension",
      """
      select x.extname::text, p.* from pg_extension x, lateral (values ('version', x.extversion),
          ('schema', x.extnamespace::regnamespace::text)) p(property, value) where x.oid >= 16384
      """),
    DetailQuery(
      "foreign-data wrapper",
      """
      select f.fdwname::text, p.* from pg_foreign_data_wrapper f, lateral (values \(Part.owner("f.fdwowner")),
          \(Part.privileges("F", "f.fdwacl", "f.fdwowner")), ('options', \(Part.sorted("f.fdwoptions"))),
          ('functions', concat_ws(' ', f.fdwhandler::regproc, f.fdwvalidator::regproc)),
          \(Part.comment("pg_foreign_data_wrapper", "f.oid"))) p(property, value)
        where \(Part.isUsers("pg_foreign_data_wrapper", "f.oid"))
      """),
    DetailQuery(
      "foreign server",
      """
      select s.srvname::text, p.* from pg_foreign_server s join pg_foreign_data_wrapper f on f.oid = s.srvfdw,
          lateral (values \(Part.owner("s.srvowner")), \(Part.privileges("S", "s.srvacl", "s.srvowner")),
          ('definition', concat_ws(' ', f.fdwname, s.srvtype, s.srvversion)), ('options', \(Part.sorted("s.srvoptions"))),
          \(Part.comment("pg_foreign_server", "s.oid"))) p(property, value)
        where \(Part.isUsers("pg_foreign_server", "s.oid"))
      """),
    DetailQuery(
      "user mapping",
      """
      select case when u.umuser = 0 then 'PUBLIC' else pg_get_userbyid(u.umuser) end || ' ' || s.srvname, 'options',
          \(Part.sorted("u.umoptions")) from pg_user_mapping u join pg_foreign_server s on s.oid = u.umserver
      """),
    DetailQuery(
      "foreign table",
      """
      select f.ftrelid::regclass::text, 'options', concat_ws(' ', s.srvname, \(Part.sorted("f.ftoptions")))
        from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver
        where \(Part.isUsers("pg_class", "f.ftrelid"))
      """),
    DetailQuery(
      "event trigger",
      """
      select e.evtname::text, p.* from pg_event_trigger e, lateral (values \(Part.owner("e.evtowner")),
          ('definition', concat_ws(' ', e.evtevent, e.evtfoid::regprocedure, e.evttags)), ('enabled', e.evtenabled::text),
          \(Part.comment("pg_event_trigger", "e.oid"))) p(property, value)
        where \(Part.isUsers("pg_event_trigger", "e.oid"))
      """),
    DetailQuery(
      "publication",
      """
      select b.pubname::text, p.* from pg_publication b, lateral (values \(Part.owner("b.pubowner")),
          ('definition', concat_ws(' ', b.puballtables, b.pubinsert, b.pubupdate, b.pubdelete, b.pubtruncate, b.pubviaroot)),
          ('tables', (select string_agg(r.prrelid::regclass || coalesce(' ' || (to_jsonb(r) ->> 'prattrs'), ''), ', '
             order by r.prrelid::regclass::text) from pg_publication_rel r where r.prpubid = b.oid)),
          \(Part.comment("pg_publication", "b.oid"))) p(property, value)
      """),
    DetailQuery(
      "publication", minimum: 15,
      """
      select b.pubname::text, p.* from pg_publication b, lateral (values
          ('expression', (select string_agg(r.prrelid::regclass || ' ' || pg_get_expr(r.prqual, r.prrelid), ', '
             order by r.prrelid::regclass::text) from pg_publication_rel r where r.prpubid = b.oid)),
          ('schemas', (select string_agg(s.pnnspid::regnamespace::text, ', ' order by s.pnnspid::regnamespace::text)
             from pg_publication_namespace s where s.pnpubid = b.oid))) p(property, value)
      """),
    DetailQuery(
      "subscription",
      """
      select s.subname::text, 'publications', s.subpublications::text from pg_subscription s
        where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())
      """),
    DetailQuery(
      "default privileges",
      """
      select concat_ws(' ', pg_get_userbyid(d.defaclrole), nullif(d.defaclnamespace, 0)::regnamespace, d.defaclobjtype),
          'privileges', \(Part.privilegesValue("r", "d.defaclacl", "d.defaclrole"))
        from pg_default_acl d
      """),
    DetailQuery(
      "large object",
      """
      select m.oid::text, p.* from pg_largeobject_metadata m, lateral (values \(Part.owner("m.lomowner")),
          \(Part.privileges("L", "m.lomacl", "m.lomowner")), ('bytes', md5(lo_get(m.oid))),
          \(Part.comment("pg_largeobject", "m.oid"))) p(property, value)
      """),
    DetailQuery(
      "security label",
      """
      select (pg_identify_object(s.classoid, s.objoid, s.objsubid)).identity, s.provider, s.label from pg_seclabel s
        where s.classoid <> 0
      """),
    // What is the server's own, or an extension's, with other privileges than it came with.
    DetailQuery(
      "built-in privileges",
      """
      select c.oid::regclass::text, 'privileges', \(Part.privilegesValue("r", "c.relacl", "c.relowner"))
        from pg_class c left join pg_init_privs i on i.classoid = 'pg_catalog.pg_class'::regclass and i.objoid = c.oid
          and i.objsubid = 0
        where c.relkind in ('r', 'v', 'p', 'm') and c.relacl is distinct from i.initprivs
          and c.relnamespace <> 'information_schema'::regnamespace
          and not \(Part.isUsers("pg_class", "c.oid"))
      union all
      select f.oid::regprocedure::text, 'privileges', \(Part.privilegesValue("f", "f.proacl", "f.proowner"))
        from pg_proc f left join pg_init_privs i on i.classoid = 'pg_catalog.pg_proc'::regclass and i.objoid = f.oid
        where f.proacl is distinct from i.initprivs and not \(Part.isUsers("pg_proc", "f.oid"))
      """),
  ]
}
