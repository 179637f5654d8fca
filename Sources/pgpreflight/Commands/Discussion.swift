/// What `--help` tells under a command's abstract: prose, and the sections that help pages have by custom and
/// ArgumentParser has no place for. scripts/manual makes sections of the man pages of them, by their headings.
func discussion(
  _ prose: String, exitStatus: [(status: String, means: String)], examples: [(does: String, command: String)] = [],
  sections: [(title: String, lines: [(term: String, means: String)])] = []
) -> String {
  let statuses = exitStatus.map { (term: $0.status, means: $0.means) }
  let defined = ([("EXIT STATUS", statuses)] + sections).map { title, lines in
    let width = lines.map(\.term.count).max() ?? 0
    return (["\(title):"] + lines.map { "  \($0.term.padding(to: width))  \($0.means)" }).joined(separator: "\n")
  }
  let shown = examples.flatMap { ["  # \($0.does)", "  \($0.command)"] }
  return ([prose] + defined + (shown.isEmpty ? [] : [(["EXAMPLES:"] + shown).joined(separator: "\n")]))
    .joined(separator: "\n\n")
}

/// Statuses that mean the same of every command.
enum CommonStatus {
  static let usage = (status: "64", means: "wrong usage or configuration; nothing was connected to")
  static let software = (status: "70", means: "an error of this program")
  static let unwritable = (status: "73", means: "a report or file could not be written")
  static let interrupted = (status: "130, 143", means: "interrupted")
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
