import Foundation
import Reports
import Testing

private let folder = ProcessInfo.processInfo.environment["PGPREFLIGHT_WRITE_REPORTS"]

/// For looking at: `PGPREFLIGHT_WRITE_REPORTS=DIR swift test --filter ReportsTests`.
@Test(.enabled(if: folder != nil, "set PGPREFLIGHT_WRITE_REPORTS to a folder to have every fixture written there"))
func writesEveryFixture() throws {
  let folder = URL(filePath: folder!)
  for (name, report) in Fixtures.all {
    let directory = folder.appending(path: name)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for reporter in Reporter.all {
      try reporter.render(report).write(
        to: directory.appending(path: reporter.fileName), atomically: true, encoding: .utf8)
    }
    var text = ""
    for (title, style) in [
      ("plain", TerminalStyle(color: false, unicode: true)), ("ASCII", TerminalStyle(color: false, unicode: false)),
      ("verbose", TerminalStyle(color: false, unicode: true, verbose: true)),
      ("color", TerminalStyle(color: true, unicode: true)),
    ] {
      let summary = terminalSummary(report, style: style, written: ["out/report.html", "out/report.json"])
      text += "=== \(title)\n\(summary)"
    }
    try text.write(to: directory.appending(path: "terminal.txt"), atomically: true, encoding: .utf8)
  }
}
