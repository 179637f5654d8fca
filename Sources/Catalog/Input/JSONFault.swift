/// What is wrong with a JSON text, and where: `snapshot.activity.known.walsenders`, `outcomes[3].rule`.
public struct JSONFault: Error, Equatable, CustomStringConvertible {
  /// Empty for the text as a whole.
  public var path: String
  /// Goes on after the path: `is -1, …`.
  public var problem: String

  public init(path: String, problem: String) {
    self.path = path
    self.problem = problem
  }

  public var description: String { path.isEmpty ? problem : "\(path) \(problem)" }
}

extension JSONFault {
  /// Of what a decoder has refused: with the value that stands there, where there is one.
  public init(_ error: DecodingError, in text: some Collection<UInt8>) {
    let (context, missing): (DecodingError.Context, (any CodingKey)?) =
      switch error {
      case .keyNotFound(let key, let context): (context, key)
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
      @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil)
      }
    let path = JSONPath.text(of: context.codingPath)
    if let missing {
      self.init(path: JSONPath.text(of: context.codingPath + [missing]), problem: "is missing")
    } else if path.isEmpty {
      self.init(path: "", problem: "it does not have the fields that it must have")
    } else {
      let value = JSONScanner.value(at: path, in: text)
      self.init(path: path, problem: value.map { "is \($0), which cannot be there" } ?? "is not what has to be there")
    }
  }
}

/// How places in a JSON text are written.
enum JSONPath {
  static func text(of keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue { path += "[\(index)]" } else { append(key.stringValue, to: &path) }
    }
  }

  /// A name may be anything: it is shown as long as it is one, and in one line.
  static func append(_ name: String, to path: inout String) {
    let isPlain =
      !name.isEmpty && name.utf8.count <= 40
      && name.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
          || byte == UInt8(ascii: "-")
      }
    if isPlain { path += path.isEmpty ? name : ".\(name)" } else { path += "[\(shown(name))]" }
  }

  /// In quotes, no longer than a line, without characters that would do something to a terminal.
  static func shown(_ text: String) -> String {
    let start = String(String.UnicodeScalarView(text.unicodeScalars.prefix(60)))
    return start.debugDescription + (start.utf8.count < text.utf8.count ? "…" : "")
  }
}
