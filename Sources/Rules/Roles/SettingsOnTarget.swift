import Catalog

/// What the target makes of `SET name` in a role, a database or a function.
enum SettingOnTarget: Equatable {
  case takes
  /// It has no setting of that name.
  case lacks
  /// It has one that no session may change.
  case fixed
  /// The connected role may not give it.
  case refuses
  /// Likewise, unless the library that defines it has been loaded before.
  case mayRefuse
}

extension ClusterSnapshot {
  /// - Parameter libraries: names of the extensions and languages that may define settings of their own.
  func answer(to setting: String, libraries: Set<String>) throws(Undetermined) -> SettingOnTarget {
    let name = setting.lowercased()
    let me = try me.value
    if let own = try settingNames.value.first(where: { $0.name.lowercased() == name }) {
      guard own.isOfSessions else { return .fixed }
      if own.mayBeSet { return .takes }
      // A service lets its administrators set some of these by other means than a privilege.
      return providerForWording == .selfManaged ? .refuses : .mayRefuse
    }
    // Not listed in pg_settings, or only for who may read all settings.
    if unlisted.contains(name) { return .takes }
    if hidden.contains(name) { return me.rolsuper ? .lacks : .refuses }
    guard let dot = name.firstIndex(of: ".") else { return .lacks }
    // Anybody may make up a customized option in a session, but only a superuser in what is kept.
    if me.rolsuper { return .takes }
    // PL/pgSQL is loaded by the first function in it, and what belongs to an extension by CREATE EXTENSION.
    if name.hasPrefix("plpgsql."), providerForWording == .selfManaged { return .refuses }
    if providerForWording != .selfManaged || libraries.contains(String(name[..<dot])) { return .mayRefuse }
    return .refuses
  }

  /// From 15 on, setting a parameter is a privilege.
  func granting(_ setting: String) throws(Undetermined) -> Remediation? {
    let me = try me.value
    guard try version.major >= 15, providerForWording == .selfManaged else { return nil }
    return Remediation(
      "Let the target's role set it.",
      paste: "GRANT SET ON PARAMETER \(quotedParameter(setting)) TO \(quotedIdentifier(me.rolname));", at: .target)
  }
}

/// A customized option's name has a dot between two identifiers.
func quotedParameter(_ name: String) -> String {
  name.split(separator: ".", omittingEmptySubsequences: false).map { quotedIdentifier(String($0)) }
    .joined(separator: ".")
}

private let unlisted: Set = [
  "role", "session_authorization", "seed", "is_superuser", "default_with_oids", "ssl_renegotiation_limit",
]
private let hidden: Set = ["session_preload_libraries", "dynamic_library_path", "extension_control_path"]
