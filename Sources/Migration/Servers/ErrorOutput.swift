import Dispatch
import Foundation
import Postgres
import SystemPackage

/// What a program writes to standard error, of which a server may say as much as it likes: it is read to its end, so that
/// the program is not held up, and a bounded part of it is kept.
enum ErrorOutput {
  /// Runs `body`, and gives back beside its result what was written to the descriptor.
  ///
  /// - Parameter body: closes the descriptor, also where it throws.
  static func collected<T: Sendable>(
    upTo limit: Int, _ body: (FileDescriptor) async throws -> T
  ) async throws -> (T, String) {
    let pipe = try FileDescriptor.pipe()
    async let said = text(from: pipe.readEnd, upTo: limit)
    let result = try await body(pipe.writeEnd)
    return (result, await said)
  }

  private static func text(from descriptor: FileDescriptor, upTo limit: Int) async -> String {
    await withCheckedContinuation { done in
      DispatchQueue(label: "pgpreflight.errors").async {
        var lines = BoundedLines(limit: limit)
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while let count = try? buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
          lines.append(buffer[..<count])
        }
        try? descriptor.close()
        done.resume(returning: lines.text)
      }
    }
  }
}

/// The beginning of a stream of lines, each of a bounded length, and the last of them.
struct BoundedLines {
  /// Bytes of a line that are kept.
  static let longestLine = 8 * longestServerText

  /// Bytes of all that is kept, the last line not counted.
  let limit: Int
  private var kept = ""
  /// The last line of those that were left out.
  private var last = ""
  private var isFull = false
  private var line: [UInt8] = []
  private var leftOut = 0

  init(limit: Int) { self.limit = limit }

  mutating func append(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      extend(rest[..<end])
      endLine()
      rest = rest[(end + 1)...]
    }
    extend(rest)
  }

  /// All that is kept.
  var text: String {
    var copy = self
    if !line.isEmpty { copy.endLine() }
    return copy.kept + copy.last
  }

  private mutating func extend(_ bytes: ArraySlice<UInt8>) {
    let room = max(Self.longestLine + 4 - line.count, 0)
    line += bytes.prefix(room)
    leftOut += max(bytes.count - room, 0)
  }

  private mutating func endLine() {
    let text = String(bounded: line, andMore: leftOut, to: Self.longestLine) + "\n"
    isFull = isFull || kept.utf8.count + text.utf8.count > limit
    if isFull { last = text } else { kept += text }
    line.removeAll(keepingCapacity: true)
    leftOut = 0
  }
}
