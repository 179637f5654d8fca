import ArgumentParser
import Catalog
import Foundation
import Migration
import Reports

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tells how far the replications have come that a migration has set up.",
    discussion: discussion(
      """
      Changes nothing. A database has caught up when the initial copy of every table is done and the target has applied \
      all that the source had at the moment of asking.

      Logical replication carries no DDL. What has changed in the schema of either side since the replication was set up \
      is shown by object; with --format json, also the statement that makes the same change on the target. A database \
      needs help as long as its source has changes that the target lacks, or the target lacks what it was set up with.
      """,
      exitStatus: [
        ("0", "all have caught up"), ("1", "one of them needs help, or there is none"),
        ("2", "all are on their way, or some wait for a later wave"),
        CommonStatus.usage, CommonStatus.software, CommonStatus.interrupted,
      ],
      examples: [
        ("once", "pgpreflight status -s service=old -t service=new"),
        ("every two seconds, of one database", "pgpreflight status --include-database shop --watch"),
        ("for programs", "pgpreflight status --format json"),
      ]))

  @OptionGroup var options: ReplicationOptions
  @OptionGroup(title: "Selection") var selection: ReplicatedSelection

  @Flag(name: .customLong("watch"), help: "Ask again every two seconds, until interrupted.")
  var watch = false

  func run() async throws {
    let signals = Signals()
    let replications = try options.replications()
    while true {
      let statuses: [ReplicationStatus]
      do {
        statuses = try await signals.untilInterrupted {
          var statuses: [ReplicationStatus] = []
          for running in try selection.selected(of: try await replications.all()) {
            statuses.append(try await replications.status(of: running))
          }
          if selection.includeDatabase.isEmpty {
            statuses += try await replications.waiting().map(ReplicationStatus.waiting)
          }
          return statuses
        }
      } catch let interruption as Interrupted {
        throw ExitCode(128 + interruption.signal)
      } catch let failure as Failure {
        throw failure
      } catch {
        throw Failure(status: .blocked, description: "the replications could not be looked at: \(error)")
      }
      try show(statuses)
      guard watch else { throw ExitCode(Self.exitStatus(statuses)) }
      do {
        try await signals.untilInterrupted { try await Task.sleep(for: .seconds(2)) }
      } catch let interruption as Interrupted {
        throw ExitCode(128 + interruption.signal)
      }
    }
  }

  private static func exitStatus(_ statuses: [ReplicationStatus]) -> Int32 {
    if statuses.isEmpty || statuses.contains(where: \.isBroken) { return 1 }
    return statuses.allSatisfy(\.isInStep) ? 0 : 2
  }

  private func show(_ statuses: [ReplicationStatus]) throws {
    guard options.format == .text else { return try options.printJSON(statuses) }
    if statuses.isEmpty { options.tell("no replication of this program is there") }
    for status in statuses { for line in lines(of: status) { options.tell(line) } }
  }

  private func lines(of status: ReplicationStatus) -> [String] {
    if status.isWaiting {
      return ["\(quotedIdentifier(status.name)): waiting; \(Waves.next([status.name]))"]
    }
    let word = status.isBroken ? "needs help" : status.isInStep ? "caught up" : "on its way"
    var first = "\(quotedIdentifier(status.name)): \(word)"
    var lines: [String] = []
    if let state = status.state {
      if let slot = state.slot {
        first += ", \(formattedBytes(slot.lagBytes)) behind"
        if let seconds = slot.lagSeconds { first += " (\(seconds.formatted(.number.precision(.fractionLength(1)))) s)" }
        let safe = slot.safeWALSize.map { ", \(formattedBytes($0)) may be written before it is lost" } ?? ""
        lines.append(
          "slot \(status.replication): \(slot.isActive ? "read" : "not read")"
            + (slot.walStatus.map { ", WAL \($0)" } ?? "") + safe)
      }
      first += "; \(state.tablesReady) of \(state.tables) tables copied"
      lines += state.errors.map { "\($0.kind): \($0.count)" }
    }
    if let trouble = status.trouble { lines.append(trouble) }
    lines += status.differences
    if let drift = status.drift {
      for (side, changes) in [("source", drift.source), ("target", drift.target)] where !changes.isEmpty {
        lines.append("changed on the \(side) since the set-up: \(SchemaDrift.listed(changes))")
      }
    } else if status.trouble == nil {
      lines.append(SchemaDrift.unknown)
    }
    func names(_ all: [String]) -> String {
      all.prefix(3).joined(separator: ", ") + (all.count > 3 ? " and \(all.count - 3) more" : "")
    }
    if let late = status.lateCopy, late.items > 0 {
      lines.append("not replicated, copied at cutover: \(late.words)")
    }
    if !status.newTables.isEmpty {
      lines.append("made on the source since, created and copied at cutover: \(names(status.newTables))")
    }
    if status.temporaryIdentities > 0 {
      lines.append("\(status.temporaryIdentities) tables have a replica identity until the cutover")
    }
    if !status.onlyOnSource.isEmpty { lines.append("not on the target: \(names(status.onlyOnSource))") }
    lines += status.cutoverObstacles.map { "a cutover would not begin: \($0)" }
    lines += status.closingObstacles.map { "a cutover with --block-writes would not begin: \($0)" }
    return [first] + lines.map { "  \($0)" }
  }
}
