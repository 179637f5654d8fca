import ArgumentParser
import Foundation
import Logging
import Markup

enum LogFormat: String, ExpressibleByArgument, CaseIterable, Decodable {
  case text, json
}

/// Writes logs to standard error, a line for each, as text or as JSON.
struct StandardErrorLogHandler: LogHandler {
  var format: LogFormat
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
    switch format {
    case .text:
      let details = all.sorted { $0.key < $1.key }.map { ($0.key, visibleOnOneLine("\($0.value)")) }
        .filter { !$0.1.isEmpty }.map { " \($0.0)=\($0.1)" }.joined()
      writeToStandardError("pgpreflight: \(event.level): \(visibleOnOneLine("\(event.message)"))\(details)\n")
    case .json:
      var line = all.mapValues { "\($0)" }
      line["time"] = Date().ISO8601Format()
      line["level"] = "\(event.level)"
      line["message"] = "\(event.message)"
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      guard let data = try? encoder.encode(line) else { return }
      writeToStandardError(visibleJSON(String(decoding: data, as: UTF8.self)) + "\n")
    }
  }
}
