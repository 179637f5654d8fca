import Catalog

/// Whether the connected role may run `CREATE EXTENSION`, and by what.
enum ExtensionPermission: Sendable, Equatable {
  case granted(String)
  case refused(String, Remediation)
}

extension ClusterSnapshot {
  /// Whether the connected role may create the extension in the database, in which it may or may not CREATE.
  ///
  /// Source: PostgreSQL documentation, "CREATE EXTENSION"; `pg_available_extension_versions`; release notes 13
  /// (trusted extensions); the allow lists as pgextwlist and the providers document them.
  func permission(
    toCreate extension: AvailableExtension, in database: String, mayCreateInDatabase: Bool
  ) throws(Undetermined) -> ExtensionPermission {
    let me = try me.value
    let name = `extension`.name
    if me.rolsuper { return .granted("\(me.rolname) is a superuser") }
    if let refusal = try refusalByAllowList(of: name) { return refusal }
    if try allowList("extwlist.extensions")?.contains(name) == true {
      return .granted("extwlist.extensions lists it")
    }
    if try allowList("supautils.privileged_extensions")?.contains(name) == true {
      return .granted("supautils.privileged_extensions lists it")
    }
    let administrators = providerAdministrators
    if let administrator = administrators.first(where: me.inherits.contains) {
      return .granted("\(me.rolname) is a member of \(administrator)")
    }
    guard `extension`.superuser, !`extension`.trusted else {
      let reason = `extension`.trusted ? "it is trusted" : "it needs no superuser"
      guard mayCreateInDatabase else {
        return .refused(
          "\(me.rolname) may not CREATE in the database",
          Remediation(
            "Let the role create objects in the database.",
            paste: "GRANT CREATE ON DATABASE \(quotedIdentifier(database)) TO \(quotedIdentifier(me.rolname));",
            at: .target))
      }
      return .granted(reason)
    }
    return .refused("it takes a superuser, and \(me.rolname) is none", wayToCreate(name))
  }

  /// The provider's list of what may be created at all, which binds its administrators too.
  private func refusalByAllowList(of name: String) throws(Undetermined) -> ExtensionPermission? {
    switch providerForWording {
    case .rds, .aurora:
      let settings = ["rds.allowed_extensions", "rds.extensions"]
      for setting in settings {
        guard let list = try allowList(setting), !list.isEmpty, !list.contains("*"), !list.contains(name) else {
          continue
        }
        return .refused(
          "\(setting) does not list it",
          Remediation(
            "Add it to the parameter group, where the service supports it.",
            paste: "rds.allowed_extensions = \((list + [name]).sorted().joined(separator: ","))", at: .setting))
      }
      return nil
    case .azure:
      let list = try allowList("azure.extensions") ?? []
      guard !list.contains(name.lowercased()), name != "plpgsql" else { return nil }
      return .refused(
        "azure.extensions does not list it",
        Remediation(
          "Add it to the server parameter.",
          paste: "azure.extensions = \((list + [name]).sorted().joined(separator: ",").uppercased())", at: .setting))
    default:
      return nil
    }
  }

  /// Roles whose members may create what the service offers.
  private var providerAdministrators: [String] {
    switch providerForWording {
    case .rds, .aurora: ["rds_superuser"]
    case .azure: ["azure_pg_admin"]
    case .cloudsql: ["cloudsqlsuperuser"]
    case .alloydb: ["alloydbsuperuser"]
    case .neon: ["neon_superuser"]
    default: []
    }
  }

  /// A comma-separated list of extensions, lower case; nil where the server has no such setting.
  private func allowList(_ setting: String) throws(Undetermined) -> Set<String>? {
    guard let text = try settingIfShown(setting) else { return nil }
    return Set(
      text.split(separator: ",").map { item in
        item.lowercased().filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
      })
  }

  private func wayToCreate(_ name: String) -> Remediation {
    let create = "CREATE EXTENSION \(quotedIdentifier(name)) CASCADE;"
    switch providerForWording {
    case .rds, .aurora: return Remediation("Connect as a member of rds_superuser.", paste: create, at: .target)
    case .azure: return Remediation("Connect as a member of azure_pg_admin.", paste: create, at: .target)
    case .cloudsql: return Remediation("Connect as a member of cloudsqlsuperuser.", paste: create, at: .target)
    case .alloydb: return Remediation("Connect as a member of alloydbsuperuser.", paste: create, at: .target)
    case .neon: return Remediation("Connect as a member of neon_superuser.", paste: create, at: .target)
    case .aiven:
      return Remediation(
        "Connect as avnadmin, which may create what extwlist.extensions lists; ask Aiven's support for others.",
        paste: create, at: .target)
    case .supabase:
      return Remediation(
        "Enable it in the dashboard (Database, Extensions) or connect as postgres; others Supabase does not offer.",
        paste: create, at: .target)
    case .heroku:
      return Remediation(
        "Heroku lets its customers create what extwlist.extensions lists, in the schema heroku_ext; choose another service for others."
      )
    case .crunchy: return Remediation("Connect as postgres, a superuser.", paste: create, at: .target)
    case .digitalocean: return Remediation("Connect as doadmin.", paste: create, at: .target)
    case .timescale: return Remediation("Connect as tsdbadmin.", paste: create, at: .target)
    case .selfManaged:
      return Remediation(
        "Have a superuser create it in the target database beforehand, or allow it (trusted extension, extwlist.extensions).",
        paste: create, at: .target)
    }
  }
}
