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
}
