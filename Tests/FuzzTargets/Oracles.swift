import Assessment
import CLibxml2
import Catalog
import Reports
import Rules

/// Renders a report as JSON and in one other format, which depends on the input, and reads them as others do: all of
/// them for each input would be a tenth of the inputs in the same time.
func renderAndReread(_ report: Report, of input: [UInt8]) throws {
  let choice = input.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
  let others = Reporter.all.filter { $0.format != "json" }
  let chosen = Int(choice % UInt32(others.count + 1))
  for reporter in Reporter.all.filter({ $0.format == "json" }) + others.dropFirst(chosen).prefix(1) {
    let text = try rendering(reporter.format) { try reporter.render(report) }
    switch reporter.format {
    case "json":
      let again = try rendering("json, read again") { try Report(json: Array(text.utf8)) }
      let second = try reporter.render(again)
      guard second == text else { throw Malformed("the JSON report read again gives another one") }
    case "html": try expectHTML(text)
    case "junit": try expectXML(text)
    case "sarif": try expectJSON(text)
    default: break
    }
    try expectVisible(text, reporter.format)
  }
  guard chosen == others.count else { return }
  for width in [80, 20] {
    let style = TerminalStyle(color: false, unicode: true, width: width, verbose: width == 80)
    try expectVisible(terminalSummary(report, style: style, written: []), "terminal")
  }
}

func rendering<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch {
    throw Malformed("\(name): \(error)")
  }
}

/// Nothing that a terminal or a parser of XML would stumble over. JSON may hold a DEL as it is.
func expectVisible(_ text: String, _ format: String) throws {
  let isJSON = ["json", "sarif"].contains(format)
  let stray = text.unicodeScalars.first {
    $0.value < 0x20 && $0 != "\n" && $0 != "\t" || $0.value == 0x7F && !isJSON
  }
  if let stray { throw Malformed("\(format): U+\(String(stray.value, radix: 16)) stands in it as it is") }
}

func expectJSON(_ text: String) throws {
  do {
    _ = try JSONScanner.check(Array(text.utf8), .ofReports)
  } catch {
    throw Malformed("what was written is not JSON: \(error)")
  }
}

func expectXML(_ text: String) throws {
  try expectParsed(text, "XML") { start, count in
    let options = Int32(XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue)
    return xmlReadMemory(start, count, nil, "UTF-8", options)
  }
}

func expectHTML(_ text: String) throws {
  guard text.hasPrefix("<!DOCTYPE html>") else { throw Malformed("the page does not begin as HTML does") }
  try expectParsed(text, "HTML") { start, count in
    let options = Int32(HTML_PARSE_NONET.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue)
    return htmlReadMemory(start, count, nil, "UTF-8", options)
  }
}

private func expectParsed(
  _ text: String, _ kind: String, _ parse: (UnsafePointer<CChar>?, Int32) -> xmlDocPtr?
) throws {
  var text = text
  let document = text.withUTF8 { bytes in
    bytes.withMemoryRebound(to: CChar.self) { parse($0.baseAddress, Int32(clamping: $0.count)) }
  }
  guard let document else { throw Malformed("what was written is not \(kind)") }
  xmlFreeDoc(document)
}
