import Foundation
import FuzzTargets
import Testing

/// What fuzzing begins with, and what it has found: of these nothing crashes any more, and all that is made is well
/// formed.
@Suite struct FuzzFindingsTests {
  private static let fixtures: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder.appendingPathComponent("fixtures")
  }()

  private static func files(in folder: String) -> [URL] {
    let folder = fixtures.appendingPathComponent(folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { folder.appendingPathComponent($0) }
      .filter { !["md", "schema.json"].contains($0.pathExtension) && !$0.hasDirectoryPath }
  }

  @Test(arguments: FuzzTarget.all.map(\.name)) func `seeds and findings pass`(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let seeds = target.seeds.flatMap(Self.files)
    #expect(!seeds.isEmpty)
    for file in seeds + Self.files(in: "fuzz/\(name)") {
      do {
        try target.run(Array(try Data(contentsOf: file)))
      } catch {
        Issue.record("\(file.lastPathComponent): \(error)")
      }
    }
  }

  @Test(arguments: FuzzTarget.all.filter(\.isJSON).map(\.name))
  func `changes of the seeds pass`(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    var generator = Generator()
    for file in target.seeds.flatMap(Self.files).prefix(4) {
      let seed = Array(try Data(contentsOf: file))
      for _ in 0..<5 {
        let changed = mutatedJSON(seed, longest: target.longest, using: &generator) ?? seed
        do {
          try target.run(changed)
        } catch {
          Issue.record("\(file.lastPathComponent): \(error): \(String(decoding: changed, as: UTF8.self))")
        }
      }
    }
  }

  /// The same in each run.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64 = 1

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 32)
    }
  }
}
