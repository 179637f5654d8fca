internal import CTemplates
import FoundationEssentials
import Markup

/// Where the pages come from that reports are filled into.
public struct Templates: Sendable {
  /// Looked into first: a file there stands in for the template of the same name.
  private let directory: String?

  public init(directory: String? = nil) { self.directory = directory }

  /// The text of a file of `templates/`.
  ///
  /// - Throws: `MarkupError` for an unknown name, or for a file that is not UTF-8.
  public func text(of name: String) throws(MarkupError) -> String {
    if let directory {
      let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
      if let data = FileManager.default.contents(atPath: path) {
        guard let text = String(data: data, encoding: .utf8) else { throw MarkupError("\(path): not UTF-8") }
        return text
      }
    }
    guard let embedded = embedded_template(name) else { throw MarkupError("no template \(name)") }
    return String(
      decoding: UnsafeBufferPointer(start: embedded.pointee.bytes, count: embedded.pointee.size), as: UTF8.self)
  }
}
