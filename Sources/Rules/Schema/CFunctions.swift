import Catalog

extension Rule {
  static let cFunctions = Rule(
    "c-functions", "The libraries of functions in C are on the target",
    group: .schema,
    documentation: "https://www.postgresql.org/docs/current/xfunc-c.html",
    explanation: Explanation(
      why: "CREATE FUNCTION loads the library of a function in C, and fails where the server has no such file.",
      decides: """
        The source database has no functions in C, members of extensions aside; or the target has a file of the name \
        that they give. Whether it is built for the target's version, and has what they call, shows when it is \
        loaded. Asked where the target role is a superuser, as else superuser-only-objects refuses such functions.
        """,
      fix: "Install the library on the target, built for its version; better, make an extension of it."),
    decide: .database { pair in
      let me = try pair.clusters.target.me.value
      guard me.rolsuper else { return .skipped("\(me.rolname) is no superuser: see superuser-only-objects.") }
      if pair.hasTablesOnly { return .tablesOnly }
      let linked = try pair.snapshot(on: .source).linkedFunctions.value.filter { !$0.isInternal }
      guard !linked.isEmpty else { return .passed("There are no functions in C but those of extensions.") }
      let there = Set(try pair.clusters.target.libraryFiles.value.filter(\.isThere).map(\.name))
      let missing = linked.filter { !there.contains($0.name) }
      guard !missing.isEmpty else {
        return .passed(
          "The target has the \(linked.count == 1 ? "library" : "libraries") that functions in C name.",
          notices: linked.prefix(100).map { library in
            Finding(
              "library \(library.name)",
              "\(library.functions.counted("function needs", "functions need")) it, built for the target's version",
              evidence: ["functions": library.examples.joined(separator: ", ")], remediation: nil)
          })
      }
      return .failed(
        "The target lacks \(missing.count.counted("library", "libraries")) of functions in C.",
        missing.prefix(100).map { library in
          Finding(
            "library \(library.name)",
            "\(library.functions.counted("function needs", "functions need")) it: \(library.examples.listed())",
            evidence: ["functions": library.examples.joined(separator: ", ")],
            remediation: Remediation(
              "Install it in the target's dynamic_library_path, built for the target's version, or drop the functions."
            ))
        })
    })
}
