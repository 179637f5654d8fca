import Catalog

extension Rule {
  static let walLevelLogical = Rule(
    "wal-level-logical", "The source writes logical WAL",
    group: .replication, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-WAL-LEVEL",
    explanation: Explanation(
      why:
        "Changes can only be decoded from WAL that was written with wal_level = logical. To change it takes a restart.",
      decides: """
        wal_level of the source is logical. From 19 on, the server raises the level by itself with the first logical \
        slot: replica is enough there. The target needs no particular level. Databases without any table, sequence and large \
        object are not replicated.
        """,
      fix: "Set wal_level to logical, in the provider's way, and restart."),
    decide: .cluster { pair in
      let level = try pair.source.setting("wal_level")
      if level == "logical" { return .passed("wal_level is logical.") }
      if try pair.source.version.major >= 19, level == "replica" {
        return .passed("wal_level is replica; the first logical slot raises it.")
      }
      if try pair.databasesToReplicate() == 0 { return ClusterPair.nothingToReplicate }
      let isPending = try pair.source.settings.value.first { $0.name == "wal_level" }?.pendingRestart ?? false
      return .failed(
        isPending ? "wal_level is \(level); a change waits for a restart." : "wal_level is \(level).",
        [
          Finding(
            "setting wal_level", "it is \(level)",
            evidence: ["wal_level": level, "restart outstanding": isPending ? "yes" : "no"],
            remediation: isPending ? pair.source.restarting : pair.source.settingWALLevelToLogical)
        ])
    })
}

extension ClusterSnapshot {
  /// Which value waits is shown to superusers only (`pg_file_settings`): the right one is set once more.
  fileprivate var restarting: Remediation {
    var remediation = settingWALLevelToLogical
    remediation.text = "A change waits for a restart. Make sure that it is this one, and restart the server."
    return remediation
  }

  fileprivate var settingWALLevelToLogical: Remediation {
    switch providerForWording {
    case .aurora:
      Remediation(
        "Set it in the DB cluster parameter group and reboot the writer.", paste: "rds.logical_replication = 1",
        at: .setting)
    case .rds:
      Remediation(
        "Set it in the DB parameter group and reboot the instance.", paste: "rds.logical_replication = 1", at: .setting)
    case .cloudsql:
      Remediation("Set the flag; the instance restarts.", paste: "cloudsql.logical_decoding = on", at: .setting)
    case .alloydb:
      Remediation("Set the flag; the instance restarts.", paste: "alloydb.logical_decoding = on", at: .setting)
    case .azure:
      Remediation("Set the server parameter and restart the server.", paste: "wal_level = LOGICAL", at: .setting)
    case .neon:
      Remediation("Switch on logical replication in the project's settings. It can't be switched off again.")
    case .heroku:
      Remediation("Heroku offers no logical replication to its customers: use --method dump.")
    case .aiven, .supabase, .crunchy, .digitalocean, .timescale:
      Remediation(
        "Set it in the settings of the service at \(providerForWording.displayName), or ask its support.",
        paste: "wal_level = logical", at: .setting)
    case .selfManaged:
      Remediation(
        "Set it and restart the server.", paste: "ALTER SYSTEM SET wal_level = 'logical';", at: .source)
    }
  }
}
