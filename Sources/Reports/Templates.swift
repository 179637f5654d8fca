internal import CTemplates
import FoundationEssentials
import Markup

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the pages come from that reports are filled into.
public struct Templates: Sendable {
  /// By the name of the template that each stands in for.
  private var own: [String: (path: String, text: String)] = [:]

  /// Only the filling in needs these attributes; of those that a built-in page has, the first ones are needed.
  static let attributes = needed + ["data-contents", "data-icon"]
  private static let needed = ["data-slot", "data-each", "data-card", "data-part"]

  /// Those inside the executable.
  public init() {}

  /// Those of a folder; those inside the executable where it has none.
  ///
  /// - Throws: `MarkupError` where there is no such folder, or none of the templates in it, and for one that can't be
  ///   read, is not well-formed, or lacks what is filled in.
  public init(directory: String) throws(MarkupError) {
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory else {
      throw MarkupError("\(directory): there is no such folder")
    }
    let names = ["report.html", "comparison.html"]
    for name in names {
      let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      guard Self.isReadable(path), let data = FileManager.default.contents(atPath: path) else {
        throw MarkupError("\(path): it can't be read: a template is a file of at most 4 MiB")
      }
      guard let text = String(data: data, encoding: .utf8) else { throw MarkupError("\(path): not UTF-8") }
      let page = try Document(parsing: text, name: path)
      for (attribute, value) in try Self.marks(of: embedded(name))
      where page.root.all(where: attribute, is: value).isEmpty {
        throw MarkupError("\(path): no element with \(attribute)=\"\(value)\"")
      }
      own[name] = (path, text)
    }
    if own.isEmpty { throw MarkupError("\(directory): neither \(names.joined(separator: " nor ")) is there") }
  }

  /// Neither a pipe that nobody writes into nor a device without an end.
  private static func isReadable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size <= 4 << 20
  }

  /// The page, to be filled in.
  func page(_ name: String) throws(MarkupError) -> Document {
    guard let own = own[name] else { return try embedded(name) }
    return try Document(parsing: own.text, name: own.path)
  }

  private func embedded(_ name: String) throws(MarkupError) -> Document {
    guard let embedded = embedded_template(name) else { throw MarkupError("no template \(name)") }
    let bytes = UnsafeBufferPointer(start: embedded.pointee.bytes, count: embedded.pointee.size)
    return try Document(parsing: String(decoding: bytes, as: UTF8.self), name: name)
  }

  /// By what a page is filled in.
  private static func marks(of page: Document) -> [(attribute: String, value: String)] {
    let sections = page.root.descendants.filter { $0.name == "section" }.compactMap { $0["id"] }.map { ("id", $0) }
    return sections
      + needed.flatMap { attribute in
        page.root.all(having: attribute).map { (attribute, $0[attribute] ?? "") }
      }
  }
}
