import Foundation

/// Reports as somebody may have edited them: every text in them is another one, whatever it is the text of.
public enum HostileReport {
  /// What acts on a terminal, on a page, in Markdown and on the servers of continuous integration.
  public static let text =
    "\u{1B}[2J\u{1B}]8;;javascript:alert(1)\u{7}x\u{9B}31m\u{202E}\u{2066}\u{200B}\u{FEFF}\u{7F}\r\n::error::owned\n"
    + "  ::set-output name=a::owned\n##[error]owned ##vso[task.setvariable variable=a]owned ##teamcity[a]\n"
    + "<script>alert(1)</script> | ` ``` ](javascript:alert(1)) [a](javascript:alert(1)) \"' & ]]> --> %0A::error::"
    + "\u{E0041}\u{2028}\r::error::owned"

  /// The same where an address is expected.
  public static let texts = [
    text, "javascript:alert(1)//\(text)", "https://example.org/\" onclick=\"alert(1)", "https://example.org/\(text)",
    "javascript:alert(1)",
  ]

  /// The report with every text that may be any replaced, and one added wherever texts have names.
  ///
  /// - Parameter isReport: whether it can still be read: some texts are one of a few words.
  public static func edited(_ json: Data, _ text: String, isReport: (Data) -> Bool) throws -> Data {
    var report = try JSONSerialization.jsonObject(with: json)
    var places: Set<String> = []
    collect(report, "", &places)
    for place in places.sorted() {
      let edited = replaced(report, "", place, text)
      if isReport(try JSONSerialization.data(withJSONObject: edited)) { report = edited }
    }
    return try JSONSerialization.data(withJSONObject: report)
  }

  private static func collect(_ value: Any, _ path: String, _ places: inout Set<String>) {
    switch value {
    case let object as [String: Any]: for (key, value) in object { collect(value, "\(path).\(key)", &places) }
    case let array as [Any]: for value in array { collect(value, "\(path)[]", &places) }
    case is String: places.insert(path)
    default: break
    }
  }

  private static func replaced(_ value: Any, _ path: String, _ place: String, _ text: String) -> Any {
    switch value {
    case let object as [String: Any]:
      var result: [String: Any] = [:]
      for (key, value) in object { result[key] = replaced(value, "\(path).\(key)", place, text) }
      // Names of facts are texts too.
      if path.hasSuffix(".evidence"), place.hasPrefix(path) { result[text] = text }
      return result
    case let array as [Any]:
      // Each its own: of a rule in a database there is one outcome.
      return array.enumerated().map { index, value in
        replaced(value, "\(path)[]", place, index == 0 ? text : "\(text) \(index)")
      }
    case is String where path == place: return text
    default: return value
    }
  }

  /// What in a text would act instead of being read; line feeds and tabs are none of it.
  public static func acting(in text: String) -> [String] {
    text.unicodeScalars.filter { scalar in
      switch scalar.value {
      case 0x09, 0x0A: false
      case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
        0xE0000...0xE0FFF:
        true
      default: false
      }
    }.map { String($0.value, radix: 16) }
  }

  /// Lines that a server of continuous integration obeys, those that begin like `own` left out.
  public static func commands(in text: String, own: [String] = []) -> [String] {
    text.split(whereSeparator: \.isNewline).map(String.init).filter { line in
      let words = line.drop(while: \.isWhitespace)
      let isCommand = words.firstMatch(of: /^::(error|warning|notice|set-output)( [^:]*)?::/) != nil
      return isCommand && !own.contains(where: words.hasPrefix)
        || ["##[", "##vso[", "##teamcity["].contains(where: line.contains)
    }
  }
}
