import Catalog
import Foundation

/// The snapshot in a file.
func savedSnapshot(_ path: String, of side: Side) throws -> ClusterSnapshot {
  let option = "--\(side)-snapshot \(path)"
  do {
    return try savedSnapshot(in: try InputFile(path: path, limit: InputFile.largestJSON).bytes(), option, of: side)
  } catch let problem as InputFile.Problem {
    throw Failure.usage("\(option): \(problem)")
  }
}

/// - Parameter option: where it is from, for the message.
/// - Throws: `Failure`.
func savedSnapshot(in data: Data, _ option: String, of side: Side) throws -> ClusterSnapshot {
  let decoder = JSONDecoder()
  do {
    let outOfBounds = try JSONScanner.check(data, .ofCatalogs)
    let header = try decoder.decode(SavedSnapshot.Header.self, from: data)
    guard header.snapshot.format == ClusterSnapshot.currentFormat else {
      throw Failure.usage(
        "\(option): it has format \(header.snapshot.format), written by version \(header.tool); this version reads format \(ClusterSnapshot.currentFormat): take the snapshot again"
      )
    }
    guard header.side == side else {
      throw Failure.usage(
        "\(option): it was taken with --\(header.side), which reads other things: take it with --\(side)")
    }
    if let outOfBounds { throw outOfBounds }
    return try decoder.decode(SavedSnapshot.self, from: data).snapshot
  } catch let fault as JSONFault {
    throw Failure.usage("\(option): it is not a snapshot, or a damaged one: \(fault)")
  } catch let error as DecodingError {
    throw Failure.usage("\(option): it is not a snapshot, or a damaged one: \(JSONFault(error, in: data))")
  }
}
