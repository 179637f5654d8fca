import Foundation
import Testing

@testable import Catalog

@Suite struct JSONScannerTests {
  private func problem(_ text: String, _ bounds: NumberBounds = .ofCatalogs) -> String? {
    problem(Array(text.utf8), bounds)
  }

  private func problem(_ bytes: [UInt8], _ bounds: NumberBounds = .ofCatalogs) -> String? {
    do {
      return try JSONScanner.check(bytes, bounds)?.description
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    "{}", "[]", " 1 ", #"{"a": [1, -0, 5.0, 1e3, {"b": null}], "c": true, "d": "é\u00e9\ud83d\ude00\n"}"#, "\u{FEFF}{}",
    #"{"lastValue": -9223372036854775808, "finalValue": 9223372036854775807, "seconds": -1}"#,
    #"{"count": 1152921504606846976, "b": 1e3, "seconds": 0.25}"#,
  ]) func `what is in order passes`(text: String) {
    #expect(problem(text) == nil)
  }

  static let faults: [(text: String, says: String)] = [
    ("", "it is not whole JSON"), ("{", "it is not whole JSON"), (#"{"a": "#, "it is not whole JSON"),
    ("{}\n{}", "line 2 is not JSON"), ("[1,]", "line 1 is not JSON"), ("[1 2]", "line 1 is not JSON"),
    ("{a: 1}", "line 1 is not JSON"), (#"{"a" 1}"#, "line 1 is not JSON"), ("[01]", "line 1 is not JSON"),
    ("[1.]", "line 1 is not JSON"), ("[.5]", "line 1 is not JSON"), ("[NaN]", "line 1 is not JSON"),
    ("[\"a\nb\"]", "line 1 is not JSON"), (#"["\x"]"#, "line 1 is not JSON"),
    (#"{"a": 1, "\u0061": 2}"#, "a is given twice"),
    (#"{"a": [{"b": 1, "b": 2}]}"#, "a[0].b is given twice"),
    (#"{"a": ["\ud800"]}"#, "a[0] has half a surrogate pair in it"),
    (#"{"a": "\udc00\ud800"}"#, "a has half a surrogate pair in it"),
    (#"{"a": "\u0000"}"#, "a has a NUL character in it"),
    (#"{"count": -1}"#, "count is -1; it must be from 0 to 1152921504606846976"),
    (
      #"{"a b": [0, 9223372036854775807]}"#,
      #"["a b"][1] is 9223372036854775807; it must be from 0 to 1152921504606846976"#
    ),
    (#"{"n": 0.5}"#, "n is 0.5; it must be an integer"),
    (#"{"n": 1e999}"#, "n is 1e999; it must be from 0 to 1152921504606846976"),
    (#"{"n": 18446744073709551616}"#, "n is 18446744073709551616; it must be from 0 to 1152921504606846976"),
  ]

  @Test(arguments: faults) func `what is not is told with its place`(text: String, says: String) {
    #expect(problem(text) == says)
  }

  @Test func `neither depth nor length is a burden`() {
    for open in ["[", #"{"a":"#] {
      #expect(problem(String(repeating: open, count: 1_000_000)) == "it is nested more than 64 levels deep")
    }
    #expect(problem("[" + String(repeating: "9", count: 10_000_000) + "]") == "[0] is a number of 10000000 digits")
    let wide = #"{"a": ["# + String(repeating: "{},", count: 300_000) + "{}]}"
    #expect(problem(wide) == nil)
    #expect(problem([0x22, 0xFF, 0x22]) == "it is not UTF-8")
    #expect(problem([0x22, 0xED, 0xA0, 0x80, 0x22]) == "it is not UTF-8")
  }

  @Test func `what a decoder refuses is told with its place and value`() {
    struct Row: Decodable {
      var name: String
      var count: Int
    }
    func fault(_ text: String) -> String? {
      let data = Data(text.utf8)
      let decoded = Result { try JSONDecoder().decode([String: [Row]].self, from: data) }
      guard case .failure(let error) = decoded else { return nil }
      return (error as? DecodingError).map { JSONFault($0, in: data).description }
    }
    #expect(fault(#"{"rows": [{"name": "a", "count": 1}, {"name": "b"}]}"#) == "rows[1].count is missing")
    #expect(fault(#"{"rows": [{"name": 7, "count": 1}]}"#) == "rows[0].name is 7, which cannot be there")
    #expect(fault("[]") == "it does not have the fields that it must have")
    #expect(fault(#"{"rows": [{"name": "a", "count": {}}]}"#) == "rows[0].count is an object, which cannot be there")
  }
}
