internal import Dispatch

/// A thread on which a task may block: that of a serial queue of its own.
///
/// An operation has one, so that it reads and commits where it runs: to have another thread do it, and to
/// come back, costs many times what it costs to read a few rows.
final class OwnThread: TaskExecutor {
  private static let mark = DispatchSpecificKey<Bool>()
  private let queue = DispatchQueue(label: "rollbook.operation")

  fileprivate init() { queue.setSpecific(key: OwnThread.mark, value: true) }

  /// Whether the caller runs on such a thread, and not on one of Swift's pool.
  static var isCurrent: Bool { DispatchQueue.getSpecific(key: mark) == true }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // Each job is run once, as the protocol asks for: running it ends it.
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Carries out work, and what it waits for, on a thread on which the journal may block; on the caller's
/// where that is one.
func onOwnThread<Value>(
  _ work: () async throws(RollbookError) -> Value
) async throws(RollbookError) -> Value {
  if OwnThread.isCurrent { return try await work() }
  return try await withTaskExecutorPreference(OwnThread()) { () async throws(RollbookError) in
    // A closure begins on its caller's thread; what goes on after this is on the preferred one.
    await Task.yield()
    return try await work()
  }
}
