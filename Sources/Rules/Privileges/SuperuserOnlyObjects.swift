import Catalog

extension Rule {
  static let superuserOnlyObjects = Rule(
    "superuser-only-objects", "Nothing in the schema takes a superuser to restore",
    group: .privileges,
    documentation: "https://www.postgresql.org/docs/current/sql-createfunction.html",
    explanation: Explanation(
      why: "Some objects are only created by a superuser; as another role, the restore ends or goes on without them.",
      decides: """
        The target role is a superuser; or the source database has none of these, members of extensions aside. \
        Blocker: functions in C or an untrusted language, LEAKPROOF functions, base types, casts without a function, \
        operator classes, text search templates and parsers, foreign-data wrappers, access methods, and privileges \
        that another than the owner has granted. Warning, as they can be left out: \
        event triggers, and publications of all tables or of whole schemas.
        """,
      fix: "Connect to the target as a superuser, or do without them, by an extension that the target offers say."),
    decide: .database { pair in
      let me = try pair.clusters.target.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      let objects = try pair.snapshot(on: .source).superuserObjects.value
      guard !objects.isEmpty else { return .passed("The database has nothing that takes a superuser.") }
      let findings = SuperuserObject.Kind.allCases.compactMap { kind -> Finding? in
        let those = objects.filter { $0.kind == kind }
        guard let first = those.first else { return nil }
        let count = first.nTotal.counted(kind.singular, kind.plural)
        if kind == .grant { return grantFinding(those, first.nTotal, me) }
        let drops = kind.isOptional ? those.map { "DROP \(kind.command) \($0.object);" }.joined(separator: "\n") : nil
        return Finding(
          "\(kind.singular) \(those.map(\.object).listed())", "\(me.rolname) may not create \(count)",
          evidence: ["objects": those.map(\.object).joined(separator: ", "), "rolsuper": "false"],
          remediation: Remediation(
            kind.isOptional
              ? "Leave them out, or have a superuser create them after the move."
              : "Connect to the target as a superuser, or replace them by something that takes none.",
            paste: drops, at: drops.map { _ in .source }))
      }
      let blocking = objects.contains { !$0.kind.isOptional }
      return .failed(
        "\(me.rolname) is no superuser, and \(blocking ? "the schema needs one" : "some objects take one").", findings,
        severity: blocking ? .blocker : .warning)
    })
}

private func grantFinding(_ objects: [SuperuserObject], _ count: Int, _ me: CurrentRole) -> Finding {
  Finding(
    "privileges on \(objects.map(\.object).listed())",
    "on \(count.counted("object")) another than the owner has granted privileges, as which \(me.rolname) may not act",
    evidence: ["objects": objects.map(\.object).joined(separator: ", "), "rolsuper": "false"],
    remediation: Remediation(
      "Have the owner grant them, and revoke what was granted by others: REVOKE … CASCADE of their grant option."))
}

extension SuperuserObject.Kind {
  /// Nothing else depends on it.
  fileprivate var isOptional: Bool { self == .eventTrigger || self == .publication }

  fileprivate var command: String { self == .eventTrigger ? "EVENT TRIGGER" : "PUBLICATION" }

  fileprivate var singular: String {
    switch self {
    case .function: "function"
    case .leakproof: "LEAKPROOF function"
    case .type: "base type"
    case .cast: "cast"
    case .operatorClass: "operator class"
    case .template: "text search template"
    case .parser: "text search parser"
    case .eventTrigger: "event trigger"
    case .publication: "publication of all tables or of schemas"
    case .wrapper: "foreign-data wrapper"
    case .accessMethod: "access method"
    case .grant: "privilege"
    }
  }

  fileprivate var plural: String {
    switch self {
    case .operatorClass: "operator classes"
    case .publication: "publications of all tables or of schemas"
    default: singular + "s"
    }
  }
}
