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
