import Assessment
import Rules
import TestSupport
import Testing

/// Whether a schema that pg_dump writes is taken by an older minor release depends on what is installed: here the check
/// is held against what then really happens.
@Suite(.takesTurns, .timeLimit(.minutes(30))) struct ColumnOptionsTests {
  private static let source = Task { try await TestCluster.start(settings: ["wal_level": "logical"]) }

  @Test(arguments: [15, 16, 17, 18])
  func `the check foretells whether the restore refuses the options of columns`(version: Int) async throws {
    guard let programs = TestCluster.available(version) else { return }
    let source = try await Self.source.value
    let target = try await TestCluster.start(version: version, settings: [:])
    let name = "column options \(version)"
    try await source.sql("create database \"\(name)\"")
    try await source.sql("create table \"it's\" (id int primary key, \"<b>\" text)", database: name)
    let run = try await check([
      "--source", source.connectionString(), "--target", target.connectionString(), "--include-database",
      "\"\(name)\"", "--pg-bin", programs,
    ])
    let outcome = try #require(run.outcome("pg-dump-column-options", database: name))

    try await target.sql("create database \"\(name)\"")
    let restore = try await TestSupport.run(
      executable: "/bin/bash",
      arguments: [
        "-c", #"set -o pipefail; "$0/pg_dump" -Fc "$1" | "$0/pg_restore" --exit-on-error -d "$2""#, programs,
        source.connectionString(database: name), target.connectionString(database: name),
      ])
    switch outcome.outcome {
    case .failed:
      #expect(restore.status != .exited(0))
      #expect(restore.stderr.contains("pg_attver"))
      #expect(outcome.severity == .blocker)
    case .passed: #expect(restore.status == .exited(0), "\(restore.stderr)")
    default: #expect(outcome.outcome == .undetermined, "\(outcome.message)")
    }
    try await target.stop()
  }
}
