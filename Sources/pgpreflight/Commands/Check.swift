import ArgumentParser
import Assessment
import Catalog

struct Check: AsyncParsableCommand, PreflightCommand {
  static let configuration = CommandConfiguration(
    abstract: "Inspects source and target, evaluates every rule, prints a summary and writes reports.",
    discussion: """
      Changes nothing on either server, but for the scratch databases of --rehearse. Exit status: 0 ready, 1 blocked, 2 undecided, 64 wrong usage, 73 a report \
      could not be written, 130 or 143 interrupted.
      """)

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
