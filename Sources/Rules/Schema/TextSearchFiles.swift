import Catalog

extension Rule {
  static let textSearchFiles = Rule(
    "text-search-files", "The files of text search dictionaries are those of every server",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/textsearch-dictionaries.html",
    explanation: Explanation(
      why: """
        A dictionary reads its words from files in tsearch_data of the server's installation, which no dump carries. \
        Where one is missing, the dictionary can't be created.
        """,
      decides: """
        By the options of the source's own dictionaries: they name no file but those that PostgreSQL comes with. \
        Whether the target has others can't be asked.
        """,
      fix: "Copy the files to tsearch_data of the target's installation; managed services do not offer that."),
    decide: .database { pair in
      guard !pair.hasTablesOnly else { return .tablesOnly }
      let files = try pair.snapshot(on: .source).dictionaryFiles.value.filter { !shipped.contains($0.file) }
      guard !files.isEmpty else { return .passed("No dictionary reads a file of its own.") }
      let isOwn = pair.clusters.target.providerForWording == .selfManaged
      return .failed(
        "\(files.count.counted("file")) of text search dictionaries \(files.count == 1 ? "has" : "have") to be on the "
          + "target.",
        files.prefix(100).map {
          Finding(
            "text search dictionary \($0.dictionary)", "it reads \($0.file), with which PostgreSQL does not come",
            evidence: ["file": "tsearch_data/\($0.file)"],
            remediation: Remediation(
              isOwn
                ? "Make sure that the target has it in tsearch_data below what pg_config --sharedir prints there."
                : "Ask whether \(pair.clusters.target.providerForWording.displayName) has it; else drop the dictionary."
            ))
        })
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
