import Catalog

extension Setting {
  /// The value that sessions have where neither a role nor a database has one of its own; nil where it is not shown.
  ///
  /// Our own session sets some (`session`): `RESET` would give back what the server has.
  var global: String? {
    ["database", "user", "database user", "client"].contains(source) ? nil : resetVal
  }
}

extension ClusterSnapshot {
  /// What `ALTER DATABASE` and `ALTER ROLE` say for sessions of a database: of everyone, or of the connected role.
  func stored(_ name: String, in database: String, forMe: Bool) throws(Undetermined) -> StoredSetting? {
    let rows = try storedSettings.value.filter { $0.name.lowercased() == name.lowercased() && $0.value != nil }
    // The order in which the server takes them (documentation, "ALTER ROLE").
    let holders: [StoredSetting.Holder] = forMe ? [.me, .everyone] : [.everyone]
    for holder in holders {
      for isOwn in [true, false] {
        let found = rows.first {
          $0.holder == holder && (isOwn ? $0.datname?.isSameName(as: database) ?? false : $0.datname == nil)
        }
        if let found { return found }
      }
    }
    return nil
  }
}

/// The milliseconds in a setting as people write it, or as the server keeps it: `60000`, `10min`, `1.5 h`.
func milliseconds(_ text: String) -> Int? {
  let number = text.prefix { $0.isNumber || $0 == "." || $0 == "-" }
  guard let value = Double(number) else { return nil }
  let unit = text.dropFirst(number.count).filter { $0 != " " }
  let factors = ["us": 0.001, "": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000]
  guard let factor = factors[unit], value.magnitude < 1e12 else { return nil }
  return Int(saturating: value * factor)
}
