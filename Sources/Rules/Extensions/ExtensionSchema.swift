import Catalog

extension Rule {
  static let extensionSchema = Rule(
    "extension-schema", "Extensions that are on the target already lie in the schema that they have on the source",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/sql-alterextension.html",
    explanation: Explanation(
      why: """
        A dump names functions and types with their schema, and its CREATE EXTENSION IF NOT EXISTS leaves one alone \
        that is there. What uses the extension then does not find it.
        """,
      decides: """
        For each extension that both databases have: the schemas are of the same name. Otherwise it blocks where objects \
        of the source depend on the extension, and is a warning where none does.
        """,
      fix: """
        On the target, ALTER EXTENSION … SET SCHEMA where the extension can be moved; else drop it there, for the dump \
        creates it in the right schema.
        """),
    decide: .database { pair in
      let installed = try pair.targetExtensions()
      var blockers: [Finding] = []
      var warnings: [Finding] = []
      var compared = 0
      for item in try pair.extensionsToMove() {
        guard let there = installed[item.extname] else { continue }
        compared += 1
        guard !there.schema.isSameName(as: item.schema) else { continue }
        let dependents = try pair.dependents(on: item.extname).objects
        let finding = Finding(
          "extension \(quotedIdentifier(item.extname))",
          "it lies in \(quotedIdentifier(there.schema)) on the target, in \(quotedIdentifier(item.schema)) on the source; "
            + "\(dependents.counted("object")) \(dependents == 1 ? "depends" : "depend") on it",
          evidence: [
            "source": item.schema, "target": there.schema, "dependent objects": "\(dependents)",
            "can be moved": there.isRelocatable ? "yes" : "no",
          ],
          remediation: there.remedy(toLieIn: item.schema))
        if dependents > 0 { blockers.append(finding) } else { warnings.append(finding) }
      }
      let count = blockers.count + warnings.count
      guard count > 0 else {
        return .passed(
          compared == 0 ? "No extension is on both sides." : "\(compared.counted("extension")): in the same schemas.")
      }
      return .failed(
        "\(count.counted("extension")) \(count == 1 ? "lies" : "lie") in another schema on the target.",
        blockers + warnings, severity: blockers.isEmpty ? .warning : .blocker)
    })
}

extension InstalledExtension {
  fileprivate func remedy(toLieIn schema: String) -> Remediation {
    let name = quotedIdentifier(extname)
    // A schema that is made for it would be in the way of the dump, which makes it too.
    guard isRelocatable, schema == "public" else {
      return Remediation(
        "Drop it on the target if nothing uses it there: the dump creates it where it belongs, if the role may.",
        paste: "DROP EXTENSION \(name);", at: .target)
    }
    return Remediation("Move it.", paste: "ALTER EXTENSION \(name) SET SCHEMA public;", at: .target)
  }
}
