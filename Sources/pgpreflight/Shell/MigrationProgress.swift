import Assessment
import Catalog
import Foundation
import Logging
import Migration
import Synchronization

/// Tells how far a migration is: as one line on a terminal, as lines of a log where those are asked for.
final class MigrationProgress: Sendable {
  private struct State {
    var phases: [String: String] = [:]
    var sizes: [String: Int] = [:]
    var bytes = 0
    var lags: [String: Int] = [:]
    var finished = 0
    var left = TimeLeft()
    var start: ContinuousClock.Instant?
    var lastLogged: ContinuousClock.Instant?

    var seconds: Double { start.map { (.now - $0).seconds } ?? 0 }
    var lastShown: ContinuousClock.Instant?
  }

  private let line: ProgressLine
  private let logger: Logger
  private let isLogged: Bool
  /// How many databases are to be migrated.
  private let total: Int
  private let state = Mutex(State())

  init(of total: Int, line: ProgressLine, logger: Logger, isLogged: Bool) {
    self.total = total
    self.line = line
    var logger = logger
    if isLogged, logger.logLevel > .info, logger.logLevel < .error { logger.logLevel = .info }
    self.logger = logger
    self.isLogged = isLogged
  }

  func show(_ event: MigrationEvent) {
    if isLogged { log(event) }
    state.withLock { state in
      var isDue = true
      switch event {
      case .role, .gaveLocksBack: return
      case .waits(let database, let waiter):
        // Somebody's application may stand still: that is told in any case.
        line.clear()
        logger.warning("database \(quotedIdentifier(database)): \(waiter.words)")
        return
      case .slotKeeps(let database, let bytes, let limit):
        line.clear()
        logger.warning(
          "database \(quotedIdentifier(database)): the source keeps \(formattedBytes(bytes)) of WAL for its slot, which is given up at \(formattedBytes(limit))"
        )
        return
      case .gaveSlotUp(let database):
        line.clear()
        logger.warning("database \(quotedIdentifier(database)): the slot is given up")
        return
      case .phase(let database, let name): state.phases[database] = name
      case .sized(let database, _, let bytes):
        state.sizes[database] = bytes
        state.start = state.start ?? .now
      case .planned(_, let work): state.left.plan(work)
      case .began(let database, let work, let name, let bytes):
        state.left.begin(work, "\(database) \(name)", bytes: bytes, at: state.seconds)
      case .worked(let database, let work, let name, let bytes):
        state.left.finish(work, "\(database) \(name)", bytes: bytes)
      case .arrived(_, let bytes, let wire): state.left.finishRows(bytes: bytes, wire: wire)
      case .copied(_, let bytes):
        state.bytes += bytes
        state.left.copied(bytes: bytes)
        isDue = state.lastShown.map { .now - $0 > .milliseconds(200) } ?? true
      case .table: return
      case .lag(let database, let bytes):
        state.lags[database] = bytes
        isDue = state.lastShown.map { .now - $0 > .milliseconds(200) } ?? true
      case .finished(let database):
        state.lags[database.name] = nil
        state.phases[database.name] = nil
        state.finished += 1
      }
      logProgress(&state)
      guard isDue else { return }
      state.lastShown = .now
      line.show(parts(of: state))
    }
  }

  /// Shows what time changes, though nothing happens.
  func tick() {
    state.withLock { state in
      logProgress(&state)
      guard state.start != nil, let last = state.lastShown, .now - last > .seconds(1) else { return }
      state.lastShown = .now
      line.show(parts(of: state))
    }
  }

  private func parts(of state: State) -> [String] {
    let bytes = state.sizes.values.sum { $0 }
    let seconds = state.seconds
    var parts = ["\(state.finished) of \(total) done"]
    if let (database, phase) = state.phases.min(by: { $0.key < $1.key }) {
      let more = state.phases.count > 1 ? " and \(state.phases.count - 1) more" : ""
      let lag = state.lags[database].map { ", \(formattedBytes($0)) behind" } ?? ""
      let name = quotedIdentifier(database)
      parts.append("\(name.count > 24 ? name.prefix(23) + "…" : name): \(phase)\(lag)\(more)")
    }
    if state.bytes > 0, seconds > 1 {
      let rate = Double(state.bytes) / seconds
      if let left = state.left.seconds(at: seconds), left > 1 {
        parts.append("about \(Duration.seconds(left).formatted(.time(pattern: .hourMinuteSecond))) left")
      }
      parts.append("\(formattedBytes(state.bytes)) of \(formattedBytes(bytes))")
      parts.append("\(formattedBytes(Int(saturating: rate)))/s")
    }
    return parts
  }

  /// Every two seconds at most.
  private func logProgress(_ state: inout State) {
    guard isLogged, let left = state.left.seconds(at: state.seconds) else { return }
    if let last = state.lastLogged, .now - last < .seconds(2) { return }
    state.lastLogged = .now
    logger.info(
      "progress",
      metadata: [
        "seconds": "\(Int(state.seconds.rounded()))", "secondsLeft": "\(Int(left.rounded(.up)))",
        "bytes": "\(state.bytes)",
      ])
  }

  private func log(_ event: MigrationEvent) {
    switch event {
    case .role(let role):
      logger.info("role", metadata: ["role": "\(role.name)", "status": "\(role.status)", "note": "\(role.message)"])
    case .phase(let database, let name):
      logger.info("phase", metadata: ["database": "\(database)", "phase": "\(name)"])
    case .sized(let database, let tables, let bytes):
      logger.info(
        "to be copied", metadata: ["database": "\(database)", "tables": "\(tables)", "bytes": "\(bytes)"])
    case .gaveLocksBack(let database):
      logger.info("gave the locks of copied tables back", metadata: ["database": "\(database)"])
    case .planned, .began, .worked, .arrived, .copied, .lag, .waits, .slotKeeps, .gaveSlotUp: return
    case .table(let database, let name, let rows):
      logger.info("copied", metadata: ["database": "\(database)", "table": "\(name)", "rows": "\(rows)"])
    case .finished(let database):
      logger.info(
        "finished",
        metadata: [
          "database": "\(database.name)", "status": "\(database.status)", "rows": "\(database.rows)",
          "bytes": "\(database.bytes)", "note": "\(database.message)",
        ])
    }
  }
}
