import Assessment
import Catalog
import Foundation
import Yams

/// `pgpreflight.yaml`: the settings that can be given as options, by the names of the options.
struct ConfigurationFile: Decodable {
  var source: String?
  var target: String?
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
  var method: MethodChoice?
  var targetFreeSpace: Size?
  var maxTotalSize: Size?
  var skipVersionCheck: Bool?
  var acceptUndetermined: [String]?
  var report: [String]?
  var reportDirectory: String?
  var templateDirectory: String?
  var failOn: FailOn?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case source, target, jobs, method, report
    case connectTimeout = "connect-timeout"
    case statementTimeout = "statement-timeout"
    case excludeDatabase = "exclude-database"
    case includeDatabase = "include-database"
    case excludeRole = "exclude-role"
    case excludeExtension = "exclude-extension"
    case withTable = "with-table"
    case skipTable = "skip-table"
    case createDatabases = "create-databases"
    case targetFreeSpace = "target-free-space"
    case maxTotalSize = "max-total-size"
    case skipVersionCheck = "skip-version-check"
    case acceptUndetermined = "accept-undetermined"
    case reportDirectory = "report-dir"
    case templateDirectory = "template-dir"
    case failOn = "fail-on"
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
    method = try value(.method)
    targetFreeSpace = try value(.targetFreeSpace)
    maxTotalSize = try value(.maxTotalSize)
    skipVersionCheck = try value(.skipVersionCheck)
    acceptUndetermined = try list(.acceptUndetermined)
    report = try list(.report)
    reportDirectory = try value(.reportDirectory)
    templateDirectory = try value(.templateDirectory)
    failOn = try value(.failOn)
  }

  /// The file that was named, or `pgpreflight.yaml` where there is one.
  static func load(_ named: String?) throws -> Loaded {
    let path = named ?? "pgpreflight.yaml"
    guard named != nil || FileManager.default.fileExists(atPath: path) else { return Loaded() }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure.usage("the configuration file \(path) can't be read")
    }
    let digest = sha256([UInt8](data))
    let text = String(decoding: data, as: UTF8.self)
    do {
      if let mapping = try Yams.compose(yaml: text)?.mapping {
        let known = Set(CodingKeys.allCases.map(\.rawValue))
        for (key, _) in mapping {
          guard let name = key.string, known.contains(name) else {
            let line = key.mark.map { ":\($0.line)" } ?? ""
            throw Failure.usage("\(path)\(line): unknown setting \(key.string ?? "?")")
          }
        }
        return Loaded(
          path: path, digest: digest, settings: try YAMLDecoder().decode(ConfigurationFile.self, from: text))
      }
      return Loaded(path: path, digest: digest)
    } catch let error as DecodingError {
      throw Failure.usage("\(path): \(explanation(of: error))")
    } catch let error as YamlError {
      throw Failure.usage("\(path) is not YAML: \(error)")
    }
  }

  /// Without the value: it may be a connection string.
  private static func explanation(of error: DecodingError) -> String {
    let (context, problem) =
      switch error {
      case .typeMismatch(_, let context): (context, "has the wrong type")
      case .valueNotFound(_, let context): (context, "has no value")
      case .keyNotFound(_, let context): (context, "is missing")
      case .dataCorrupted(let context): (context, "has a value that is not understood")
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "is not understood")
      }
    let key = context.codingPath.first?.stringValue ?? "the file"
    return "\(key) \(problem)"
  }
}
