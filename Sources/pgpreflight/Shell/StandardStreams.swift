import Foundation
import Markup
import Reports

// What people read: whatever a text was made of (what a server, a file or an argument says), nothing in it acts on the
// terminal, or on the server that keeps the log, but the styles of the program. All of it is written, or nothing when there
// is nobody to read it any more.

func writeToStandardError(_ text: String) {
  try? OutputFile.write(TerminalStyle.shown(text), to: STDERR_FILENO)
}

func writeToStandardOutput(_ text: String) {
  try? OutputFile.write(TerminalStyle.shown(text), to: STDOUT_FILENO)
}

/// Draws a line of a terminal anew, or takes it away.
func redrawOnStandardError(_ line: String) {
  try? OutputFile.write("\r\u{1B}[K" + TerminalStyle.shown(line), to: STDERR_FILENO)
}

/// Writes JSON for programs: the values are as they are, and what would act on a terminal is escaped.
func writeJSONToStandardOutput(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  let text = visibleJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
  try? OutputFile.write(text + "\n", to: STDOUT_FILENO)
}
