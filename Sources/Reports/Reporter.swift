import Assessment

/// A format that a report can be written in.
public struct Reporter: Sendable {
  /// As `--report` calls it.
  public let format: String
  /// In the folder of `--report-dir`.
  public let fileName: String
  /// Whether `--report-dir` alone writes it.
  public var isStandard: Bool { ["html", "junit", "json"].contains(format) }
  /// The whole file. Throws `MarkupError` where a template lacks something.
  public let render: @Sendable (Report) throws -> String

  /// With the templates inside the executable.
  public static let all = all(templates: Templates())

  public static func all(templates: Templates) -> [Reporter] {
    [html(templates: templates), junit, json, sarif, markdown, github]
  }
}
