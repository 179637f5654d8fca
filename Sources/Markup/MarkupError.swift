internal import CLibxml2

/// A template that cannot be read or lacks something, or a document that could not be written.
public struct MarkupError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }

  /// What libxml2 could not do; it says no more than that.
  static func failed(to action: String) -> Self { Self("libxml2 could not \(action)") }
}

func text(_ pointer: UnsafePointer<xmlChar>) -> String { String(cString: pointer) }
