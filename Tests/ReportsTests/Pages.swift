import CLibxml2
import Reports
import Testing

import struct Assessment.Report

@testable import Markup

/// A page as a reader of HTML sees it.
func reading(_ name: String) throws -> Element { try reading(of: Fixtures.named(name)) }

func reading(of report: Report, templates: Templates = Templates()) throws -> Element {
  try parsed(html: try render("html", report, templates: templates))
}

func parsed(html: String) throws -> Element {
  let options = Int32(HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue | HTML_PARSE_NONET.rawValue)
  let tree = htmlReadMemory(html, Int32(html.utf8.count), nil, "UTF-8", options | Int32(XML_PARSE_HUGE.rawValue))
  let pointer = try #require(tree)
  return try #require(Document(adopting: pointer, name: "page")).root
}

func render(_ format: String, _ report: Report, templates: Templates = Templates()) throws -> String {
  let reporter = try #require(Reporter.all(templates: templates).first { $0.format == format })
  return try reporter.render(report)
}

extension Element {
  /// As people read it: white space is one space.
  var words: String { squashed(text) }

  func has(class name: String) -> Bool { (self["class"] ?? "").split(separator: " ").contains { $0 == name } }
}

func squashed(_ text: String) -> String {
  text.split { " \n\t\u{A0}".unicodeScalars.contains($0.unicodeScalars.first!) }.joined(separator: " ")
}
