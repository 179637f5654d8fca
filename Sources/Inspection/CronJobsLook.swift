import Catalog
import Postgres

extension ClusterInspector {
  /// Counts the jobs of pg_cron. COPY of a table plans nothing, so that no code of its indexes, checks or policies runs.
  func readCronJobs(in session: CatalogSession, into database: inout DatabaseSnapshot) async throws {
    var table: Fact<CronTable>?
    let reader = session.reader(for: DatabaseSnapshot.self)
    reader.only(CronTable.self) { table = $1 }
    try await reader.read(into: &database)
    switch table {
    case nil: break
    case .unknown(let reason): database.cronJobs = .unknown(reason)
    case .known(let table) where table.hidesRows:
      var jobs = CronJobs(jobs: 0, active: 0)
      jobs.areHidden = true
      database.cronJobs = .known(jobs)
    case .known(let table) where table.isGenuine && table.isReadable:
      switch try await session.copy(InspectionStatements.cronJobs) {
      case .success(let lines):
        database.cronJobs = .known(CronJobs(jobs: lines.count, active: lines.count { $0 == "t" }))
      case .failure(let error):
        database.cronJobs = .unknown(session.unknown(error, reading: CronTable.subject))
      }
    case .known(let table):
      database.cronJobs = .unknown(
        table.isGenuine
          ? Undetermined(
            "the role lacks permission to read table cron.job",
            remedy: "Grant it USAGE on schema cron and SELECT on table cron.job.")
          : Undetermined(
            "table cron.job does not belong to extension pg_cron and a superuser, so it was not read",
            remedy: "Give the table back to a superuser."))
    }
  }
}
