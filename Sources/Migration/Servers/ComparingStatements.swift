import Catalog

/// What comparing tables reads of the catalogs, and of the rows where a sample is enough.
extension ReadingStatements {
  /// What a server has counted of the writes to these tables, and their files, which TRUNCATE replaces.
  static let tableActivity = """
    SELECT c.oid, pg_catalog.pg_relation_filenode(c.oid) AS filenode,
           pg_catalog.pg_stat_get_tuples_inserted(c.oid) AS inserted,
           pg_catalog.pg_stat_get_tuples_updated(c.oid) AS updated,
           pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS deleted
      FROM pg_catalog.unnest($1::oid[]) AS c (oid)
    """

  /// Whether every session's writes are counted, and since when.
  static let activityTerms = """
    SELECT pg_catalog.pg_stat_get_db_stat_reset_time(d.oid)::text AS since,
           pg_catalog.current_setting('track_counts') = 'on' AND NOT EXISTS (
             SELECT FROM pg_catalog.pg_db_role_setting s CROSS JOIN unnest(s.setconfig) o(text)
              WHERE pg_catalog.lower(o.text) ~ '^track_counts=') AS is_complete
      FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
    """

  /// Ends some sessions: all, or those that somebody waits for. To cancel a statement would not end the locks of one whose
  /// statement is over.
  static let endReading = """
    SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a
     WHERE a.pid = ANY ($1::int4[]) AND a.usename = current_user
       AND a.application_name = pg_catalog.current_setting('application_name') AND ($2::bool OR EXISTS (
           SELECT FROM pg_catalog.pg_locks l
            WHERE NOT l.granted AND l.locktype = 'relation'
              AND l.relation IN (SELECT o.relation FROM pg_catalog.pg_locks o
                                  WHERE o.pid = a.pid AND o.locktype = 'relation' AND o.granted)
              AND a.pid = ANY (pg_catalog.pg_blocking_pids(l.pid))))
    """

  /// Of a table: the columns of its primary key, and whether a query over it runs nothing of users when it is planned. In
  /// catalogs, what an expression uses and the server did not bring along is a dependency of what the expression belongs
  /// to.
  static func sampleKey(_ version: ServerVersion) -> String {
    func parts(_ catalog: String, _ relation: String, of set: String) -> String {
      """
      UNION ALL SELECT 'pg_catalog.\(catalog)'::pg_catalog.regclass, x.oid, false
                  FROM pg_catalog.\(catalog) x
               JOIN \(set) ON \(set).oid = x.\(relation)
      """
    }
    return """
      WITH RECURSIVE it AS (
        SELECT c.oid FROM pg_catalog.pg_class c
         WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind = 'r' AND c.relpersistence <> 't'),
      up AS (
        SELECT it.oid FROM it
        UNION ALL SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.oid),
      parts (classid, objid, is_table) AS (
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, up.oid, true FROM up
        UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid, false FROM pg_catalog.pg_index i
                    JOIN up ON up.oid = i.indrelid
        \(parts("pg_constraint", "conrelid", of: "up"))
        \(parts("pg_policy", "polrelid", of: "up"))
        \(version.major >= 10 ? parts("pg_statistic_ext", "stxrelid", of: "up") : ""))
      SELECT k.columns, k.types, NOT EXISTS (
               SELECT FROM parts JOIN pg_catalog.pg_depend d ON d.classid = parts.classid AND d.objid = parts.objid
                WHERE d.refobjid >= 16384 AND (NOT parts.is_table OR d.objsubid = 0)
                  AND d.refclassid = ANY ('{pg_catalog.pg_proc,pg_catalog.pg_operator,pg_catalog.pg_opclass,\
      pg_catalog.pg_opfamily,pg_catalog.pg_type,pg_catalog.pg_am}'::pg_catalog.regclass[])) AS is_plain
        FROM it LEFT JOIN LATERAL (
             SELECT array_agg(pg_catalog.quote_ident(a.attname) ORDER BY u.place) AS columns,
                    array_agg(a.atttypid ORDER BY u.place) AS types
               FROM pg_catalog.pg_index i CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, place)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
              WHERE i.indrelid = it.oid AND i.indisprimary AND i.indisvalid
                AND u.place <= i.\(version.major >= 11 ? "indnkeyatts" : "indnatts")) k ON true
      """
  }

  /// Whether a query for all rows of a table runs nothing of users when it is planned, and nobody but superusers can add
  /// anything that would be run.
  static let plansNothing = """
    SELECT NOT pg_catalog.row_security_active(c.oid) AND NOT EXISTS (
             SELECT FROM (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS classid, i.indexrelid AS oid
                            FROM pg_catalog.pg_index i
                           WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                          UNION ALL
                          SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid
                            FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid) x
               JOIN pg_catalog.pg_depend d ON d.classid = x.classid AND d.objid = x.oid AND d.refobjid >= 16384
              WHERE d.refclassid = ANY ('{pg_catalog.pg_proc,pg_catalog.pg_operator,pg_catalog.pg_type}'::pg_catalog.regclass[])
                AND NOT (r.rolsuper AND EXISTS (
                    SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles w ON w.oid = p.proowner AND w.rolsuper
                     WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.refobjid))),
           r.rolsuper
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_roles r ON r.oid = c.relowner
     WHERE c.oid = pg_catalog.to_regclass($1)
    """

  /// What reads samples, where nothing of users hangs on the table: patterns as in `rows`.
  static let sampleRows = [
    #"COPY \(SELECT .+ FROM ONLY .+\) TO STDOUT WITH \(FORMAT text, ENCODING '[A-Z0-9_]+'\)"#,
    #"SAVEPOINT sampling"#, #"ROLLBACK TO SAVEPOINT sampling"#, #"RELEASE sampling"#,
    #"LOCK TABLE ONLY .+ IN SHARE UPDATE EXCLUSIVE MODE NOWAIT"#,
    #"SELECT .+ FROM ONLY .+ WHERE ctid OPERATOR\(pg_catalog\.=\) ANY \('[^']+'::pg_catalog\.tid\[\]\)"#,
    #"COPY \(SELECT t\..+ FROM ROWS FROM \(pg_catalog\.unnest\(.+\) AS k \(.+\) JOIN ONLY .+ t ON t\..+\) "#
      + "TO STDOUT .+",
  ]
}
