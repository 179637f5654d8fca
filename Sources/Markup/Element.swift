internal import CLibxml2

/// An element of a `Document`.
///
/// Every text and every value of an attribute goes through `visible`, and the serialiser escapes it: what comes from a
/// catalog can't become markup.
public struct Element {
  let document: Document
  let node: xmlNodePtr

  public var name: String { Markup.text(node.pointee.name) }

  // MARK: Finding

  /// The first descendant, in the order of the page, whose attribute has that value.
  public func first(where attribute: String, is value: String) throws(MarkupError) -> Element {
    guard let element = descendants.first(where: { $0.has(attribute, value) }) else {
      throw MarkupError("\(document.name): no element with \(attribute)=\"\(value)\" in <\(name)>\(place)")
    }
    return element
  }

  /// The first descendant of that name.
  public func first(named name: String) throws(MarkupError) -> Element {
    guard let element = descendants.first(where: { $0.name == name }) else {
      throw MarkupError("\(document.name): no <\(name)> in <\(self.name)>\(place)")
    }
    return element
  }

  public func all(where attribute: String, is value: String) -> [Element] {
    descendants.filter { $0.has(attribute, value) }
  }

  /// The same as a comparison of the attribute's value, without a copy of it: pages are searched for most of all.
  private func has(_ attribute: String, _ value: String) -> Bool {
    guard let found = xmlHasProp(node, attribute) else { return false }
    guard let text = found.pointee.children, text.pointee.next == nil else { return self[attribute] == value }
    return xmlStrEqual(text.pointee.content, value) != 0
  }

  public func all(having attribute: String) -> [Element] {
    descendants.filter { $0[attribute] != nil }
  }

  public var children: [Element] {
    var children: [Element] = []
    var next = node.pointee.children
    while let child = next {
      if child.pointee.type == XML_ELEMENT_NODE { children.append(Element(document: document, node: child)) }
      next = child.pointee.next
    }
    return children
  }

  /// All elements inside, in the order of the page.
  public var descendants: some Sequence<Element> {
    let document = document
    return Nodes(under: node).lazy.filter { $0.pointee.type == XML_ELEMENT_NODE }
      .map { Element(document: document, node: $0) }
  }

  private var place: String { node.pointee.line > 0 ? ", line \(node.pointee.line)" : "" }

  // MARK: Reading and setting

  /// The text inside, that of all descendants joined.
  public var text: String {
    guard let content = xmlNodeGetContent(node) else { return "" }
    defer { pgpreflight_xmlFree(content) }
    return Markup.text(content)
  }

  /// Replaces everything inside by a text.
  public func set(text: String) throws(MarkupError) {
    removeContent()
    try append(text: text)
  }

  public func append(text: String) throws(MarkupError) {
    guard let child = xmlNewDocText(document.pointer, visible(text)), xmlAddChild(node, child) != nil else {
      throw .failed(to: "add a text")
    }
  }

  /// Adds an empty element at the end.
  @discardableResult
  public func append(element name: String, _ attributes: KeyValuePairs<String, String> = [:]) throws(MarkupError)
    -> Element
  {
    guard let made = xmlNewDocNode(document.pointer, nil, name, nil), xmlAddChild(node, made) != nil else {
      throw .failed(to: "add an element")
    }
    let element = Element(document: document, node: made)
    for (name, value) in attributes { try element.set(name, value) }
    return element
  }

  /// An attribute's value; nil where it has none of that name.
  public subscript(attribute: String) -> String? {
    guard let value = xmlGetProp(node, attribute) else { return nil }
    defer { pgpreflight_xmlFree(value) }
    return Markup.text(value)
  }

  /// Sets an attribute; nil takes it away.
  public func set(_ attribute: String, _ value: String?) throws(MarkupError) {
    guard let value else {
      _ = xmlUnsetProp(node, attribute)
      return
    }
    guard xmlSetProp(node, attribute, visible(value)) != nil else { throw .failed(to: "set an attribute") }
  }

  /// Takes attributes of these names away from all elements inside.
  public func removeAttributes(_ names: [String]) {
    for node in Nodes(under: node) where node.pointee.type == XML_ELEMENT_NODE {
      var next = node.pointee.properties
      while let attribute = next {
        next = attribute.pointee.next
        if names.contains(where: { xmlStrEqual(attribute.pointee.name, $0) != 0 }) { xmlRemoveProp(attribute) }
      }
    }
  }

  /// Replaces the elements of that name inside that have no attributes by what is in them.
  public func unwrapBare(_ name: String) {
    let bare = descendants.filter { $0.name == name && $0.node.pointee.properties == nil }
    for element in Array(bare) {
      while let child = element.node.pointee.children {
        xmlUnlinkNode(child)
        // Before an element, libxml2 never joins a text to another, so that no other node is freed.
        if xmlAddPrevSibling(element.node, child) == nil { xmlFreeNode(child) }
      }
      element.remove()
    }
  }

  // MARK: Moving

  /// A copy of the element with all that is in it, put right before it.
  public func cloneBefore() throws(MarkupError) -> Element {
    guard let copy = xmlDocCopyNode(node, document.pointer, 1) else { throw .failed(to: "copy an element") }
    guard xmlAddPrevSibling(node, copy) != nil else {
      xmlFreeNode(copy)
      throw .failed(to: "copy an element")
    }
    return Element(document: document, node: copy)
  }

  /// A copy of the element with all that is in it, put at the end of another element.
  public func clone(into parent: Element) throws(MarkupError) -> Element {
    guard let copy = xmlDocCopyNode(node, document.pointer, 1) else { throw .failed(to: "copy an element") }
    guard xmlAddChild(parent.node, copy) != nil else {
      xmlFreeNode(copy)
      throw .failed(to: "copy an element")
    }
    return Element(document: document, node: copy)
  }

  /// The elements beside this one, itself left out.
  public var siblings: [Element] {
    guard let parent = node.pointee.parent else { return [] }
    return Element(document: document, node: parent).children.filter { $0.node != node }
  }

  /// Takes the element out of the page.
  public func remove() {
    guard node.pointee.parent != nil, node != document.rootNode else { return }
    xmlUnlinkNode(node)
    document.keep(removed: node)
  }

  public func removeContent() {
    while let child = node.pointee.children {
      xmlUnlinkNode(child)
      document.keep(removed: child)
    }
  }
}

/// All nodes under one, in the order of the page. The one that was given last may be taken out of the tree.
struct Nodes: Sequence, IteratorProtocol {
  private let top: xmlNodePtr
  private var following: xmlNodePtr?

  init(under top: xmlNodePtr) {
    self.top = top
    following = top.pointee.children
  }

  mutating func next() -> xmlNodePtr? {
    guard let current = following else { return nil }
    following = Self.node(after: current, within: top)
    return current
  }

  private static func node(after node: xmlNodePtr, within top: xmlNodePtr) -> xmlNodePtr? {
    // The children of an entity reference are those of its declaration, which is not part of the page.
    if node.pointee.type == XML_ELEMENT_NODE, let child = node.pointee.children { return child }
    var current = node
    while current != top {
      if let next = current.pointee.next { return next }
      guard let parent = current.pointee.parent else { return nil }
      current = parent
    }
    return nil
  }
}
