import Testing

@testable import Catalog
@testable import Rules

@Suite struct LanguageAndExtensionTests {
  private func situation(language: LanguageUse, source: Int = 150_018, target: Int = 150_018) -> Situation {
    var situation = Situation(source: source, target: target)
    situation.source.inspected[0].languages.change { $0.append(Language(lanname: language.lanname)) }
    situation.source.inspected[0].languageUses = .known([language])
    return situation
  }

  @Test func `a language of an extension of another name`() throws {
    let plr = LanguageUse(lanname: "r", extension: "plr", functions: 1, hasOwnHandler: false)
    var situation = situation(language: plr)
    #expect(try situation.decide("languages-available").isFailed)
    situation.target.availableExtensions.change { $0.append(.named("plr")) }
    #expect(try situation.decide("languages-available").isPassed)
  }

  @Test func `before 13 a template brings a language`() throws {
    let perl = LanguageUse(lanname: "plperl", extension: nil, functions: 1, hasOwnHandler: false)
    var situation = situation(language: perl, source: 110_022, target: 120_020)
    situation.target.languageTemplates = .known([LanguageTemplate(tmplname: "plperl")])
    #expect(try situation.decide("languages-available").isPassed)
  }

  @Test(arguments: ["plpythonu", "plpython2u"]) func `Python 2 is a dead end of its own`(name: String) throws {
    let python = LanguageUse(lanname: name, extension: name, functions: 3, hasOwnHandler: false)
    let conclusion = try situation(language: python, source: 130_016).decide("languages-available")
    #expect(conclusion.findings.first?.remediation?.text.contains("plpython3u") == true)
  }

  @Test func `used languages block, unused ones warn`() throws {
    for functions in [0, 1] {
      let use = LanguageUse(lanname: "plperl", extension: "plperl", functions: functions, hasOwnHandler: false)
      let conclusion = try situation(language: use).decide("languages-available")
      #expect(conclusion.severity == (functions == 0 ? .warning : nil))
    }
  }

  @Test func `plpgsql is not missing in a database that comes from template0`() throws {
    var situation = Situation()
    situation.target.databases = .known([])
    situation.target.inspected = []
    situation.target.availableExtensions = .known([])
    #expect(try situation.decide("languages-available").isPassed)
    #expect(try situation.decide("extensions-installable").isPassed)
  }

  private func comparing(
    source: String, installed: String? = nil, offered: [(String, isDefault: Bool)]
  ) throws -> Conclusion {
    var situation = Situation()
    situation.source.inspected[0].extensions = .known([InstalledExtension(extname: "x", extversion: source)])
    situation.target.inspected[0].extensions = .known(
      installed.map { [InstalledExtension(extname: "x", extversion: $0)] } ?? [])
    situation.target.availableExtensions = .known(
      offered.map { .named("x", version: $0.0, isDefault: $0.isDefault) })
    situation.source.inspected[0].extensionMemberUses = .known([
      ExtensionMemberUse(extname: "x", member: "type x", dependents: 1, examples: ["table public.t"], presence: nil)
    ])
    return try situation.decide("extension-version")
  }

  @Test func `the source's own version is taken, else the oldest that is new enough`() throws {
    let offered = [("3.0", false), ("1.0", true), ("2.0", false), ("2.1", false)]
    func sql(_ source: String) throws -> String? {
      let conclusion = try comparing(source: source, offered: offered)
      #expect(conclusion.severity == .warning)
      return conclusion.findings.first?.remediation?.sql
    }
    #expect(try sql("2.0") == "CREATE EXTENSION x VERSION '2.0';")
    #expect(try sql("1.5") == "CREATE EXTENSION x VERSION '2.0';")
    #expect(try sql("2.0.5") == "CREATE EXTENSION x VERSION '2.1';")
    #expect(try comparing(source: "4", offered: offered).severity == nil)
  }

  @Test func `an update names its version where the default would not do`() throws {
    func sql(_ offered: [(String, Bool)]) throws -> String? {
      try comparing(source: "2.0", installed: "1.0", offered: offered).findings.first?.remediation?.sql
    }
    #expect(try sql([("1.0", false), ("2.0", true)]) == "ALTER EXTENSION x UPDATE;")
    #expect(try sql([("1.0", true), ("2.0", false)]) == "ALTER EXTENSION x UPDATE TO '2.0';")
    #expect(try sql([("1.0", true)]) == nil)
  }
}
