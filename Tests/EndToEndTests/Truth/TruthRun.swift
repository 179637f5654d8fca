import Foundation
import TestSupport

/// All states that are asked for, spread over some workers, and the matrix of what came of them.
struct TruthRun: Sendable {
  let options: TruthOptions

  func run() async throws -> TruthMatrix {
    let start = now()
    let states = options.states()
    tell("\(states.count) states, seed \(options.seed)")
    let results = Locked<[TruthResult]>([])
    // Each worker takes states that lie together, as they share servers.
    let share = (states.count + options.workers - 1) / options.workers
    await withTaskGroup(of: Void.self) { group in
      for worker in 0..<options.workers {
        let own = states.dropFirst(worker * share).prefix(share)
        group.addTask {
          let bench = TruthBench()
          for state in own {
            for method in options.methods {
              let result = await TruthTrial(state: state, method: method, bench: bench, patience: options.patience)
                .run()
              results.change { $0.append(result) }
              tell(result.line)
            }
          }
        }
      }
    }
    let matrix = TruthMatrix(results: results.get(), seconds: now() - start)
    if let file = options.json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(matrix.results).write(to: URL(filePath: file))
    }
    return matrix
  }

  /// A line as soon as there is one: a run takes long.
  private func tell(_ text: String) {
    FileHandle.standardOutput.write(Data((text + "\n").utf8))
  }
}
