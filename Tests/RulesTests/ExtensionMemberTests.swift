import Testing

@testable import Catalog
@testable import Rules

/// What objects use of extensions whose versions differ.
@Suite struct ExtensionMemberTests {
  private func situation(
    _ name: String, from source: String, to target: String, _ member: String,
    _ presence: ExtensionMemberUse.Presence? = nil
  ) -> Situation {
    var situation = Situation()
    situation.source.inspected[0].extensions = .known([InstalledExtension(extname: name, extversion: source)])
    situation.source.inspected[0].extensionMemberUses = .known([
      ExtensionMemberUse(
        extname: name, member: member, dependents: 5, examples: ["view public.a", "view public.b", "view public.c"],
        presence: presence)
    ])
    situation.target.availableExtensions = .known([.named(name, version: target)])
    return situation
  }

  @Test(arguments: [
    ("1.7", "1.8", ["total_time", "mean_time"], ["calls", "blk_read_time"]), ("1.8", "1.10", [], ["total_time"]),
    ("1.10", "1.12", ["blk_read_time", "blk_write_time"], ["total_time", "rows"]), ("1.9", "1.9", [], ["rows"]),
  ])
  func `what PostgreSQL's own extensions removed is known`(
    old: String, new: String, gone: [String], there: [String]
  ) throws {
    let removed = try #require(RemovedMember.between(old, new, of: "pg_stat_statements"))
    for name in gone { #expect(removed["column pg_stat_statements.\(name)"] != nil) }
    for name in there { #expect(removed["column pg_stat_statements.\(name)"] == nil) }
  }

  @Test func `of other extensions, of other versions and of older ones nothing is known`() {
    #expect(RemovedMember.between("3.3", "3.4", of: "postgis") == nil)
    #expect(RemovedMember.between("1.10", "1.99", of: "pg_stat_statements") == nil)
    #expect(RemovedMember.between("1.11", "1.10", of: "pg_stat_statements") == nil)
  }

  @Test func `a member that is gone blocks, and names what depends on it`() throws {
    let situation = situation(
      "pg_stat_statements", from: "1.10", to: "1.11", "column pg_stat_statements.blk_read_time")
    let conclusion = try situation.decide("extension-members")
    let finding = try #require(conclusion.findings.first)
    #expect(conclusion.isFailed && conclusion.severity == nil)
    #expect(finding.message.contains("view public.a, view public.b and view public.c and 2 more depend on it"))
    #expect(finding.evidence["replaced by"] == "shared_blk_read_time")
    // The source's version is not offered.
    #expect(finding.remediation?.sql == nil)
  }

  @Test(arguments: [nil, .there, .missing, .changed] as [ExtensionMemberUse.Presence?])
  func `of extensions of others it is as the target says`(presence: ExtensionMemberUse.Presence?) throws {
    var situation = situation("postgis", from: "3.3", to: "3.4", "function st_x(geometry)", presence)
    switch presence {
    case .there: #expect(try situation.decide("extension-members").isPassed)
    case .missing: #expect(try situation.decide("extension-members").isFailed)
    case nil, .changed:
      #expect(throws: Undetermined.self) { try situation.decide("extension-members") }
      // A rehearsal settles it, one that was not done does not.
      situation.options.rehearses = true
      situation.source.inspected[0].rehearsal = .known(Rehearsal(notTried: "no"))
      #expect(throws: Undetermined.self) { try situation.decide("extension-members") }
      situation.source.inspected[0].rehearsal = .known(Rehearsal())
      #expect(try situation.decide("extension-members").isPassed)
    }
    situation.options.excludedExtensions = ["postgis"]
    #expect(try situation.decide("extension-members").isPassed)
  }

  @Test func `the same version needs no comparison, and an older one is another rule's`() throws {
    var same = situation("postgis", from: "3.3", to: "3.3", "type geometry")
    same.source.inspected[0].extensionMemberUses = .missing
    #expect(try same.decide("extension-members").isPassed)
    for (presence, severity) in [(.there, .warning), (.missing, nil), (nil, nil)]
      as [(ExtensionMemberUse.Presence?, Severity?)]
    {
      let older = situation("postgis", from: "3.4", to: "3.3", "type geometry", presence)
      #expect(try older.decide("extension-members").isPassed)
      let conclusion = try older.decide("extension-version")
      #expect(conclusion.isFailed && conclusion.severity == severity, "\(conclusion)")
    }
  }

  @Test func `columns of a function's result may not be used`() throws {
    let situation = situation(
      "pg_stat_statements", from: "1.10", to: "1.11", "result pg_stat_statements(bool).blk_read_time")
    #expect(throws: Undetermined.self) { try situation.decide("extension-members") }
  }

  private func mention(_ name: String, calls: Bool, usedBy: [String]) -> ExtensionMention {
    ExtensionMention(
      extname: "pgcrypto", function: "public.token()", language: "plpgsql", names: ["function \(name)"],
      calls: calls ? ["function \(name)"] : [], usedBy: usedBy, missing: nil)
  }

  @Test(
    arguments: [(true, ["view v"], nil), (true, [], .warning), (false, ["view v"], .warning)]
      as [(Bool, [String], Severity?)])
  func `a body blocks only where it surely fails`(calls: Bool, usedBy: [String], severity: Severity?) throws {
    var situation = Situation()
    situation.source.inspected[0].extensions = .known([InstalledExtension(extname: "pgcrypto", extversion: "1.3")])
    situation.source.inspected[0].extensionMentions = .known([mention("crypt", calls: calls, usedBy: usedBy)])
    situation.options.excludedExtensions = ["pgcrypto"]
    let conclusion = try situation.decide("extensions-available")
    #expect(conclusion.isFailed && conclusion.severity == severity, "\(conclusion)")
    // Another that is left out is not asked for; one that is needed by another is.
    situation.source.inspected[0].extensionMentions = .known([])
    #expect(try situation.decide("extensions-available").isPassed)
    situation.source.inspected[0].extensionUses = .known([
      ExtensionUse(extname: "pgcrypto", schemaUsable: true, dependents: 0, requiredBy: ["other"])
    ])
    #expect(try situation.decide("extensions-available").isFailed)
    situation.options.excludedExtensions.append("other")
    #expect(try situation.decide("extensions-available").isPassed)
  }

  @Test func `gen_random_uuid is the server's own from 13 on`() throws {
    for (target, isFailed) in [(120_020, true), (130_016, false)] {
      var situation = Situation(source: 120_020, target: target)
      situation.source.inspected[0].extensions = .known([InstalledExtension(extname: "pgcrypto", extversion: "1.3")])
      situation.source.inspected[0].extensionMentions = .known([
        mention("gen_random_uuid", calls: true, usedBy: ["view v"])
      ])
      situation.options.excludedExtensions = ["pgcrypto"]
      #expect(try situation.decide("extensions-available").isFailed == isFailed)
    }
  }

  @Test func `nothing that drops an extension of the source is to be pasted`() throws {
    for rule in ["extensions-available", "extensions-removed"] {
      var situation = Situation(source: 160_010, target: 170_010)
      situation.source.inspected[0].extensions = .known([InstalledExtension(extname: "adminpack", extversion: "2.1")])
      situation.target.availableExtensions = .known([])
      let finding = try #require(try situation.decide(rule).findings.first)
      #expect(finding.message.contains("no catalog dependency; no function body mentions it; statements of the"))
      #expect(finding.remediation?.sql == nil)
    }
  }
}
