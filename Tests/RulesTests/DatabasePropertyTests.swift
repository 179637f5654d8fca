import Testing

@testable import Catalog
@testable import Rules

@Suite struct DatabasePropertyTests {
  /// A database with that locale, which the target lacks.
  private func situation(provider: String, locale: String?, target: Int) -> Situation {
    var situation = Situation(source: 180_001, target: target)
    situation.source.databases.change {
      $0[0].localeProvider = provider
      $0[0].locale = locale
    }
    situation.target.databases = .known([])
    return situation
  }

  @Test(arguments: [
    ("b", "C.UTF-8", 160_000, false), ("b", "C.UTF-8", 170_000, true), ("b", "PG_UNICODE_FAST", 170_000, false),
    ("b", "PG_UNICODE_FAST", 180_000, true), ("i", "de", 140_000, false), ("i", "de", 150_000, true),
  ])
  func `a provider's locale takes a version`(provider: String, locale: String, target: Int, isThere: Bool) throws {
    let conclusion = try situation(provider: provider, locale: locale, target: target).decide("locale-available")
    #expect(conclusion.isPassed == isThere)
    #expect(conclusion.isFailed == !isThere)
  }

  @Test func `a locale that the target was not asked for is not taken for known`() {
    var situation = situation(provider: "c", locale: nil, target: 180_000)
    situation.target.locales = .known([])
    #expect(throws: Undetermined.self) { try situation.decide("locale-available") }
    situation.target.locales = .missing
    #expect(throws: Undetermined.self) { try situation.decide("locale-available") }
  }

  @Test func `a locale is the same by another spelling`() throws {
    var situation = Situation()
    situation.target.databases.change {
      $0[0].datcollate = "C.utf8"
      $0[0].datctype = "C.utf8"
    }
    #expect(try situation.decide("locale-available").isPassed)
  }

  @Test func `MULE_INTERNAL is not converted to UTF8`() throws {
    var situation = Situation()
    situation.source.databases.change { $0[0].encoding = "MULE_INTERNAL" }
    #expect(try situation.decide("encoding-compatible").isFailed)
  }
}
