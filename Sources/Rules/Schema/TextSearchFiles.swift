import Catalog

extension Rule {
  static let textSearchFiles = Rule(
    "text-search-files", "The files of text search dictionaries are those of every server",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/textsearch-dictionaries.html",
    explanation: Explanation(
      why: """
        A dictionary reads its words from files in tsearch_data of the server's installation, which no dump carries. \
        Where one is missing, the dictionary can't be created.
        """,
      decides: """
        By the options of the source's own dictionaries: they name no file but those that PostgreSQL comes with. \
        Whether the target has others can't be asked, so that it is undetermined then: a rehearsal tells, or look, and \
        say --accept-undetermined text-search-files.
        """,
      fix: "Copy the files to tsearch_data of the target's installation; managed services do not offer that."),
    decide: .database { pair in
      guard !pair.hasTablesOnly else { return .tablesOnly }
      let files = try pair.snapshot(on: .source).dictionaryFiles.value.filter { !shipped.contains($0.file) }
      guard !files.isEmpty else { return .passed("No dictionary reads a file of its own.") }
      let target = pair.clusters.target.providerForWording
      let names = files.map { "\($0.file) for \($0.dictionary)" }.listed()
      throw Undetermined(
        "it can't be asked whether the target has the files of text search dictionaries: \(names)",
        remedy: target == .selfManaged
          ? "Look into tsearch_data below what pg_config --sharedir prints on the target, and copy what is missing."
          : "Ask whether \(target.displayName) has them; else drop the dictionaries.")
    })
}

/// What `make install` puts into `tsearch_data`, with the modules of contrib.
private let shipped: Set<String> = Set(
  [
    "danish", "dutch", "english", "finnish", "french", "german", "hungarian", "italian", "nepali", "norwegian",
    "portuguese", "russian", "spanish", "swedish", "turkish",
  ].map { "\($0).stop" } + [
    "hunspell_sample.affix", "hunspell_sample_long.affix", "hunspell_sample_long.dict", "hunspell_sample_num.affix",
    "hunspell_sample_num.dict", "ispell_sample.affix", "ispell_sample.dict", "synonym_sample.syn",
    "thesaurus_sample.ths", "unaccent.rules", "xsyn_sample.rules",
  ])
