import Catalog
import Postgres

extension CatalogSession {
  /// Which of the locales the server's operating system knows, and whether the server was built with libxml.
  ///
  /// `pg_collation` lists the locales that were there when the cluster was made. A setting that must be a locale tells
  /// what is there now: the server asks the system as it does for `CREATE DATABASE`, and the transaction is undone.
  /// There is no setting for libxml; reading a value of type xml tells.
  func probe(_ snapshot: inout ClusterSnapshot, locales names: [String]) async throws {
    let answers = try await results(of: [InspectionStatements.xml] + names.map(InspectionStatements.locale))
    snapshot.locales = support(for: names, answers.dropFirst())
    switch answers.first {
    case .success: snapshot.xmlSupport = .known(XMLSupport(isBuiltIn: true))
    case .failure(let error) where error.sqlstate == "0A000":
      snapshot.xmlSupport = .known(XMLSupport(isBuiltIn: false))
    case .failure(let error): snapshot.xmlSupport = .unknown(unknown(error, reading: "whether the server takes xml"))
    case nil: break
    }
  }

  func support(forLocales names: [String]) async throws -> Fact<[LocaleSupport]> {
    support(for: names, try await results(of: names.map(InspectionStatements.locale))[...])
  }

  private func support(
    for names: [String], _ answers: ArraySlice<Result<Rows, PostgresError>>
  ) -> Fact<[LocaleSupport]> {
    var known: [LocaleSupport] = []
    for (name, answer) in zip(names, answers) {
      switch answer {
      case .success: known.append(LocaleSupport(name: name, isKnown: true))
      case .failure(let error) where error.sqlstate == "22023":
        known.append(LocaleSupport(name: name, isKnown: false))
      case .failure(let error):
        return .unknown(unknown(error, reading: "whether the server knows the locale \(name)"))
      }
    }
    return .known(known)
  }
}

extension ClusterSnapshot {
  /// The libc locales of the named databases; every server has `C` and `POSIX`.
  func libcLocales(of names: [String]) -> [String] {
    let selected = (databases.ifKnown ?? []).filter { names.containsName($0.datname) }
    return Set(selected.flatMap { [$0.datcollate, $0.datctype] }).subtracting(["C", "POSIX", ""]).sorted()
  }
}
