public import Testing

extension Trait where Self == ConditionTrait {
  /// Skips a test, with the reason, where this machine lacks one of these major versions of PostgreSQL.
  public static func needsPostgres(_ versions: Int...) -> Self {
    let missing = versions.first { TestCluster.available($0) == nil }
    return .disabled(if: missing != nil, "\(missing.map(TestCluster.whyUnavailable) ?? "")")
  }

  /// Skips a test, with the reason, where this machine lacks PgBouncer.
  public static var needsPooler: Self {
    .enabled(if: TestPooler.isAvailable, "pgbouncer is not installed")
  }

  /// Skips a test, with the reason, where this process may not mount a file system.
  public static var needsSmallDisk: Self {
    .enabled(if: SmallDisk.isPossible, "a disk that gets full takes the right to mount one")
  }
}
