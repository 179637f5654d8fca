import Foundation
import Testing

@testable import Catalog
@testable import Rules

/// Arithmetic on what was read, whatever it is: the bounds that files are held to are not in the way here.
@Suite struct ExtremeNumberTests {
  @Test func `sums, differences and products stay in range`() {
    let sums: [Int] = [.max +| 1, .min +| -1, 2 +| 3]
    let differences: [Int] = [.min -| 1, .max -| -1, 0 -| .min, 2 -| 3]
    let products: [Int] = [.max *| 2, .max *| -2, .min *| -1, 2 *| -3]
    #expect(sums == [.max, .min, 5])
    #expect(differences == [.min, .max, .max, -1])
    #expect(products == [.max, .min, .max, -6])
    #expect([Int.max, 1, -1].sum { $0 } == Int.max - 1)
    #expect(Int(saturating: .nan) == 0 && Int(saturating: .infinity) == .max && Int(saturating: -1e300) == .min)
    #expect(Int(saturating: 1.9) == 1 && Int(saturating: -1.9) == -1)
  }

  private static let files = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return ["source", "target"].map { side in
      folder.appendingPathComponent("fixtures/snapshots/self-managed-\(side).json")
    }
  }()

  /// The text with the values of the fields of that name replaced, numbers and numbers in quotes alike.
  private func replacing(_ name: String, by value: String, in text: String) throws -> String {
    let pattern = try Regex(
      #"("\#(name)" ?: ?)("?)-?[0-9.]+("?)(?=[,\s}])"#, as: (Substring, Substring, Substring, Substring).self)
    return text.replacing(pattern) { "\($0.output.1)\($0.output.2)\(value)\($0.output.3)" }
  }

  static let values = ["9223372036854775807", "-9223372036854775808", "-1", "0"]

  @Test(arguments: values) func `no rule breaks down over a number`(value: String) throws {
    let texts = try Self.files.map { try String(contentsOf: $0, encoding: .utf8) }
    let names = Set(
      texts.flatMap { text in text.matches(of: /"([A-Za-z]+)" ?: ?"?-?[0-9]/).map { String($0.output.1) } })
    #expect(names.count > 20)
    for name in names.subtracting(["format"]).sorted() {
      for changes in [[true, false], [false, true]] {
        let snapshots = try zip(texts, changes).map { text, isChanged in
          try JSONDecoder().decode(
            SavedSnapshot.self, from: Data(try isChanged ? replacing(name, by: value, in: text).utf8 : text.utf8)
          ).snapshot
        }
        var options = CheckOptions()
        options.jobs = 64
        let pair = ClusterPair(
          source: snapshots[0], target: snapshots[1], options: options,
          tools: .unknown(Undetermined("none was looked for", remedy: "Look for one.")))
        for rule in Rule.all {
          switch rule.decision {
          case .cluster(let decide): _ = try? decide(pair)
          case .database(let decide): for database in pair.databasePairs { _ = try? decide(database) }
          }
        }
      }
    }
  }
}
