import Assessment
import Catalog
import Foundation
import Yams

/// `pgpreflight.yaml`: the settings that can be given as options, by the names of the options.
struct ConfigurationFile: Decodable {
  var source: String?
  var target: String?
  var sourceSnapshot: String?
  var targetSnapshot: String?
  var jobs: Int?
  var connectTimeout: Int?
  var statementTimeout: Int?
  var excludeDatabase: [String]?
  var includeDatabase: [String]?
  var excludeRole: [String]?
  var excludeExtension: [String]?
  var withTable: [String]?
  var skipTable: [String]?
  var createDatabases: Bool?
  var replicateExtensionTables: Bool?
  var method: MethodChoice?
  var targetFreeSpace: Size?
  var maxTotalSize: Size?
  var throughput: Rate?
  var copyAtCutover: CopyAtCutover?
  var maxBlockedTime: Int?
  var setReplicaIdentity: Bool?
  var skipVersionCheck: Bool?
  var acceptUndetermined: [String]?
  var report: [String]?
  var reportDirectory: String?
  var templateDirectory: String?
  var failOn: FailOn?
  var pgBin: String?
  var waivers: [ConfiguredWaiver] = []

  enum CodingKeys: String, CodingKey, CaseIterable {
    case source, target, jobs, method, report, throughput, waivers
    case sourceSnapshot = "source-snapshot"
    case targetSnapshot = "target-snapshot"
    case connectTimeout = "connect-timeout"
    case statementTimeout = "statement-timeout"
    case excludeDatabase = "exclude-database"
    case includeDatabase = "include-database"
    case excludeRole = "exclude-role"
    case excludeExtension = "exclude-extension"
    case withTable = "with-table"
    case skipTable = "skip-table"
    case createDatabases = "create-databases"
    case replicateExtensionTables = "replicate-extension-tables"
    case targetFreeSpace = "target-free-space"
    case maxTotalSize = "max-total-size"
    case copyAtCutover = "copy-at-cutover"
    case maxBlockedTime = "max-blocked-time"
    case setReplicaIdentity = "set-replica-identity"
    case skipVersionCheck = "skip-version-check"
    case acceptUndetermined = "accept-undetermined"
    case reportDirectory = "report-dir"
    case templateDirectory = "template-dir"
    case failOn = "fail-on"
    case pgBin = "pg-bin"
  }

  /// A file that was read.
  struct Loaded {
    var path: String?
    /// `sha256:…` of its bytes.
    var digest: String?
    var settings = ConfigurationFile()
  }

  private init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value? {
      try container.decodeIfPresent(Value.self, forKey: key)
    }
    // A list of one may be written without brackets.
    func list(_ key: CodingKeys) throws -> [String]? {
      if let one = try? container.decodeIfPresent(String.self, forKey: key) { return [one] }
      return try container.decodeIfPresent([String].self, forKey: key)
    }
    source = try value(.source)
    target = try value(.target)
    sourceSnapshot = try value(.sourceSnapshot)
    targetSnapshot = try value(.targetSnapshot)
    jobs = try value(.jobs)
    connectTimeout = try value(.connectTimeout)
    statementTimeout = try value(.statementTimeout)
    excludeDatabase = try list(.excludeDatabase)
    includeDatabase = try list(.includeDatabase)
    excludeRole = try list(.excludeRole)
    excludeExtension = try list(.excludeExtension)
    withTable = try list(.withTable)
    skipTable = try list(.skipTable)
    createDatabases = try value(.createDatabases)
    replicateExtensionTables = try value(.replicateExtensionTables)
    method = try value(.method)
    targetFreeSpace = try value(.targetFreeSpace)
    maxTotalSize = try value(.maxTotalSize)
    throughput = try value(.throughput)
    copyAtCutover = try value(.copyAtCutover)
    maxBlockedTime = try value(.maxBlockedTime)
    setReplicaIdentity = try value(.setReplicaIdentity)
    skipVersionCheck = try value(.skipVersionCheck)
    acceptUndetermined = try list(.acceptUndetermined)
    report = try list(.report)
    reportDirectory = try value(.reportDirectory)
    templateDirectory = try value(.templateDirectory)
    failOn = try value(.failOn)
    pgBin = try value(.pgBin)
  }

  /// The file that was named, or `pgpreflight.yaml` where there is one.
  static func load(_ named: String?) throws -> Loaded {
    let path = named ?? "pgpreflight.yaml"
    guard named != nil || FileManager.default.fileExists(atPath: path) else { return Loaded() }
    let data: Data
    do {
      data = try InputFile(path: path, limit: 1 << 20).bytes()
    } catch {
      throw Failure.usage("the configuration file \(path): \(error)")
    }
    guard let text = String(data: data, encoding: .utf8) else { throw Failure.usage("\(path) is not UTF-8") }
    do {
      let settings = try parse(text, path: path)
      return Loaded(path: path, digest: sha256([UInt8](data)), settings: settings)
    } catch let error as YamlError {
      throw Failure.usage("\(path)\(explanation(of: error))")
    }
  }

  /// - Throws: `Failure` or `YamlError`.
  static func parse(_ text: String, path: String) throws -> ConfigurationFile {
    // Nodes know their anchors only as long as the parser is there.
    let parser = try Parser(yaml: text)
    guard let root = try parser.singleRoot(), root.null == nil else { return ConfigurationFile() }
    if let line = withExtendedLifetime(parser, { root.lineOfAnchor }) {
      throw Failure.usage("\(path):\(line): anchors and aliases are not understood here: write the value itself")
    }
    guard let mapping = root.mapping else {
      throw Failure.usage("\(path): it must be a list of settings, such as jobs: 4")
    }
    let known = Set(CodingKeys.allCases.map(\.rawValue))
    var lines: [String: String] = [:]
    for (key, _) in mapping {
      let line = key.mark.map { ":\($0.line)" } ?? ""
      guard let name = key.string, known.contains(name) else {
        throw Failure.usage("\(path)\(line): unknown setting \(shown(key.string))")
      }
      lines[name] = line
    }
    do {
      var settings = try YAMLDecoder().decode(ConfigurationFile.self, from: text)
      if let list = mapping[Node(CodingKeys.waivers.rawValue)] {
        settings.waivers = try configuredWaivers(in: list, path: path)
      }
      return settings
    } catch let error as DecodingError {
      let (setting, problem) = explanation(of: error)
      throw Failure.usage("\(path)\(setting.flatMap { lines[$0] } ?? ""): \(setting ?? "a setting") \(problem)")
    }
  }

  /// What was taken for a name may be a connection string.
  private static func shown(_ key: String?) -> String {
    guard let key, key.utf8.count <= 40, key.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
      return "(not a name)"
    }
    return key
  }

  /// `:3: it is not YAML: …`, without the text that the parser cites.
  private static func explanation(of error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      ":\(mark.line): it is not YAML: \(problem)"
    case .duplicatedKeysInMapping(let keys, let context):
      ":\(context.mark.line): a setting is given twice: \(keys.map { shown($0) }.joined(separator: ", "))"
    case .reader(let problem, _, _, _): ": it is not YAML: \(problem)"
    default: ": it is not YAML"
    }
  }

  /// The setting, and what is wrong, without the value: it may be a connection string.
  private static func explanation(of error: DecodingError) -> (setting: String?, problem: String) {
    let (context, problem) =
      switch error {
      case .typeMismatch(_, let context): (context, "has the wrong type")
      case .valueNotFound(_, let context): (context, "has no value")
      case .keyNotFound(_, let context): (context, "is missing")
      case .dataCorrupted(let context): (context, "has a value that is not understood")
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "is not understood")
      }
    return (context.codingPath.first?.stringValue, problem)
  }
}

extension Node {
  /// Where the first value is marked to be used again. A few lines of values that are used again stand for more than a
  /// memory holds, and no setting needs that.
  fileprivate var lineOfAnchor: Int? {
    if anchor != nil { return mark?.line ?? 1 }
    switch self {
    case .scalar: return nil
    case .alias: return mark?.line ?? 1
    case .sequence(let nodes): return nodes.lazy.compactMap(\.lineOfAnchor).first
    case .mapping(let pairs):
      return pairs.lazy.compactMap { $0.key.lineOfAnchor ?? $0.value.lineOfAnchor }.first
    }
  }
}
