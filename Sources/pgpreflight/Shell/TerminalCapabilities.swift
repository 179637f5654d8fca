import ArgumentParser
import Foundation
import Reports

/// When to use colours.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable, Decodable {
  case auto, always, never
}

/// What the terminal at the other end of a stream can show.
struct TerminalCapabilities {
  var isTerminal: Bool
  /// Whether a line can be written over.
  var redraws: Bool
  var color: Bool
  var unicode: Bool
  /// Columns.
  var width: Int

  /// - Parameter descriptor: of the stream, 1 or 2.
  init(of descriptor: Int32, color choice: ColorChoice, environment: [String: String]) {
    isTerminal = isatty(descriptor) == 1
    let isDumb = environment["TERM"] == nil || environment["TERM"] == "dumb"
    redraws = isTerminal && !isDumb
    color =
      switch choice {
      case .always: true
      case .never: false
      // https://no-color.org: any value that is not empty.
      case .auto: isTerminal && !isDumb && (environment["NO_COLOR"] ?? "").isEmpty
      }
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    unicode = locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8")
    var size = winsize()
    width = 80
    if isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      width = min(Int(size.ws_col), 120)
    }
  }

  func style(verbose: Bool) -> TerminalStyle {
    TerminalStyle(color: color, unicode: unicode, width: width, verbose: verbose)
  }
}
