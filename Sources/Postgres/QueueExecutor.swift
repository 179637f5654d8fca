internal import Dispatch

/// Runs an actor's jobs on a serial queue of its own, whose thread may block; the cooperative pool's must not.
///
/// `DispatchSerialQueue`, which is a `SerialExecutor` itself, does not exist on Linux.
final class QueueExecutor: SerialExecutor {
  let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
