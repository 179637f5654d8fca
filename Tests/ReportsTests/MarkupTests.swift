import Markup
import Testing

@Suite struct VisibleText {
  @Test(arguments: [
    ("plain text", "plain text"), ("two\nlines\t", "two\nlines\t"), ("bell \u{7}", "bell \\x07"),
    ("\u{0}", "\\x00"), ("caf\u{10FEE9}", "caf\\xE9"), ("\r\n", "\\x0D\n"), ("\u{7F}\u{85}\u{9B}", "\\x7F\\x85\\x9B"),
    ("a\u{202E}b", "a\\u{202E}b"), ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"), ("\u{200F}", "\\u{200F}"),
    ("\u{FEFF}\u{FFFE}\u{1FFFF}", "\\u{FEFF}\\u{FFFE}\\u{1FFFF}"), ("é 🐘 👩‍👩‍👧 ä", "é 🐘 👩‍👩‍👧 ä"),
  ])
  func showsWhatWouldAct(text: String, shown: String) { #expect(visible(text) == shown) }

  @Test func staysOnOneLineWhereAsked() { #expect(visibleOnOneLine("a\nb\tc\u{7}") == "a\\nb\\tc\\x07") }
}

@Suite struct Documents {
  @Test func tellsWhereATemplateIsWrong() {
    let error = #expect(throws: MarkupError.self) {
      try Document(parsing: "<html>\n<p>one</p>\n<p>two</html>", name: "broken.html")
    }
    #expect(error?.description.hasPrefix("broken.html:3: ") == true)
    #expect(throws: MarkupError.self) { try Document(parsing: "", name: "empty.html") }
  }

  @Test func tellsWhatATemplateLacks() throws {
    let document = try Document(parsing: "<html><body id=\"b\"/></html>", name: "t.html")
    let error = #expect(throws: MarkupError.self) { try document.root.first(where: "data-slot", is: "lede") }
    #expect(error?.description == "t.html: no element with data-slot=\"lede\" in <html>, line 1")
  }

  @Test func writesHTML() throws {
    let template = """
      <!DOCTYPE html>
      <html><head><meta charset="utf-8"/><style>a:hover { content: "x"; }</style></head>
      <body><!-- for designers --><br/><svg><use href="#i"/></svg><p id="p">old</p></body></html>
      """
    let document = try Document(parsing: template, name: "t.html")
    document.removeComments()
    let paragraph = try document.element(id: "p")
    try paragraph.set(text: "<b> & é")
    try paragraph.set("title", "\"'<>&")
    let html = try document.html()
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html>"))
    #expect(html.contains("<br><svg><use href=\"#i\"></use></svg>"))
    #expect(html.contains("&lt;b&gt; &amp; é</p>"))
    #expect(!html.contains("designers"))
    #expect(try parsed(html: html).first(where: "id", is: "p")["title"] == "\"'<>&")
  }

  @Test func whatIsSettledIsWrittenAsItWouldHaveBeen() throws {
    func page(settling: Bool) throws -> String {
      let document = try Document(parsing: "<html><ul>a<li class='x'>b<br/>c</li>d</ul></html>", name: "t.html")
      let example = try document.root.first(where: "class", is: "x")
      for text in ["<script>alert(1)</script>", "é & 🐘 \u{7}", "&lt;"] {
        let item = try example.cloneBefore()
        try item.set(text: text)
        try item.set("title", "\" ><b>\(text)")
        if settling { try document.settle(item) }
      }
      example.remove()
      return try document.html()
    }
    let settled = try page(settling: true)
    #expect(settled.contains("&lt;script&gt;") && !settled.contains("<script>"))
    #expect(try settled == page(settling: false))
  }

  @Test func elementsOutliveTheirRemoval() throws {
    let document = try Document(parsing: "<ul><li>one</li></ul>", name: "t")
    let item = document.root.children[0]
    let copy = try item.cloneBefore()
    try copy.set(text: "two")
    item.remove()
    #expect(document.root.text == "two")
    #expect(item.text == "one")
    let root = { () throws -> Element in try Document(parsing: "<a><b>kept</b></a>", name: "t").root }
    #expect(try root().children[0].text == "kept")
  }

  @Test func namesThatLookLikeMarkupStayAttributes() throws {
    for name in Fixtures.hostileNames {
      let document = try Document(parsing: "<html><body><p id=\"p\">x</p></body></html>", name: "t")
      let paragraph = try document.element(id: "p")
      try paragraph.set("data-database", name)
      try paragraph.set(text: name)
      let page = try parsed(html: try document.html())
      let read = try page.first(where: "id", is: "p")
      #expect(read["data-database"] == visible(name))
      #expect(read.text == visible(name))
      #expect(Array(page.descendants.map(\.name)) == ["body", "p"])
    }
  }
}

@Suite struct Writing {
  @Test func writesXML() throws {
    let writer = try XMLWriter()
    try writer.element("a", ["x": "<\"&\u{1}\n"]) {
      try writer.element("b") { try writer.text("]]> <c>\u{1B}") }
      try writer.element("d")
    }
    let text = try writer.finish()
    #expect(text.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
    let root = try Document(parsing: text, name: "t").root
    #expect(root["x"] == "<\"&\\x01\n")
    #expect(root.children.map(\.name) == ["b", "d"])
    #expect(root.children[0].text == "]]> <c>\\x1B")
  }
}
