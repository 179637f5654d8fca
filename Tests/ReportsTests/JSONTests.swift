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

  @Test(.enabled(if: python != nil, "python3 has no jsonschema (Debian: python3-jsonschema)"))
  func followsTheSchema() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, report) in Fixtures.all {
      try render("json", report).write(
        to: folder.appending(path: "\(name).json"), atomically: true, encoding: .utf8)
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { folder.path + "/" + $0 }

    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["python3", root.appending(path: "scripts/validate-report").path] + files
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
  }
}
