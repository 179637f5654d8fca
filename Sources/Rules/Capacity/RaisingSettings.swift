import Catalog

extension ClusterSnapshot {
  /// How a setting that takes a restart is raised there.
  func raising(_ name: String, to value: Int, on side: Side) -> Remediation {
    var remediation = changingWithRestart(name, toList: ["\(value)"], on: side)
    if providerForWording == .selfManaged {
      remediation.text = "Raise it to at least \(value), and restart the server."
      remediation.sql = "ALTER SYSTEM SET \(name) = \(value);"
    }
    return remediation
  }

  /// How a setting that takes a restart is changed there; in a list each entry is a constant of its own.
  func changingWithRestart(_ name: String, toList entries: [String], on side: Side) -> Remediation {
    let value = "\(name) = \(entries.joined(separator: ","))"
    let text: String
    switch providerForWording {
    case .aurora: text = "Set it in the DB cluster parameter group and reboot the writer."
    case .rds: text = "Set it in the DB parameter group and reboot the instance."
    case .cloudsql, .alloydb: text = "Set the database flag; the instance restarts."
    case .azure: text = "Set the server parameter and restart the server."
    case .selfManaged:
      return Remediation(
        "Set it and restart the server.",
        paste: "ALTER SYSTEM SET \(name) = \(entries.map(quotedLiteral).joined(separator: ", "));",
        at: side == .source ? .source : .target)
    case .aiven: text = "Set it in the service's advanced configuration (pg.\(name)), or ask Aiven's support."
    case .supabase:
      text = "Set it with the Supabase CLI (supabase postgres-config update), which restarts the database."
    case .crunchy: text = "Set it in the cluster's settings at Crunchy Bridge (cb config-param set), and restart."
    case .heroku: return Remediation("Heroku sets it, and does not let its customers change it.")
    case .neon, .digitalocean, .timescale:
      text = "Set it in the settings of the service at \(providerForWording.displayName)."
    }
    return Remediation(text, paste: value, at: .setting)
  }

  /// How a setting is changed that takes a reload only.
  func reloading(_ name: String, to value: String, on side: Side) -> Remediation {
    reloading(name, toList: [value], on: side)
  }

  /// Likewise, for a setting that is a list: each entry is a constant of its own.
  func reloading(_ name: String, toList entries: [String], on side: Side) -> Remediation {
    guard providerForWording == .selfManaged else {
      return Remediation(
        "Set it in the settings of the service at \(providerForWording.displayName).",
        paste: "\(name) = \(entries.joined(separator: ", "))", at: .setting)
    }
    return Remediation(
      "Set it and reload the configuration.",
      paste: """
        ALTER SYSTEM SET \(name) = \(entries.map(quotedLiteral).joined(separator: ", "));
        SELECT pg_reload_conf();
        """,
      at: side == .source ? .source : .target)
  }
}
