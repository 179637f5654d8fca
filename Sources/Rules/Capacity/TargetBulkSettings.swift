import Catalog

extension Rule {
  static let targetBulkSettings = Rule(
    "target-bulk-settings", "The target is set up for a bulk load, and commits by itself",
    group: .capacity, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/populate.html",
    explanation: Explanation(
      why: """
        Where synchronous_standby_names names standbys and none is connected, every commit waits, for good. Loading is \
        slow where checkpoints are frequent and indexes are built with little memory; with fsync off, a crash of the \
        target costs all its data.
        """,
      decides: """
        synchronous_standby_names of the target is empty, or synchronous_commit does not wait for standbys, or some \
        are connected. Notices tell of maintenance_work_mem below 512 MB, max_wal_size below 4 GB, checkpoint_timeout \
        below 15 minutes, and of autovacuum, fsync or full_page_writes that are off.
        """,
      fix: "Raise the settings for the time of the move; connect the standbys, or name none until it is done."),
    decide: .cluster { pair in
      let target = pair.target
      var notices: [Finding] = []
      for (name, unit, least, wanted) in [
        ("maintenance_work_mem", "kB", 512 * 1024, "512MB"), ("max_wal_size", "MB", 4096, "4GB"),
        ("checkpoint_timeout", "s", 900, "15min"),
      ] {
        let value = try target.integerSetting(name)
        guard value < least else { continue }
        notices.append(
          Finding(
            "setting \(name)", "it is \(value)\(unit): with \(wanted) or more, loading is faster",
            evidence: [name: "\(value)\(unit)"], remediation: target.reloading(name, to: wanted, on: .target)))
      }
      for (name, consequence) in [
        ("autovacuum", "the statistics of what is loaded are not gathered by themselves"),
        ("fsync", "a crash of the server or its machine may cost all data"),
        ("full_page_writes", "a crash of the machine may damage pages beyond repair"),
      ] where try target.setting(name) == "off" {
        notices.append(
          Finding(
            "setting \(name)", "it is off: \(consequence)", evidence: [name: "off"],
            remediation: target.reloading(name, to: "on", on: .target)))
      }
      let names = try target.setting("synchronous_standby_names")
      let commit = try target.setting("synchronous_commit")
      guard !names.isEmpty, commit != "local", commit != "off" else {
        return .passed("Commits of the target wait for no standby.", notices: notices)
      }
      guard try target.activity.value.walsenders == 0 else {
        return .passed("Commits of the target wait for standbys, and some are connected.", notices: notices)
      }
      var remediation = target.reloading("synchronous_standby_names", to: "", on: .target)
      if remediation.where == .target {
        remediation.text = "Connect the standbys, or name none until the move is done, and reload the configuration."
      }
      return .failed(
        "Commits of the target wait for a standby, and none is connected.",
        [
          Finding(
            "setting synchronous_standby_names", "no standby is connected: every commit waits",
            evidence: ["synchronous_standby_names": names, "synchronous_commit": commit], remediation: remediation)
        ] + notices)
    })
}
