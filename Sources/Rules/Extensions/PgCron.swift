import Catalog

extension Rule {
  static let pgCron = Rule(
    "pg-cron", "Jobs of pg_cron run on one side only",
    group: .extensions,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        pg_cron can be created only in the database that cron.database_name of the server names. Its jobs begin to run \
        on the target as soon as they are there, also while the source still runs them; a schema that is loaded for \
        replication comes without them.
        """,
      decides: """
        Where the source database has pg_cron and the target database lacks it, cron.database_name of the target, which \
        is read if pg_cron is loaded there, has to name the database: otherwise it blocks. Jobs that are active are a \
        warning. The table of jobs is read by COPY, which runs no code, where it belongs to a superuser; a role from \
        which row security hides jobs is shown none.
        """,
      fix: """
        Set cron.database_name on the target and restart it. Load the jobs switched off, and switch them on at cutover.
        """),
    decide: .database { pair in
      guard try pair.extensionsToMove().contains(where: { $0.extname == "pg_cron" }) else {
        return .passed("The database has no pg_cron.")
      }
      if let misplaced = try pair.misplacedCron() {
        return .failed("pg_cron can't be created in this database of the target.", [misplaced], severity: .blocker)
      }
      let jobs = try pair.snapshot(on: .source).cronJobs.value
      guard jobs.active > 0 else {
        if jobs.areHidden {
          throw Undetermined(
            "row security shows the source role only its own jobs of pg_cron",
            remedy: "Connect as a superuser or a role with BYPASSRLS.")
        }
        return .passed(jobs.jobs == 0 ? "There are no jobs." : "\(jobs.jobs.counted("job")), none of them active.")
      }
      return .failed(
        "\(jobs.active.counted("job")) of pg_cron \(jobs.active == 1 ? "is" : "are") active.",
        [
          Finding(
            "extension pg_cron",
            "a restore makes the jobs run on the target at once, and replication leaves them behind",
            evidence: [
              "jobs": "\(jobs.jobs)", "active": "\(jobs.active)", "role sees": jobs.areHidden ? "its own" : "all",
            ],
            remediation: Remediation(
              "After a restore switch them off until the cutover; after replication schedule them anew.",
              paste: "SELECT cron.alter_job(jobid, active := false) FROM cron.job;", at: .target))
        ], severity: .warning)
    })
}

extension DatabasePair {
  /// A finding where the target's pg_cron belongs to another database.
  fileprivate func misplacedCron() throws(Undetermined) -> Finding? {
    guard try targetExtensions()["pg_cron"] == nil else { return nil }
    let target = clusters.target
    let name = "cron.database_name"
    guard try target.settingIfShown("shared_preload_libraries")?.contains("pg_cron") != false else {
      // Not loaded: there is no such setting yet.
      return nil
    }
    let database = try target.setting(name)
    guard !database.isSameName(as: self.name) else { return nil }
    return Finding(
      "setting \(name)", "it is \(quotedIdentifier(database)): pg_cron can be created there only",
      evidence: [name: database],
      remediation: target.changingWithRestart(name, toList: [self.name], on: .target))
  }
}
