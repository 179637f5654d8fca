import Catalog

extension Rule {
  static let targetTablesEmpty = Rule(
    "target-tables-empty", "The target database holds nothing that stands in the way",
    group: .databases,
    documentation: "https://www.postgresql.org/docs/current/app-pgrestore.html",
    explanation: Explanation(
      why: """
        The schema is created on the target by the restore of a dump, whichever method moves the rows: it fails at \
        the first object whose name is taken. Rows that stand there already would mix with those that come.
        """,
      decides: """
        The target has no such database yet, or nothing in it but what extensions brought; or else a blocker where a \
        table, view, sequence, type, function or schema of the source has the name of one that is there, or both have \
        large objects, which have no names, and a warning where other objects of users are there. An empty schema that \
        the source does not have is no matter, nor is one that both have and in which an extension lies on the target: \
        it stays as it is.
        """,
      fix: "Drop what is left over, or drop the target's database and create it anew."),
    decide: .database { pair in
      guard try pair.database(on: .target) != nil else { return .passed("The target has no such database yet.") }
      if pair.options.resumedDatabases.containsName(pair.name) {
        return .passed("What is there was made by the interrupted run that is gone on with.")
      }
      if !pair.hasTablesOnly {
        let source = try pair.snapshot(on: .source).largeObjects.value.count
        let target = source > 0 ? try pair.snapshot(on: .target).largeObjects.value.count : 0
        if target > 0 {
          return .failed(
            "Both databases have large objects.",
            [
              Finding(
                "large objects", "the target has \(target) already: those of the source could not be told from them",
                evidence: ["source": "\(source)", "target": "\(target)"],
                remediation: Remediation(
                  "Make sure that nobody needs them, and remove them.",
                  paste: "SELECT lo_unlink(oid) FROM pg_largeobject_metadata;", at: .target))
            ])
        }
      }
      let objects = try pair.snapshot(on: .target).objects.value
      let others = objects.filter { $0.kind != .schema }
      let total = (objects.first?.nTotal ?? 0) -| (objects.count - others.count)
      guard !objects.isEmpty else { return .passed("The target database is empty.") }
      // They are there with their extensions, and are not created.
      let ofExtensions = Set(try pair.targetExtensions().values.map(\.schema.nameBytes))
      let taken = try pair.snapshot(on: .source).takenNames.value.filter {
        pair.moves($0.kind, $0.nspname, $0.name) && !($0.kind == .schema && ofExtensions.contains($0.name.nameBytes))
      }
      .sorted(by: <)
      guard taken.isEmpty else {
        let tables = taken.count { $0.kind == .table }
        return .failed(
          tables > 0
            ? "\(tables.counted("table")) of the source \(tables == 1 ? "is" : "are") on the target already."
            : "\(taken.count.counted("object")) of the source \(taken.count == 1 ? "is" : "are") on the target already.",
          taken.prefix(100).map { name in
            Finding(
              name.shown, "the target database has it already", evidence: ["schema": name.nspname, "name": name.name],
              remediation: name.dropping(isEmpty: !others.contains { $0.nspname == name.nspname }))
          })
      }
      if total > others.count {
        throw Undetermined(
          "the target database holds more than \(UserObject.limit) objects, of which not all were compared",
          remedy: "Empty the target database, or drop it and create it anew.")
      }
      guard !others.isEmpty else { return .passed("The target database has only schemas that are empty.") }
      let names = others.map(\.shown)
      return .failed(
        "The target database is not empty: \(total.counted("object")) of users, none with a name of the source's.",
        [
          Finding(
            "database \(quotedIdentifier(pair.name))",
            "it holds \(names.listed())",
            evidence: ["objects": names.prefix(100).joined(separator: ", ")],
            remediation: Remediation(
              "Make sure that it is the right database. If nothing in it is needed, drop it and create it anew."))
        ], severity: .warning)
    })
}

extension DatabasePair {
  /// Whether the move would create it: pg_dump leaves out other objects where tables are named.
  fileprivate func moves(_ kind: UserObject.Kind, _ schema: String, _ name: String) -> Bool {
    switch (kind, options.tables) {
    case (_, .all): true
    case (.function, .only), (.schema, .only), (.type, .only), (.sequence, .only): false
    case (.function, .without), (.schema, .without), (.type, .without): true
    default: options.tables.selects(schema: schema, table: name, in: self.name)
    }
  }
}

extension UserObject {
  fileprivate var shown: String { shownObject(kind, nspname, name) }
}

extension TakenName {
  fileprivate var shown: String { shownObject(kind, nspname, name) }

  fileprivate static func < (left: Self, right: Self) -> Bool {
    let (first, second) = (left.kind.rank, right.kind.rank)
    if first != second { return first < second }
    return left.shown.utf8.lexicographicallyPrecedes(right.shown.utf8)
  }

  /// What lies in other tables may be needed: only an empty schema is dropped by what can be pasted.
  fileprivate func dropping(isEmpty: Bool) -> Remediation {
    guard kind == .schema else {
      return Remediation(
        "If nothing in the target database is needed, drop it and create it anew; else drop what has these names.")
    }
    guard isEmpty else {
      return Remediation("Drop the schema when nothing in it is needed: the move creates it.")
    }
    return Remediation(
      "Drop the schema, together with an extension that is in it: the move creates both.",
      paste: "DROP SCHEMA IF EXISTS \(quotedIdentifier(name));", at: .target)
  }
}

extension UserObject.Kind {
  fileprivate var rank: Int {
    switch self {
    case .table: 0
    case .foreignTable: 1
    case .view: 2
    case .materializedView: 3
    case .sequence: 4
    case .type: 5
    case .function: 6
    case .schema: 7
    }
  }
}

private func shownObject(_ kind: UserObject.Kind, _ schema: String, _ name: String) -> String {
  switch kind {
  case .schema: "schema \(quotedIdentifier(name))"
  case .function:
    "function \(quotedIdentifier(schema)).\(name)"
  default: "\(kind.rawValue) \(qualifiedIdentifier(schema, name))"
  }
}
