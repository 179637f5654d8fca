import Foundation
import TestSupport
import Testing

/// What the pages say can be done.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct DocumentationTests {
  /// Of scripts and of other programs.
  private static let foreign: Set = ["--keep"]

  @Test(arguments: Page.all) func `every command is one that the program takes`(page: Page) async throws {
    let interface = try await CommandInterface.ofExecutable()
    for command in try page.commands {
      let words = shellWords(command).dropFirst()
      #expect(interface.mistake(in: Array(words)) == nil, "\(command)")
    }
  }

  @Test func `commands are found where they are`() throws {
    let count = try Page.all.reduce(0) { $0 + (try $1.commands.count) }
    #expect(count >= 35)
    #expect(try Page.all.first { $0.path == "docs/guide-ci.md" }?.commands.count ?? 0 >= 6)
  }

  @Test(arguments: Page.all) func `every option that is named is there`(page: Page) async throws {
    let names = try await CommandInterface.ofExecutable().optionNames.union(Self.foreign)
    for span in page.codeSpans where span.hasPrefix("--") {
      let option = String(span.prefix { $0 != " " && $0 != "=" })
      #expect(names.contains(option), "\(span)")
    }
  }

  @Test(arguments: Page.all) func `every link within the repository leads somewhere`(page: Page) throws {
    let folder = Page.repository.appending(path: page.path).deletingLastPathComponent()
    for match in page.text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
      let file = folder.appending(path: String(match.1)).path
      #expect(FileManager.default.fileExists(atPath: file), "\(match.0)")
    }
  }

  @Test(arguments: Page.all) func `examples print what is shown`(page: Page) async throws {
    var last: ProcessOutput?
    for example in page.examples {
      if example.words == ["echo", "$?"] {
        #expect(example.output == [last.map { "\($0.exitStatus)" } ?? ""], "\(page.path)")
        continue
      }
      try #require(example.words.first == "pgpreflight", "\(example.words)")
      let output = try await run(
        arguments: Array(example.words.dropFirst()),
        environment: ["LC_ALL": nil, "LC_CTYPE": nil, "LANG": "C.UTF-8", "NO_COLOR": nil],
        workingDirectory: Page.repository.path)
      let printed = output.stdout + output.stderr
      #expect(shows(example.output, of: printed), "\(page.path): \(example.words) prints\n\(printed)")
      last = output
    }
  }

  @Test func `examples are found where they are`() {
    #expect(Page.all.reduce(0) { $0 + $1.examples.count } >= 5)
  }

  @Test(arguments: Page.all) func `configuration files are taken`(page: Page) async throws {
    for block in page.blocks where block.language == "yaml" && block.text.contains("waivers:") {
      let folder = try TemporaryFolder()
      try block.text.write(toFile: folder.path + "/pgpreflight.yaml", atomically: true, encoding: .utf8)
      let output = try await run(arguments: ["check"] + CommandLineTests.clusters, workingDirectory: folder.path)
      // The servers are not there, which is a finding; a mistake in the file would be status 64.
      #expect(output.status == .exited(1), "\(page.path): \(output.stderr)")
    }
  }
}
