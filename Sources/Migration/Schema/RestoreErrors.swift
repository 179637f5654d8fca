import Catalog
import Postgres

/// What `pg_restore` says when it is not to end at the first error.
///
/// Before each run of errors it names the entry, where it is told to be verbose: `from TOC entry 203; 1259 16401 TABLE orders owner`. The statement
/// follows the error, after `Command was: ` or as an excerpt (`LINE 1: …`); both may hold secrets and are left out.
struct RestoreErrors: Sendable, Equatable {
  var errors: [RehearsalError] = []
  /// Whether it came to the end of the archive.
  var isComplete = false

  /// - Parameter hasRows: whether the tables have rows, of which nothing is shown.
  init(in text: String, of entries: [ArchiveEntry], owners: [String], hasRows: Bool = false) {
    let known = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var current: ArchiveEntry?
    // Whether lines belong to the last error and not to its statement.
    var isOpen = false
    // All that was said of each error.
    var said: [String] = []
    for line in text.split(separator: "\n") {
      if let rest = line.without(prefix: "pg_restore: from TOC entry ") {
        guard let entry = ArchiveEntry(line: rest), let same = known[entry.id], same.catalog == entry.catalog,
          same.oid == entry.oid
        else { continue }
        current = same
        isOpen = false
      } else if let rest = line.without(prefix: "pg_restore: error: ") {
        var words = rest.without(prefix: "could not execute query: ") ?? rest
        words = words.without(prefix: "ERROR:  ") ?? words
        let object = current.map { $0.name(owners: owners) } ?? "settings of the session"
        errors.append(RehearsalError(object: object, message: String(words).bounded()))
        said.append(String(line))
        isOpen = true
        continue
      } else if line.hasPrefix("pg_restore: warning: errors ignored on restore: ") {
        isComplete = true
        isOpen = false
      } else if line.hasPrefix("Command was: ") || line.hasPrefix("LINE ") {
        isOpen = false
      } else if isOpen, let last = errors.indices.last, errors[last].message.utf8.count < 2 * longestServerText {
        for word in ["DETAIL:  ", "HINT:  "] {
          if let rest = line.without(prefix: word) { errors[last].message += "; \(String(rest).bounded())" }
        }
      }
      if !line.hasPrefix("pg_restore: "), let last = said.indices.last { said[last] += "\n\(line)" }
    }
    guard hasRows else { return }
    for index in errors.indices {
      var words = Complaint(of: "pg_restore", in: said[index]).words[...]
      for beginning in ["error: ", "could not execute query: ", "ERROR:  "] {
        words = words.without(prefix: beginning) ?? words
      }
      errors[index].message = String(words)
    }
  }
}

extension ArchiveEntry {
  /// Without its owner, which comes last.
  func name(owners: [String]) -> String {
    let owner = owners.filter { description.hasSuffix(" \($0)") }.max { $0.count < $1.count }
    return owner.map { String(description.dropLast($0.count + 1)) } ?? description
  }
}

extension StringProtocol {
  fileprivate func without(prefix: String) -> SubSequence? {
    hasPrefix(prefix) ? self[index(startIndex, offsetBy: prefix.count)...] : nil
  }
}
