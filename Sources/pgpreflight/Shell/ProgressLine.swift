import Catalog
import Foundation
import Inspection
import Synchronization

/// One line on standard error that is redrawn while the servers are looked at; nothing where it is not a terminal.
final class ProgressLine: Sendable {
  private struct State {
    var counts: [Side: (done: Int, total: Int)] = [:]
    var isShown = false
  }

  private let isEnabled: Bool
  private let state = Mutex(State())

  init(isEnabled: Bool) { self.isEnabled = isEnabled }

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
      draw(sides.joined(separator: "   "), &state)
    }
  }

  func show(_ text: String) {
    guard isEnabled else { return }
    state.withLock { draw(text, &$0) }
  }

  private func draw(_ text: String, _ state: inout State) {
    state.isShown = true
    writeToStandardError("\r\u{1B}[K" + text)
  }

  func clear() {
    state.withLock { state in
      if state.isShown { writeToStandardError("\r\u{1B}[K") }
      state.isShown = false
    }
  }
}
