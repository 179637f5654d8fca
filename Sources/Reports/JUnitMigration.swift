import Assessment
import Catalog
import Markup
import Rules

/// What became of one database: a case of the suite of the migration.
struct JUnitMigratedDatabase: JUnitCase {
  let database: MigratedDatabase

  var kind: JUnitKind {
    switch database.status {
    case .done, .inStep: .passed
    case .failed: .failure
    case .cancelled: .error
    case .skipped, .waiting: .skipped
    }
  }

  var milliseconds: Int { wholeMilliseconds(database.durationSeconds) }

  func write(subject: String?, to writer: XMLWriter) throws {
    try writer.element(
      "testcase",
      [
        "classname": "pgpreflight.database.\(encodedName(database.name)).migration", "name": "migrated",
        "time": inSeconds(milliseconds),
      ]
    ) {
      switch kind {
      case .failure:
        // Of the types that readers know from a check, those that say the most: it did not cross; it is not known yet.
        try writer.element("failure", ["type": Severity.blocker.rawValue, "message": message]) {
          try writer.text(body)
        }
      case .error:
        try writer.element("error", ["type": "undetermined", "message": message]) { try writer.text(body) }
      case .skipped:
        try writer.element("skipped", ["message": message]) { try writer.text(message) }
      case .passed:
        try writer.element("system-out") { try writer.text(body) }
      }
    }
  }

  private var message: String {
    let reason = database.message.isEmpty ? "" : ": \(database.message)"
    return harmless("database \(database.name) \(database.status.word)\(reason)")
  }

  private var body: String {
    var lines = [message, ""]
    if database.hasNumbers { lines.append([database].arrived.joined(separator: ", ")) }
    if let verified = database.verificationInWords { lines.append(verified) }
    let mismatches = database.verification?.allMismatches ?? []
    for mismatch in mismatches.prefix(Self.maximumFindings) {
      lines.append("  \(visibleOnOneLine(mismatch.object)): \(mismatch.message)")
    }
    let more = mismatches.count - Self.maximumFindings
    if more > 0 { lines.append("  and \(formattedCount(more)) more") }
    if !database.phases.isEmpty { lines += ["", "Phases:"] }
    for phase in database.phases {
      lines.append("  \(visibleOnOneLine(phase.name)): \(formattedDuration(phase.durationSeconds))")
    }
    return withoutAttachments(lines.joined(separator: "\n"))
  }
}
