import Assessment
import Foundation
import Reports
import Testing

private let python: String? = {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["python3", "-c", "import jsonschema; jsonschema.Draft202012Validator"]
  process.standardError = FileHandle.nullDevice
  try? process.run()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? "python3" : nil
}()

@Suite struct JSON {
  @Test(arguments: Fixtures.all.map(\.name))
  func isReadBack(name: String) throws {
    let report = Fixtures.named(name)
    let text = try render("json", report)
    #expect(text.hasSuffix("}\n"))
    let isSame = try Report(json: text.utf8) == report
    #expect(isSame)
    let isStable = try render("json", report) == text
    #expect(isStable)
  }

  /// As programs read them that know today's schema, and as those that were written for the first version.
  @Test(
    .enabled(if: python != nil, "python3 has no jsonschema (Debian: python3-jsonschema)"),
    arguments: [[], ["--first"]])
  func followsTheSchema(options: [String]) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, report) in Fixtures.all {
      try render("json", report).write(
        to: folder.appending(path: "\(name).json"), atomically: true, encoding: .utf8)
    }
    let first = Self.repository.appending(path: "fixtures/reports/first-version.json").path
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { folder.path + "/" + $0 }

    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", Self.repository.appending(path: "scripts/validate-report").path] + options + files
      + (options.isEmpty ? [] : [first])
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
  }

  @Test func theFirstVersionIsRead() throws {
    let data = try Data(contentsOf: Self.repository.appending(path: "fixtures/reports/first-version.json"))
    let report = try Report(json: data)
    #expect(report.schemaVersion == Report.schemaVersion)
    #expect(report.verdict == .blocked)
    #expect(!report.outcomes.isEmpty && !report.plan.databases.isEmpty)
    for reporter in Reporter.all { #expect(try !reporter.render(report).isEmpty, "\(reporter.format)") }
    // What it says is still said: nothing is lost on the way through today's form.
    let again = try Report(json: try render("json", report).utf8)
    #expect(again == report)
    let old = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let new = try #require(JSONSerialization.jsonObject(with: Data(render("json", report).utf8)) as? [String: Any])
    #expect(lost(of: old, in: new, at: "") == [])
  }

  @Test func aLaterVersionIsNotTakenForThisOne() throws {
    let text = try render("json", Fixtures.named("small")).replacing(
      "\"schemaVersion\" : \"1\"", with: "\"schemaVersion\" : \"2\"")
    #expect(throws: Report.UnknownSchema.self) { try Report(json: text.utf8) }
  }

  private static let repository = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL

  /// The places whose values are no longer there.
  private func lost(of old: Any, in new: Any?, at place: String) -> [String] {
    switch (old, new) {
    case (let old as [String: Any], let new as [String: Any]):
      old.flatMap { lost(of: $0.value, in: new[$0.key], at: "\(place)/\($0.key)") }
    case (let old as [Any], let new as [Any]) where old.count == new.count:
      old.indices.flatMap { lost(of: old[$0], in: new[$0], at: "\(place)/\($0)") }
    case (let old as NSObject, let new as NSObject) where old == new: []
    case (is NSNull, nil): []
    default: [place]
    }
  }
}
