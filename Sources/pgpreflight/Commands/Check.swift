import ArgumentParser
import Assessment
import Catalog

struct Check: AsyncParsableCommand, PreflightCommand {
  static let configuration = CommandConfiguration(
    abstract: "Inspects source and target, evaluates every rule, prints a summary and writes reports.",
    discussion: discussion(
      """
      Changes nothing on either server, but for the scratch databases of --rehearse. A server that can't be reached is \
      a finding: the reports are written all the same.
      """,
      exitStatus: [
        ("0", "ready: nothing at or above --fail-on (a blocker, by default)"),
        ("1", "blocked: at least one finding at or above --fail-on"),
        ("2", "undecided: a rule that could block could not be evaluated"), CommonStatus.usage, CommonStatus.software,
        CommonStatus.unwritable, CommonStatus.interrupted,
      ],
      examples: [
        (
          "a summary, and report.html, report.junit.xml and report.json",
          "pgpreflight check -s service=old -t service=new --report-dir reports"
        ),
        (
          "in CI, with the connections in the environment",
          "pgpreflight check --report junit=report.junit.xml --report sarif=a.sarif"
        ),
        (
          "two databases, and no replication",
          "pgpreflight check --include-database shop,billing --method dump"
        ),
        (
          "without a connection to the source",
          "pgpreflight check --source-snapshot source.json -t service=new"
        ),
      ]))

  @OptionGroup(title: "Clusters") var connection: ConnectionOptions
  @OptionGroup(title: "Saved snapshots") var snapshots: SnapshotOptions
  @OptionGroup(title: "Rehearsal (writes)") var rehearsalOptions: RehearsalOptions
  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "Reports") var reports: ReportOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  var rehearsal: RehearsalOptions? { rehearsalOptions }

  func savedSnapshot(of side: Side) -> String? {
    side == .source ? snapshots.sourceSnapshot : snapshots.targetSnapshot
  }

  func run() async throws {
    let preflight = try Preflight(self)
    let assessment: Assessment
    do {
      assessment = try await preflight.assess()
    } catch let interruption as Interrupted {
      writeToStandardError("pgpreflight: interrupted; no report was written\n")
      throw ExitCode(128 + interruption.signal)
    }
    let status = assessment.exitStatus(failOn: preflight.settings.digest.failOn)
    try await preflight.write(preflight.report(of: assessment, exitStatus: status))
    throw ExitCode(Int32(status))
  }
}
