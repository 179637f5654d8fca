import FoundationEssentials
import Glibc

/// An extension that one test cluster offers, in place of one that no package here has: `aiven_extras`, say.
public struct TestExtension: Sendable {
  public var name: String
  public var version: String
  /// The lines of its control file but for the version.
  public var control: String
  /// The script that CREATE EXTENSION runs.
  public var script: String
  /// Of other versions, and from one version to another: by what stands between `name--` and `.sql`.
  public var otherScripts: [String: String] = [:]

  public init(_ name: String, version: String = "1.0", control: String = "superuser = true", script: String = "") {
    self.name = name
    self.version = version
    self.control = control
    self.script = script
  }

  /// The extensions whose files (`.control`, `.sql`) lie in a folder.
  public static func all(in folder: String) throws -> [TestExtension] {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    func text(_ file: String) throws -> String { try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) }
    return try files.filter { $0.hasSuffix(".control") }.map { file in
      let name = String(file.dropLast(".control".count))
      var lines = try text(file).split(separator: "\n").map(String.init)
      guard let index = lines.firstIndex(where: { $0.hasPrefix("default_version") }) else {
        throw TestSupportError("\(file) has no default_version")
      }
      let version = String(lines.remove(at: index).split(separator: "'").dropFirst().first ?? "")
      var item = TestExtension(name, version: version, control: lines.joined(separator: "\n"), script: "")
      for script in files where script.hasPrefix("\(name)--") {
        let versions = String(script.dropFirst(name.count + 2).dropLast(".sql".count))
        if versions == version {
          item.script = try text(script)
        } else {
          item.otherScripts[versions] = try text(script)
        }
      }
      return item
    }
  }
}

/// A copy of a server's installation that offers other extensions.
///
/// A server looks for its files relative to its own executable: its executables are copied, and the rest are links.
struct Installation: Sendable {
  let binDirectory: String

  init(
    of bin: String, version: Int, in folder: String, without missing: Set<String>, adding extensions: [TestExtension]
  ) throws {
    let files = FileManager.default
    let original = URL(filePath: bin).resolvingSymlinksInPath().path()
    let layout = "/lib/postgresql/\(version)/bin"
    guard let prefix = original.split(separator: layout).first.map(String.init), prefix + layout == original else {
      throw TestSupportError("only an installation in Debian's layout can be copied, not \(original)")
    }

    binDirectory = folder + layout
    try files.createDirectory(atPath: binDirectory, withIntermediateDirectories: true)
    for program in try files.contentsOfDirectory(atPath: original) {
      let (from, to) = ("\(original)/\(program)", "\(binDirectory)/\(program)")
      if ["initdb", "pg_ctl", "postgres"].contains(program) {
        try files.copyItem(atPath: from, toPath: to)
      } else {
        try files.createSymbolicLink(atPath: to, withDestinationPath: from)
      }
    }
    try files.createSymbolicLink(
      atPath: "\(folder)/lib/postgresql/\(version)/lib", withDestinationPath: "\(prefix)/lib/postgresql/\(version)/lib")

    let (from, to) = ("\(prefix)/share/postgresql/\(version)", "\(folder)/share/postgresql/\(version)")
    try files.createDirectory(atPath: "\(to)/extension", withIntermediateDirectories: true)
    for file in try files.contentsOfDirectory(atPath: from) where file != "extension" {
      try files.createSymbolicLink(atPath: "\(to)/\(file)", withDestinationPath: "\(from)/\(file)")
    }
    let replaced = missing.union(extensions.map(\.name))
    for file in try files.contentsOfDirectory(atPath: "\(from)/extension")
    where !replaced.contains(where: { file == "\($0).control" || file.hasPrefix("\($0)--") }) {
      try files.createSymbolicLink(
        atPath: "\(to)/extension/\(file)", withDestinationPath: "\(from)/extension/\(file)")
    }
    for item in extensions {
      let control = "default_version = '\(item.version)'\n\(item.control)\n"
      try control.write(toFile: "\(to)/extension/\(item.name).control", atomically: false, encoding: .utf8)
      var scripts = item.otherScripts
      // The default version may be made from an older one.
      if !item.script.isEmpty || scripts.isEmpty { scripts[item.version] = item.script }
      for (versions, script) in scripts {
        try script.write(
          toFile: "\(to)/extension/\(item.name)--\(versions).sql", atomically: false, encoding: .utf8)
      }
    }
  }
}
