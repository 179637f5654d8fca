import Catalog
import Postgres

extension ClusterInspector {
  /// Asks the target's databases whether they have what a dump with a table filter of the source's ones needs.
  func findNeeded(in source: inout ClusterSnapshot) async throws {
    guard let string else { return }
    for index in source.inspected.indices {
      let name = source.inspected[index].name
      guard case .known(var needs) = source.inspected[index].filterDependencies, !needs.isEmpty,
        (snapshot.databases.ifKnown ?? []).contains(where: { $0.datname.isSameName(as: name) }),
        let session = try await furtherSession(string, database: name)
      else { continue }
      let questions = needs.map { need in
        InspectionStatements.address(
          type: need.neededType, names: arrayLiteral(need.neededNames), arguments: arrayLiteral(need.neededArguments))
      }
      let answers = try await session.results(of: questions)
      for (place, answer) in zip(needs.indices, answers) {
        switch answer {
        case .success: needs[place].isOnTarget = true
        // What does not exist, or has no schema.
        case .failure(let error) where error.sqlstate?.hasPrefix("42") == true || error.sqlstate == "3F000":
          needs[place].isOnTarget = error.sqlstate == "42501" ? nil : false
        case .failure: break
        }
      }
      source.inspected[index].filterDependencies = .known(needs)
      await session.close()
    }
  }
}
