import Catalog
import Foundation
import Inspection
import Reports
import Synchronization

/// One line on standard error that is redrawn while the servers are looked at; nothing where it is not a terminal.
final class ProgressLine: Sendable {
  private struct State {
    var counts: [Side: (done: Int, total: Int)] = [:]
    var isShown = false
  }

  /// Of the terminal; nil where nothing is shown.
  private let style: TerminalStyle?
  private let state = Mutex(State())

  private var isEnabled: Bool { style != nil }

  init(style: TerminalStyle?) { self.style = style }

  func show(_ progress: Inspector.Progress) {
    guard isEnabled else { return }
    state.withLock { state in
      switch progress {
      case .connecting(let side): state.counts[side] = (0, 0)
      case .databases(let side, let done, let total): state.counts[side] = (done, total)
      }
      let sides = Side.allCases.compactMap { side in
        state.counts[side].map {
          $0.total == 0 ? "\(side): connecting" : "\(side): \($0.done) of \($0.total) databases"
        }
      }
      draw(sides, &state)
    }
  }

  /// - Parameter parts: what matters most first; what does not fit is left out.
  func show(_ parts: String...) { show(parts) }

  func show(_ parts: [String]) {
    guard isEnabled else { return }
    state.withLock { draw(parts, &$0) }
  }

  private func draw(_ parts: [String], _ state: inout State) {
    guard let style else { return }
    state.isShown = true
    redrawOnStandardError(style.line(of: parts))
  }

  func clear() {
    state.withLock { state in
      if state.isShown { redrawOnStandardError("") }
      state.isShown = false
    }
  }
}
