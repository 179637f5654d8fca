import Assessment
import Foundation
import Markup
import Reports
import Testing

/// A folder with templates, as their text is changed.
private final class TemplateFolder {
  let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path

  init(_ changes: [String: (String) -> String]) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, change) in changes {
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "templates/\(name)")
      let text = change(try String(contentsOf: file, encoding: .utf8))
      try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// What is wrong with them.
  var error: String? {
    #expect(throws: MarkupError.self) { try Templates(directory: path) }?.description.replacing(path, with: "DIR")
  }
}

@Suite struct TemplateFiles {
  @Test func aFolderStandsInForTheEmbeddedOnes() throws {
    let folder = try TemplateFolder([
      "report.html": { $0.replacing("<h2>What to do next</h2>", with: "<h2>Next</h2>") }
    ])
    let templates = try Templates(directory: folder.path)
    let page = try reading(of: Fixtures.small, templates: templates)
    #expect(try page.first(where: "id", is: "next").words.hasPrefix("Next"))
    // File by file.
    let comparison = ReportComparison(old: Fixtures.small, new: Fixtures.small)
    #expect(
      try ComparisonReporter.html(templates: templates).render(comparison)
        == ComparisonReporter.html(templates: Templates()).render(comparison))
  }

  /// Whatever the report would need of it.
  @Test(arguments: [
    "data-slot=\"lede\"", "data-each=\"difference\"", "data-card=\"waived\"", "data-part=\"capacity\"",
    "id=\"migration\"",
  ])
  func saysWhatIsMissing(mark: String) throws {
    let folder = try TemplateFolder(["report.html": { $0.replacing(mark, with: "") }])
    #expect(folder.error == "DIR/report.html: no element with \(mark)")
  }

  @Test func saysWhatIsNotWellFormed() throws {
    let open = try TemplateFolder(["comparison.html": { "<p>\n" + $0.dropFirst(16) }])
    #expect(open.error?.hasPrefix("DIR/comparison.html:") == true)
    let entity = try TemplateFolder(["report.html": { $0.replacing("&#160;", with: "&nbsp;") }])
    #expect(entity.error?.contains("Entity 'nbsp' not defined") == true)
    let style = try TemplateFolder(["report.html": { $0.replacing(".small {", with: "p < .small {") }])
    #expect(style.error?.hasPrefix("DIR/report.html:") == true)
  }

  @Test func saysWhereAUnitLacksSomething() throws {
    // It is there, but outside of what is repeated.
    let folder = try TemplateFolder([
      "report.html": {
        $0.replacing(" data-slot=\"no-method\"", with: "")
          .replacing(
            "<p class=\"under\" data-slot=\"exit-status\">",
            with: "<p data-slot=\"no-method\"></p><p class=\"under\" data-slot=\"exit-status\">")
      }
    ])
    let templates = try Templates(directory: folder.path)
    let error = #expect(throws: MarkupError.self) { try render("html", Fixtures.small, templates: templates) }
    #expect(
      error?.description.hasPrefix("\(folder.path)/report.html: no element with data-slot=\"no-method\" in <tr>, line ")
        == true)
  }

  @Test func aFolderWithoutTemplatesIsAMistake() throws {
    #expect(try TemplateFolder([:]).error == "DIR: neither report.html nor comparison.html is there")
    let error = #expect(throws: MarkupError.self) { try Templates(directory: "/nowhere") }
    #expect(error?.description == "/nowhere: there is no such folder")
    let folder = try TemplateFolder([:])
    try Data([0xFF, 0xFE]).write(to: URL(filePath: folder.path + "/report.html"))
    #expect(folder.error == "DIR/report.html: not UTF-8")
  }

  @Test func styleMayCompareAndNest() throws {
    let folder = try TemplateFolder([
      "report.html": { $0.replacing(".small {", with: "p > .small, a &amp; b {") }
    ])
    let html = try render("html", Fixtures.small, templates: try Templates(directory: folder.path))
    #expect(html.contains("p > .small, a & b {"))
  }
}
