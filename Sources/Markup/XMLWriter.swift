internal import CLibxml2

/// Writes an XML document from front to back.
public final class XMLWriter {
  private let buffer: xmlBufferPtr
  private let writer: xmlTextWriterPtr

  /// Begins a document in UTF-8, indented by two spaces.
  public init() throws(MarkupError) {
    xmlInitParser()
    guard let buffer = xmlBufferCreate() else { throw .failed(to: "make a buffer") }
    guard let writer = xmlNewTextWriterMemory(buffer, 0) else {
      xmlBufferFree(buffer)
      throw .failed(to: "make a writer")
    }
    self.buffer = buffer
    self.writer = writer
    try check(xmlTextWriterSetIndent(writer, 1))
    try check(xmlTextWriterSetIndentString(writer, "  "))
    try check(xmlTextWriterStartDocument(writer, "1.0", "UTF-8", nil))
  }

  deinit {
    xmlFreeTextWriter(writer)
    xmlBufferFree(buffer)
  }

  /// An element; what `content` writes is inside it.
  public func element(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], content: () throws -> Void = {}
  ) throws {
    try check(xmlTextWriterStartElement(writer, name))
    for (name, value) in attributes {
      try check(xmlTextWriterWriteAttribute(writer, name, visible(value)))
    }
    try content()
    try check(xmlTextWriterEndElement(writer))
  }

  public func text(_ text: String) throws(MarkupError) {
    try check(xmlTextWriterWriteString(writer, visible(text)))
  }

  /// Ends the document and gives it back.
  public func finish() throws(MarkupError) -> String {
    try check(xmlTextWriterEndDocument(writer))
    try check(xmlTextWriterFlush(writer))
    guard let content = xmlBufferContent(buffer) else { throw .failed(to: "write a document") }
    return Markup.text(content)
  }

  private func check(_ result: Int32) throws(MarkupError) {
    if result < 0 { throw .failed(to: "write a document") }
  }
}
