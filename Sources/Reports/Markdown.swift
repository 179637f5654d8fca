import Markup

/// Text from a report in GitHub's Markdown, and in that of others that follow it.
enum Markdown {
  /// Plain text, in which nothing is a mark, a mention or a reference.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in visibleOnOneLine(text) {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "@": result += "&#64;"
      case "#": result += "&#35;"
      case "|": result += "&#124;"
      case "`", "*", "_", "[", "]", "\\", "~", "!": result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result
  }

  /// A whole page: whatever it was made of, nothing in it acts that is no Markdown, and no line is a command to the server
  /// of a step's log.
  static func shown(_ page: String) -> String { withoutCommands(visible(page)) }

  /// As a link, or as plain text where it would lead to anything but a page.
  static func link(_ text: String, to address: String) -> String {
    Link(address).map { "[\(escaped(text))](\($0.address))" } ?? escaped(text)
  }

  /// In which only the end of it has to be marked: by more backticks than there are in it.
  static func code(_ text: String) -> String {
    let text = visibleOnOneLine(text)
    let mark = String(repeating: "`", count: longestRun(of: "`", in: text) + 1)
    let isTouching = text.hasPrefix("`") || text.hasSuffix("`")
    return isTouching ? "\(mark) \(text) \(mark)" : "\(mark)\(text)\(mark)"
  }

  static func fence(_ text: String, _ language: String) -> [String] {
    let mark = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
    return ["\(mark)\(language)"]
      + visible(text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      + [mark]
  }

  private static func longestRun(of character: Character, in text: String) -> Int {
    var (longest, current) = (0, 0)
    for other in text {
      current = other == character ? current + 1 : 0
      longest = max(longest, current)
    }
    return longest
  }
}
