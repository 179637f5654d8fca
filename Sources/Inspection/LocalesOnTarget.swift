import Catalog
import Postgres

extension CatalogSession {
  /// Which of the locales the server's operating system knows.
  ///
  /// `pg_collation` lists those that were there when the cluster was made. A setting that must be a locale tells
  /// what is there now: the server asks the system as it does for `CREATE DATABASE`, and the transaction is undone.
  func support(forLocales names: [String]) async throws -> Fact<[LocaleSupport]> {
    let questions = names.map { Statement("SELECT pg_catalog.set_config('lc_monetary', $1, true)", [$0]) }
    var known: [LocaleSupport] = []
    for (name, answer) in zip(names, try await results(of: questions)) {
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
