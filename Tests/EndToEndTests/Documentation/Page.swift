import Foundation
import Testing
import Yams

/// A page of the documentation, and the examples in it.
struct Page: CustomTestStringConvertible {
  static let repository = URL(filePath: #filePath).appending(path: "../../../..").standardizedFileURL

  static let all: [Page] = {
    let guides = try? FileManager.default.contentsOfDirectory(atPath: repository.appending(path: "docs").path)
    let paths =
      ["README.md", "templates/README.md"] + (guides ?? []).filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    return paths.map { path in
      let text = try? String(contentsOf: repository.appending(path: path), encoding: .utf8)
      return Page(path: path, text: text ?? "")
    }
  }()

  /// Between three backquotes.
  struct Block {
    var language: String
    var lines: [String]

    var text: String { lines.map { $0 + "\n" }.joined() }
  }

  /// A command, and what is shown below it.
  struct Example {
    var words: [String]
    var output: [String]
  }

  var path: String
  var text: String

  var testDescription: String { path }

  var blocks: [Block] {
    var blocks: [Block] = []
    var open: (indent: Int, block: Block)?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let content = line.drop { $0 == " " }
      if let (indent, last) = open {
        var block = last
        if content == "```" {
          blocks.append(block)
          open = nil
        } else {
          block.lines.append(String(line.dropFirst(min(indent, line.count - content.count))))
          open = (indent, block)
        }
      } else if content.hasPrefix("```") {
        open = (line.count - content.count, Block(language: String(content.dropFirst(3)), lines: []))
      }
    }
    return blocks
  }

  /// The command lines of this program: in blocks for a shell, in the scalars of YAML, in the steps of a Jenkinsfile, and
  /// in running text.
  var commands: [String] {
    get throws {
      let inBlocks = try blocks.flatMap { block -> [String] in
        switch block.language {
        case "yaml": try Yams.compose_all(yaml: block.text).flatMap(scalars).flatMap(commandLines)
        case "console": commandLines(block.lines.filter { $0.hasPrefix("$ ") }.joined(separator: "\n"))
        case "", "sh", "groovy": commandLines(block.text)
        default: []
        }
      }
      // A command without arguments is spoken of, not shown.
      return inBlocks + codeSpans.filter { $0.hasPrefix("pgpreflight ") && $0.count { $0 == " " } > 1 }
    }
  }

  /// Of blocks of the language `console`: what follows `$`, and the output.
  var examples: [Example] {
    blocks.filter { $0.language == "console" }.flatMap { block in
      block.lines.reduce(into: [Example]()) { examples, line in
        if line.hasPrefix("$ ") {
          examples.append(Example(words: shellWords(String(line.dropFirst(2))), output: []))
        } else if !examples.isEmpty {
          examples[examples.count - 1].output.append(line)
        }
      }
    }
  }

  /// Text between backquotes, outside of blocks.
  var codeSpans: [String] {
    var prose = ""
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isInside.toggle()
      } else if !isInside {
        prose += line + " "
      }
    }
    let parts = prose.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().filter { $0.offset % 2 == 1 }.map {
      $0.element.split(separator: " ").joined(separator: " ")
    }
  }

  private func scalars(_ node: Node) -> [String] {
    switch node {
    case .scalar(let scalar): [scalar.string]
    case .sequence(let sequence): sequence.flatMap(scalars)
    case .mapping(let mapping): mapping.values.flatMap(scalars)
    case .alias: []
    }
  }

  /// Lines that begin with the program, with or without a prompt, a path before it, or a step of Jenkins around it.
  private func commandLines(_ text: String) -> [String] {
    text.replacing("\\\n", with: " ").split(separator: "\n").compactMap { line in
      line.firstMatch(of: /^\s*(?:\$ |- |sh '|sh "|script: )?(?:\.build\/release\/)?(pgpreflight (?:[^#]|#\S)*)/)
        .map { String($0.1) }
    }
  }
}

/// The words of a command line, without what follows the command (`|`, `;`, `&&`, `>`).
func shellWords(_ line: String) -> [String] {
  var words: [String] = []
  var word: String?
  var quote: Character?
  for character in line {
    if let open = quote {
      if character == open { quote = nil } else { word = (word ?? "") + String(character) }
    } else if character == "'" || character == "\"" {
      quote = character
      word = word ?? ""
    } else if "|;&>".contains(character) {
      break
    } else if character == " " {
      if let word { words.append(word) }
      word = nil
    } else {
      word = (word ?? "") + String(character)
    }
  }
  return words + [word].compactMap(\.self)
}

/// Whether the lines are those of the output; `…` stands for any number of them.
func shows(_ lines: [String], of output: String) -> Bool {
  var printed = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
  if printed.last == "" { printed.removeLast() }
  var maySkip = false
  for line in lines {
    if line == "…" {
      maySkip = true
      continue
    }
    guard let place = maySkip ? printed.firstIndex(of: line) : printed.startIndex, place < printed.endIndex,
      printed[place] == line
    else { return false }
    printed = printed[(place + 1)...]
    maySkip = false
  }
  return maySkip || printed.isEmpty
}
