import Catalog

extension ClusterSnapshot {
  /// How a setting that takes a restart is raised there.
  func raising(_ name: String, to value: Int, on side: Side) -> Remediation {
    let place: Remediation.Place = side == .source ? .source : .target
    switch providerForWording {
    case .aurora:
      return Remediation(
        "Set it in the DB cluster parameter group and reboot the writer.", paste: "\(name) = \(value)", at: .setting)
    case .rds:
      return Remediation(
        "Set it in the DB parameter group and reboot the instance.", paste: "\(name) = \(value)", at: .setting)
    case .cloudsql, .alloydb:
      return Remediation("Set the database flag; the instance restarts.", paste: "\(name) = \(value)", at: .setting)
    case .azure:
      return Remediation("Set the server parameter and restart the server.", paste: "\(name) = \(value)", at: .setting)
    case .selfManaged:
      return Remediation(
        "Raise it to at least \(value), and restart the server.", paste: "ALTER SYSTEM SET \(name) = \(value);",
        at: place)
    case .aiven, .neon, .supabase, .crunchy, .heroku, .digitalocean, .timescale:
      return Remediation(
        "Raise it in the settings of the service at \(providerForWording.displayName).", paste: "\(name) = \(value)",
        at: .setting)
    }
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
