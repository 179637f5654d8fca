internal import CLibxml2

/// A page that is filled in: a template that was parsed, whose elements are cloned, set and removed.
///
/// Owns the tree of libxml2 and all that was taken out of it, so that an `Element` stays valid as long as its document.
public final class Document {
  let pointer: xmlDocPtr
  /// Stays in the tree as long as that is there: `Element.remove` refuses to take it away.
  let rootNode: xmlNodePtr
  /// As errors call the template.
  let name: String
  private var removed: [xmlNodePtr] = []

  /// Parses a template: well-formed XML without a namespace.
  ///
  /// - Throws: `MarkupError` with the name and the line of the first mistake.
  public init(parsing text: String, name: String) throws(MarkupError) {
    xmlInitParser()
    guard let context = xmlNewParserCtxt() else { throw .failed(to: "make a parser") }
    defer { xmlFreeParserCtxt(context) }
    var text = text
    let options = Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue)
    let parsed = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        xmlCtxtReadMemory(context, characters.baseAddress, Int32(clamping: characters.count), nil, "UTF-8", options)
      }
    }
    guard let parsed, let rootNode = xmlDocGetRootElement(parsed) else {
      if let parsed { xmlFreeDoc(parsed) }
      throw Self.error(of: context, name: name)
    }
    // A page in HTML has none, and what they stand for may be larger than memory.
    guard parsed.pointee.intSubset.map({ $0.pointee.children == nil }) ?? true else {
      xmlFreeDoc(parsed)
      throw MarkupError("\(name): it declares entities or elements, which a page can't")
    }
    pointer = parsed
    self.rootNode = rootNode
    self.name = name
  }

  /// Takes over a tree that libxml2 has made; nil where there is no element in it.
  init?(adopting pointer: xmlDocPtr, name: String) {
    guard let rootNode = xmlDocGetRootElement(pointer) else { return nil }
    self.pointer = pointer
    self.rootNode = rootNode
    self.name = name
  }

  private static func error(of context: xmlParserCtxtPtr, name: String) -> MarkupError {
    guard let error = xmlCtxtGetLastError(context), let message = error.pointee.message else {
      return MarkupError("\(name): not well-formed XML")
    }
    var words = String(cString: message)
    while words.last?.isWhitespace == true { words.removeLast() }
    return MarkupError("\(name):\(error.pointee.line): \(words)")
  }

  deinit {
    for node in removed { xmlFreeNode(node) }
    xmlFreeDoc(pointer)
  }

  public var root: Element { Element(document: self, node: rootNode) }

  /// The element of that id.
  public func element(id: String) throws(MarkupError) -> Element {
    try root.first(where: "id", is: id)
  }

  /// Takes out the comments: they speak to those who edit the template.
  public func removeComments() {
    for node in Nodes(under: UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: xmlNode.self))
    where node.pointee.type == XML_COMMENT_NODE {
      xmlUnlinkNode(node)
      keep(removed: node)
    }
  }

  /// Some `Element` may still stand for a node that was taken out, so that it is freed later; none ever stands for a text.
  func keep(removed node: xmlNodePtr) {
    if node.pointee.type == XML_ELEMENT_NODE { removed.append(node) } else { xmlFreeNode(node) }
  }

  /// Writes an element that is filled in and keeps its text in its place, a fraction of what its nodes take: a page of
  /// thousands of rows would else stand in memory as a whole. The element, those in it and all that were taken out of
  /// the page before are gone: none of them may be used afterwards.
  public func settle(_ element: Element) throws(MarkupError) {
    let node = element.node
    let type = pointer.pointee.type
    // As libxml2 does for the whole page, so that both are written alike.
    pointer.pointee.type = XML_HTML_DOCUMENT_NODE
    defer { pointer.pointee.type = type }
    let written = try buffered { htmlNodeDumpFormatOutput($0, pointer, node, "UTF-8", 0) }
    defer { xmlBufferFree(written) }
    guard let text = xmlNewDocText(pointer, xmlBufferContent(written)) else { throw .failed(to: "add a text") }
    // By this name libxml2 knows a text that is markup already.
    text.pointee.name = UnsafePointer(pgpreflight_xmlStringTextNoenc())
    guard xmlReplaceNode(node, text) != nil else {
      xmlFreeNode(text)
      throw .failed(to: "replace an element")
    }
    keep(removed: node)
    for node in removed { xmlFreeNode(node) }
    removed.removeAll()
  }

  /// The page as HTML: `<!DOCTYPE html>`, void elements without end tags, UTF-8.
  public func html() throws(MarkupError) -> String {
    let written = try buffered { htmlDocContentDumpFormatOutput($0, pointer, "UTF-8", 0) }
    defer { xmlBufferFree(written) }
    guard let content = xmlBufferContent(written) else { throw .failed(to: "write \(name)") }
    return text(content)
  }

  /// What `write` has written, to be freed by the caller.
  private func buffered(_ write: (xmlOutputBufferPtr) -> Void) throws(MarkupError) -> xmlBufferPtr {
    guard let buffer = xmlBufferCreate() else { throw .failed(to: "make a buffer") }
    guard let output = xmlOutputBufferCreateBuffer(buffer, nil) else {
      xmlBufferFree(buffer)
      throw .failed(to: "make a buffer")
    }
    write(output)
    guard xmlOutputBufferClose(output) >= 0 else {
      xmlBufferFree(buffer)
      throw .failed(to: "write \(name)")
    }
    return buffer
  }
}
