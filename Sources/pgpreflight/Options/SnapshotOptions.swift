import ArgumentParser
import Catalog
import Foundation

/// Snapshots in place of connections.
struct SnapshotOptions: ParsableArguments {
  @Option(
    name: .customLong("source-snapshot"),
    help: ArgumentHelp(
      "What pgpreflight snapshot --source has written, in place of --source.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var sourceSnapshot: String?

  @Option(
    name: .customLong("target-snapshot"),
    help: ArgumentHelp("What pgpreflight snapshot --target has written, in place of --target.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var targetSnapshot: String?
}

/// The snapshot in a file.
func savedSnapshot(_ path: String, of side: Side) throws -> ClusterSnapshot {
  let option = "--\(side)-snapshot \(path)"
  guard let data = FileManager.default.contents(atPath: path) else {
    throw Failure.usage("\(option): the file can't be read")
  }
  let decoder = JSONDecoder()
  guard let header = try? decoder.decode(SavedSnapshot.Header.self, from: data) else {
    throw Failure.usage("\(option): it is not a snapshot, or a damaged one")
  }
  guard header.snapshot.format == ClusterSnapshot.currentFormat else {
    throw Failure.usage(
      "\(option): it has format \(header.snapshot.format), written by version \(header.tool); this version reads format \(ClusterSnapshot.currentFormat): take the snapshot again"
    )
  }
  guard header.side == side else {
    throw Failure.usage(
      "\(option): it was taken with --\(header.side), which reads other things: take it with --\(side)")
  }
  guard let saved = try? decoder.decode(SavedSnapshot.self, from: data) else {
    throw Failure.usage("\(option): the snapshot is damaged")
  }
  return saved.snapshot
}
