import Catalog
import FoundationEssentials
import Postgres
import Subprocess
import SystemPackage

/// Finds `pg_dump` and `pg_restore` on this machine, and asks them for their versions.
public struct ClientToolSearch: Sendable {
  private let folders: [String]

  /// - Parameters:
  ///   - folder: the only one to look into (`--pg-bin`); nil for those of `path` and those of the usual packages.
  ///   - path: the value of `PATH`.
  public init(folder: String?, path: String) {
    if let folder {
      folders = [folder]
      return
    }
    folders = (path.split(separator: ":").map(String.init) + Self.packageFolders()).uniqued
  }

  /// Debian's and the PostgreSQL project's packages put each major version into a folder of its own, off the `PATH`.
  private static func packageFolders() -> [String] {
    let manager = FileManager.default
    let debian = (try? manager.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let others = ((try? manager.contentsOfDirectory(atPath: "/usr")) ?? []).filter { $0.hasPrefix("pgsql-") }
    return debian.sorted().map { "/usr/lib/postgresql/\($0)/bin" } + others.sorted().map { "/usr/\($0)/bin" }
      + ["/usr/local/pgsql/bin"]
  }

  public func run() async -> ToolSearch {
    let candidates = folders.filter { isProgram("\($0)/pg_dump") }
    let found = await withTaskGroup(of: (Int, ClientTools?).self) { group in
      for (index, folder) in candidates.enumerated() {
        group.addTask {
          async let dump = version(of: "\(folder)/pg_dump")
          async let restore = version(of: "\(folder)/pg_restore")
          let (pgDump, pgRestore) = await (dump, restore)
          return (index, pgDump.map { ClientTools(folder: folder, pgDump: $0, pgRestore: pgRestore) })
        }
      }
      var found: [Int: ClientTools] = [:]
      for await (index, tools) in group { found[index] = tools }
      return found.sorted { $0.key < $1.key }.map(\.value)
    }
    return ToolSearch(found: found, searched: folders, libpq: libpqVersion())
  }

  /// Debian's wrapper, which picks a version by a configuration of its own, is none: what it runs is found by itself.
  private func isProgram(_ path: String) -> Bool {
    let isWrapper = (try? FileManager.default.destinationOfSymbolicLink(atPath: path))?.hasSuffix("pg_wrapper") ?? false
    return !isWrapper && FileManager.default.isExecutableFile(atPath: path)
  }
}

/// Nil where the program does not run, or says nothing within five seconds.
private func version(of program: String) async -> ToolVersion? {
  await withTaskGroup(of: ToolVersion?.self) { group in
    group.addTask {
      let result = try? await Subprocess.run(
        .path(FilePath(program)), arguments: ["--version"], output: .string(limit: 4096), error: .discarded)
      guard let result, result.terminationStatus.isSuccess else { return nil }
      return ToolVersion(printed: result.standardOutput)
    }
    group.addTask {
      try? await Task.sleep(for: .seconds(5))
      return nil
    }
    defer { group.cancelAll() }
    return await group.next() ?? nil
  }
}
