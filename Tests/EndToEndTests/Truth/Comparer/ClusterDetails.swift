/// Roles and databases.
extension DetailQuery {
  /// - Parameters:
  ///   - databases: those that were to be migrated.
  ///   - oldest: the older of both servers' versions: memberships have options and grantors that count from 16 on.
  static func cluster(databases: [String], oldest: Int) -> [DetailQuery] {
    let names = databases.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", ")
    let isRole = "a.oid <> 10 and a.rolname !~ '^pg_'"
    func settings(_ condition: String) -> String {
      """
      (select string_agg(c, ', ' order by c) from pg_db_role_setting s, unnest(s.setconfig) c where \(condition))
      """
    }
    return [
      DetailQuery(
        "role",
        """
        select a.rolname::text, p.* from pg_authid a, lateral (values
            ('attributes', concat_ws(' ', a.rolsuper, a.rolinherit, a.rolcreaterole, a.rolcreatedb, a.rolcanlogin,
               a.rolreplication, a.rolbypassrls)),
            ('connection limit', a.rolconnlimit::text), ('valid until', a.rolvaliduntil::text), ('password', a.rolpassword),
            ('settings', \(settings("s.setrole = a.oid and s.setdatabase = 0"))),
            ('comment', shobj_description(a.oid, 'pg_authid'))) p(property, value) where \(isRole)
        """),
      oldest >= 16
        ? DetailQuery(
          "membership",
          """
          select concat_ws(' ', a.rolname, 'in', pg_get_userbyid(m.roleid), 'by', pg_get_userbyid(m.grantor)), 'options',
              concat_ws(' ', m.admin_option, m.inherit_option, m.set_option)
            from pg_auth_members m join pg_authid a on a.oid = m.member where \(isRole)
          """)
        : DetailQuery(
          "membership",
          """
          select concat_ws(' ', a.rolname, 'in', pg_get_userbyid(m.roleid)), 'options', bool_or(m.admin_option)::text
            from pg_auth_members m join pg_authid a on a.oid = m.member where \(isRole) group by 1
          """),
      DetailQuery(
        "database",
        """
        select d.datname::text, p.* from pg_database d join pg_tablespace t on t.oid = d.dattablespace, lateral (values
            ('owner', pg_get_userbyid(d.datdba)::text),
            ('privileges', \(Part.privilegesValue("d", "d.datacl", "d.datdba"))),
            ('encoding', pg_encoding_to_char(d.encoding)::text), ('locale', concat_ws(' ', d.datcollate, d.datctype,
               coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
               coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'))),
            ('connection limit', d.datconnlimit::text), ('tablespace', t.spcname::text),
            ('is template', d.datistemplate::text), ('allows connections', d.datallowconn::text),
            ('settings', \(settings("s.setrole = 0 and s.setdatabase = d.oid"))),
            ('comment', shobj_description(d.oid, 'pg_database'))) p(property, value)
          where d.datname in (\(names.isEmpty ? "''" : names))
        """),
      DetailQuery(
        "role in database",
        """
        select concat_ws(' ', a.rolname, 'in', d.datname), 'settings', \(settings("s.setrole = a.oid and s.setdatabase = d.oid"))
          from pg_db_role_setting x join pg_authid a on a.oid = x.setrole join pg_database d on d.oid = x.setdatabase
          where d.datname in (\(names.isEmpty ? "''" : names))
        """),
    ]
  }
}
