import Catalog

/// How what logical replication does not carry gets across where a database is replicated: some tables are given a
/// replica identity, the others and the large objects are copied while writes are blocked.
public struct Crossing: Sendable, Equatable {
  /// A table that is not published, and copied at cutover.
  public struct LateTable: Sendable, Equatable {
    public enum Reason: String, Sendable {
      case noReplicaIdentity = "it has no replica identity"
      case unlogged = "it is unlogged"
      case generatedKey = "generated columns identify its rows"
      case incomparable = "its rows can't be compared"
      /// A partitioned table.
      case routedElsewhere = "its rows belong to other partitions on the target"
      case codeReads = "its code reads other tables"
    }

    public var nspname: String
    public var relname: String
    public var reason: Reason
    /// Heap, TOAST and indexes.
    public var sizeBytes: Int

    public var qualifiedName: String { qualifiedIdentifier(nspname, relname) }
  }

  public struct LateLargeObjects: Sendable, Equatable {
    public var count: Int
    public var sizeBytes: Int
  }

  /// A replica identity that a table of the source is given for as long as the migration takes.
  public struct IdentityChange: Sendable, Equatable {
    public enum Identity: Sendable, Equatable {
      case standard
      case usingIndex(String)
      case full

      /// As in `ALTER TABLE … REPLICA IDENTITY`.
      public var sql: String {
        switch self {
        case .standard: "DEFAULT"
        case .usingIndex(let name): "USING INDEX \(quotedIdentifier(name))"
        case .full: "FULL"
        }
      }
    }

    public var nspname: String
    public var relname: String
    public var identity: Identity

    public var qualifiedName: String { qualifiedIdentifier(nspname, relname) }
  }

  public internal(set) var tables: [LateTable] = []
  public internal(set) var largeObjects: LateLargeObjects?
  public internal(set) var changes: [IdentityChange] = []
  /// Whether there are more such tables than are listed.
  var isCut = false
  /// What the options allow: nil where nothing is to be copied at cutover.
  let limitSeconds: Int?
  /// What a cutover has to do besides.
  private let otherWork: BlockedTime.Work
  private let pace: BlockedTime.Pace
  private let jobs: Int

  init(_ options: CheckOptions, besides work: BlockedTime.Work, pace: BlockedTime.Pace) {
    limitSeconds = options.copyAtCutover == .auto ? options.maxBlockedSeconds : nil
    otherWork = work
    self.pace = pace
    jobs = options.jobs
  }

  public var sizeBytes: Int { tables.sum(of: \.sizeBytes) +| (largeObjects?.sizeBytes ?? 0) }
  public var items: Int { tables.count + (largeObjects == nil ? 0 : 1) }

  /// For how long writes are blocked with all of it.
  public var blockedTime: BlockedTime {
    var work = otherWork
    (work.lateBytes, work.lateTables) = (tables.sum(of: \.sizeBytes), tables.count)
    (work.largeObjectBytes, work.largeObjects) = (largeObjects?.sizeBytes ?? 0, largeObjects?.count ?? 0)
    return BlockedTime(of: work, pace: pace, jobs: jobs)
  }

  /// Whether what can't be replicated is to be copied at cutover.
  public var copiesAtCutover: Bool { limitSeconds != nil }

  enum Way {
    /// It is copied while writes are blocked.
    case late
    /// It would take too long.
    case tooLong
    /// That is not wanted.
    case none
  }

  var way: Way {
    guard let limitSeconds else { return .none }
    return !isCut && blockedTime.high <= Double(limitSeconds) ? .late : .tooLong
  }

  /// `12 MB in all, up to 2 s`: of all that is copied while writes are blocked.
  var words: String {
    "\(formattedBytes(sizeBytes)) in all, up to \(roughDuration(blockedTime[.copy]?.high ?? 0))"
  }

  /// Why it does not fit, and what would change that; nothing where it fits, or is not wanted.
  func excess(in database: String) -> [Finding] {
    way == .tooLong ? [whyTooLong(in: database)] : []
  }

  private func whyTooLong(in database: String) -> Finding {
    let object = "database \(quotedIdentifier(database))"
    guard !isCut else {
      return Finding(
        object, "more than \(tables.count) tables can't be replicated", evidence: [:],
        remediation: Remediation("Give them replica identities (--set-replica-identity), or move it by dump."))
    }
    var parts = tables.map { ($0.qualifiedName, $0.sizeBytes) }
    if let largeObjects { parts.append(("large objects", largeObjects.sizeBytes)) }
    parts.sort { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }
    let largest = parts.prefix(5).map { "\($0.0) (\(formattedBytes($0.1)))" }
    let seconds = blockedTime.high
    let needed = Int(saturating: seconds.rounded(.up))
    return Finding(
      object,
      "to copy what can't be replicated, writes would be blocked for up to \(roughDuration(seconds)); "
        + "\(limitSeconds ?? 0) s are allowed",
      evidence: [
        "size": formattedBytes(sizeBytes), "assumed": "\(formattedBytes(pace.copyRate))/s",
        "largest": largest.joined(separator: ", ") + (parts.count > 5 ? " and \(parts.count - 5) more" : ""),
      ],
      remediation: Remediation(
        """
        Make the largest replicable: a primary key, SET LOGGED, or --set-replica-identity. Or allow for that time, or \
        say a rate that was measured (--throughput), or leave tables out (--skip-table); else it goes by dump.
        """, paste: "--max-blocked-time \(needed)", at: .setting))
  }
}

extension Crossing {
  /// 1,000 pages: without an index, each changed row is a scan of so much.
  private static let small = 8_192_000

  /// - Parameter target: the version that looks for the rows.
  fileprivate mutating func add(_ table: UnidentifiedTable, sets: Bool, source: Int, target: Int) throws(Undetermined) {
    if sets, let identity = Self.identity(for: table, source: source, target: target) {
      changes.append(IdentityChange(nspname: table.nspname, relname: table.relname, identity: identity))
    } else {
      try add(table, table.sizeBytes, .noReplicaIdentity)
    }
  }

  fileprivate mutating func add(
    _ table: some TableRow, _ size: Int?, _ reason: LateTable.Reason
  ) throws(Undetermined) {
    // Where nothing is to be copied then, nobody asks for how long.
    guard let size = size ?? (limitSeconds == nil ? 0 : nil) else {
      throw Undetermined(
        "the size of table \(table.qualifiedName) is not known", remedy: "Run the check again, or take a new snapshot.")
    }
    tables.append(LateTable(nspname: table.nspname, relname: table.relname, reason: reason, sizeBytes: size))
  }

  /// What it can be given and taken from again: of an index that is gone nothing can be put back.
  private static func identity(
    for table: UnidentifiedTable, source: Int, target: Int
  ) -> IdentityChange.Identity? {
    guard table.replident != "i" else { return nil }
    if table.hasPrimaryKey { return .standard }
    if let index = table.candidateIndex { return .usingIndex(index) }
    let hasIndex = target >= 16 && table.hasBTree == true || target >= 17 && table.hasHash == true
    let isRefused = source >= 18 && table.hasGeneratedColumns != false
    return table.incomparable.isEmpty && !isRefused && (table.sizeBytes.map { $0 <= small } ?? false || hasIndex)
      ? .full : nil
  }
}

extension DatabasePair {
  /// What can't be replicated of the database, and its way across.
  public func crossing() throws(Undetermined) -> Crossing {
    let snapshot = try snapshot(on: .source)
    var crossing = Crossing(options, besides: cutoverWork(snapshot), pace: pace)
    let (sourceMajor, targetMajor) = (try clusters.source.version.major, try clusters.target.version.major)
    let unidentified = selected(try snapshot.unidentifiedTables.value)
    crossing.isCut = unidentified.count > unidentified.rows.count
    for table in unidentified.rows {
      try crossing.add(table, sets: options.setsReplicaIdentity, source: sourceMajor, target: targetMajor)
    }
    let unlogged = selected(try snapshot.unloggedTables.value)
    crossing.isCut = crossing.isCut || unlogged.count > unlogged.rows.count
    for table in unlogged.rows { try crossing.add(table, table.sizeBytes, .unlogged) }
    // Those whose rows are only inserted can be replicated.
    let generated = try unusableGeneratedKeys()
    for table in generated { try crossing.add(table, table.sizeBytes, .generatedKey) }
    crossing.isCut = crossing.isCut || !generated.isEmpty && selected(generated).count > generated.count
    let names = Set(generated.map(\.qualifiedName))
    for table in try unusableFullIdentities() where !names.contains(table.qualifiedName) {
      try crossing.add(table, table.sizeBytes, .incomparable)
    }
    for table in try readingTables() where !crossing.tables.contains(where: { $0.qualifiedName == table.qualifiedName })
    {
      try crossing.add(table, table.sizeBytes, .codeReads)
    }
    let hashed = selected(try snapshot.enumHashedTables.value)
    crossing.isCut = crossing.isCut || hashed.count > hashed.rows.count
    for table in hashed.rows { try crossing.add(table, table.sizeBytes, .routedElsewhere) }
    if case .only = options.tables { return crossing }
    let objects = try snapshot.largeObjects.value
    if objects.count > 0 {
      guard let size = objects.sizeBytes ?? (crossing.limitSeconds == nil ? 0 : nil) else {
        throw Undetermined("the size of large objects is not known", remedy: "Take a new snapshot.")
      }
      crossing.largeObjects = Crossing.LateLargeObjects(count: objects.count, sizeBytes: size)
    }
    return crossing
  }

  /// Without what is copied. Which tables are written to between the comparison that comes before and the moment from which
  /// nobody can write, nobody knows: a tenth of them, of a gigabyte at most, is assumed.
  private func cutoverWork(_ snapshot: DatabaseSnapshot) -> BlockedTime.Work {
    var work = BlockedTime.Work()
    let summary = snapshot.summary.ifKnown
    (work.tables, work.sequences) = (summary?.tables ?? 0, summary?.sequences ?? 0)
    let size = clusters.source.databaseSizes.ifKnown?.first { $0.datname.isSameName(as: name) }?.sizeBytes ?? 0
    (work.comparedTables, work.comparedBytes) = (work.tables / 10, min(size / 10, 1_000_000_000))
    return work
  }

  private var pace: BlockedTime.Pace {
    var pace = BlockedTime.Pace()
    pace.throughput = options.throughput
    if case .connected(let facts) = clusters.source.connection, let seconds = facts.roundTripSeconds {
      pace.sourceRoundTrip = seconds
    }
    if case .connected(let facts) = clusters.target.connection, let seconds = facts.roundTripSeconds {
      pace.targetRoundTrip = seconds
    }
    return pace
  }

  /// Tables that could not be updated or deleted from, as generated columns identify their rows, and that are.
  func unusableGeneratedKeys() throws(Undetermined) -> [GeneratedKeyTable] {
    guard try clusters.source.version.major >= 12 else { return [] }
    let rows = selected(try snapshot(on: .source).generatedKeyTables.value).rows
    return try isUsed(rows.map(\.changes)) ? rows : []
  }

  /// Tables with REPLICA IDENTITY FULL whose changed rows the target could not find, and that are changed.
  func unusableFullIdentities() throws(Undetermined) -> [FullIdentityTable] {
    let rows = selected(try snapshot(on: .source).fullIdentityTables.value).rows
      .filter { !$0.hasPrimaryKey && !$0.incomparable.isEmpty }
    return try isUsed(rows.map(\.changes)) ? rows : []
  }

  /// Whether rows are updated or deleted: without a week of statistics nobody knows.
  func isUsed(_ changes: [Int]) throws(Undetermined) -> Bool {
    (try database(on: .source)?.statisticsDays ?? 0) < 7 || changes.contains { $0 > 0 }
  }
}
