import Assessment
import Foundation
import Markup
import Postgres
import Reports
import Yams

extension FuzzTarget {
  static let configuration = FuzzTarget(
    name: "configuration", seeds: ["fuzz/seeds/configuration"], isJSON: false, longest: 4096
  ) { bytes in
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    do {
      _ = try ConfigurationFile.parse(text, path: "pgpreflight.yaml")
    } catch let failure as Failure {
      try expectVisible(failure.description, "the message")
    } catch is YamlError {
    }
  }

  /// A page of somebody's own, filled in.
  static let template = FuzzTarget(
    name: "template", seeds: ["../templates"], isJSON: false, longest: 1 << 17
  ) { bytes in
    let folder = try Scratch.folder.get()
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/report.html"))
    do {
      let templates = try Templates(directory: folder)
      for reporter in Reporter.all(templates: templates) where reporter.format == "html" {
        _ = try reporter.render(Peers.report)
      }
    } catch is MarkupError {
    }
  }

  /// What may stand where a connection is named, and in a file of roles' passwords.
  static let connectionString = FuzzTarget(
    name: "connection-string", seeds: ["fuzz/seeds/connection-string"], isJSON: false, longest: 4096
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    _ = PasswordFile.passwords(in: text)
    _ = TableList(argument: text)
    _ = NameList(argument: text)
    _ = Size(argument: text)
    let words = text.split(separator: " ").map(String.init)
    _ = withoutConnectionStrings(text, arguments: ["-s"] + words)
    guard let string = try? ConnectionString(text) else { return }
    // What is shown can be given to libpq again, and shows the same.
    guard let again = try? ConnectionString("\(string)") else { throw Malformed("what is shown is no string") }
    guard "\(again)" == "\(string)" else { throw Malformed("what is shown is another string") }
    _ = string.selecting(database: text).description
  }
}

/// A folder for files that can't be given as bytes.
private enum Scratch {
  static let folder = Result { () throws -> String in
    let folder = FileManager.default.temporaryDirectory.path + "/pgpreflight-fuzz-\(getpid())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }
}
