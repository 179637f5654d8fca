import Catalog
import Postgres

/// A query, and what it reads, in words that complete "could not read …".
struct CatalogQuery: Sendable {
  var subject: String
  var statement: Statement
}

/// Collects the queries of a session and where in a snapshot their answers belong, then reads them together.
final class FactReader<Snapshot> {
  private typealias Answer = Result<Rows, Undetermined>

  private let session: CatalogSession
  private let version: ServerVersion
  private var queries: [CatalogQuery] = []
  private var places: [(inout Snapshot, Answer) -> Void] = []

  init(session: CatalogSession, version: ServerVersion) {
    self.session = session
    self.version = version
  }

  /// All rows.
  func all<Row: CatalogRow>(_ path: WritableKeyPath<Snapshot, Fact<[Row]>>, _ parameters: [String] = []) {
    all(Row.self, parameters) { $0[keyPath: path] = $1 }
  }

  /// All rows where there may be some, and else none.
  func all<Row: CatalogRow>(
    _ path: WritableKeyPath<Snapshot, Fact<[Row]>>, _ parameters: [String] = [], if mayBeThere: Bool,
    into snapshot: inout Snapshot
  ) {
    if mayBeThere { all(path, parameters) } else { snapshot[keyPath: path] = .known([]) }
  }

  /// The first and only row.
  func only<Row: CatalogRow>(_ path: WritableKeyPath<Snapshot, Fact<Row>>, _ parameters: [String] = []) {
    only(Row.self, parameters) { $0[keyPath: path] = $1 }
  }

  /// All rows, for something that is made of them.
  func all<Row: CatalogRow>(
    _: Row.Type, _ parameters: [String] = [], place: @escaping (inout Snapshot, Fact<[Row]>) -> Void
  ) {
    queries.append(CatalogQuery(subject: Row.subject, statement: Statement(Row.sql(version), parameters)))
    places.append { place(&$0, decoded($1)) }
  }

  /// The first and only row, for something that is made of it.
  func only<Row: CatalogRow>(
    _: Row.Type, _ parameters: [String] = [], place: @escaping (inout Snapshot, Fact<Row>) -> Void
  ) {
    all(Row.self, parameters) { snapshot, rows in
      switch rows {
      case .unknown(let reason): place(&snapshot, .unknown(reason))
      case .known(let rows):
        let missing = Undetermined(
          "the server has no answer about \(Row.subject)", remedy: "Report this with the server's version.")
        place(&snapshot, rows.first.map { .known($0) } ?? .unknown(missing))
      }
    }
  }

  func read(into snapshot: inout Snapshot) async throws {
    guard !queries.isEmpty else { return }
    var answers = try await session.run(queries)
    // Each answer goes as soon as it is decoded: there may be hundreds of thousands of rows in it.
    for place in places.reversed() { if let answer = answers.popLast() { place(&snapshot, answer) } }
  }
}

private func decoded<Row: CatalogRow>(_ answer: Result<Rows, Undetermined>) -> Fact<[Row]> {
  switch answer {
  case .failure(let reason): return .unknown(reason)
  case .success(let rows):
    do {
      return .known(try rows.decode(Row.self, where: NumberBounds.ofCatalogs.allow))
    } catch let error as ValueTooLong {
      return .unknown(
        Undetermined("could not read \(Row.subject): \(error)", remedy: "Shorten that value on the server."))
    } catch {
      return .unknown(
        Undetermined(
          "the server's answer about \(Row.subject) has an unexpected form: \(error)",
          remedy: "Report this with the server's version."))
    }
  }
}
