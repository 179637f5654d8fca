/// A file in the server's folder `tsearch_data` that a text search dictionary of a user names.
public struct DictionaryFile: CatalogRow {
  /// As SQL names it.
  public var dictionary: String
  /// `medical.stop`.
  public var file: String

  public static let subject = "the files of text search dictionaries"

  // What an option is called tells what ends the name of its file. Source: PostgreSQL documentation, "Dictionaries",
  // "unaccent", "dict_xsyn". The options are kept as they were written: names with quotes double them.
  public static func sql(_ server: ServerVersion) -> String {
    """
    SELECT pg_catalog.format('%I.%I', n.nspname, d.dictname) AS dictionary,
           pg_catalog.replace(m[2], '''''', '''') || CASE pg_catalog.lower(m[1])
             WHEN 'dictfile' THEN CASE t.tmplname WHEN 'thesaurus'::name THEN '.ths' ELSE '.dict' END
             WHEN 'afffile' THEN '.affix' WHEN 'stopwords' THEN '.stop' WHEN 'synonyms' THEN '.syn'
             ELSE '.rules' END AS file
      FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
      JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
     CROSS JOIN LATERAL pg_catalog.regexp_matches(d.dictinitoption,
             '\\m(dictfile|afffile|stopwords|synonyms|rules)\\s*=\\s*''((?:[^'']|'''')*)''', 'gi') m
     WHERE d.oid >= 16384::oid AND \(isNoMember("d.oid", of: "pg_ts_dict"))
     ORDER BY 1, 2
    """
  }
}
