import Assessment
import Foundation
import Reports

/// - Parameter option: by which it was named, for the message.
/// - Throws: `Failure` where it is none.
func savedReport(_ path: String, option: String = "") throws -> Report {
  let data: Data
  if path == "-" {
    data = FileHandle.standardInput.readDataToEndOfFile()
  } else {
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw Failure.usage("\(option)\(path): the file can't be read")
    }
  }
  let place = "\(option)\(path == "-" ? "standard input" : path)"
  do {
    return try Report(json: data)
  } catch let error as Report.UnknownSchema {
    let version = String(reflecting: String(error.version.prefix(20)))
    throw Failure.usage("\(place): its schemaVersion is \(version); this version reads \"\(Report.schemaVersion)\"")
  } catch {
    throw Failure.usage("\(place): not a JSON report of this program")
  }
}
