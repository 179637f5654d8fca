import Assessment
import Reports

/// - Parameter option: by which it was named, for the message.
/// - Throws: `Failure` where it is none.
func savedReport(_ path: String, option: String = "") throws -> Report {
  let place = "\(option)\(path == "-" ? "standard input" : path)"
  do {
    return try Report(json: try InputFile(path: path, limit: InputFile.largestJSON).bytes())
  } catch let error as Report.UnknownSchema {
    let version = String(reflecting: String(error.version.prefix(20)))
    throw Failure.usage("\(place): its schemaVersion is \(version); this version reads \"\(Report.schemaVersion)\"")
  } catch let error as InputFile.Problem {
    throw Failure.usage("\(place): \(error)")
  } catch {
    throw Failure.usage("\(place): not a JSON report of this program: \(error)")
  }
}
