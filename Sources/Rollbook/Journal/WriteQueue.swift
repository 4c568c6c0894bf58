internal import Dispatch
internal import Glibc
internal import Synchronization

/// The order of those who want to write: one leads and commits for all who wait.
///
/// A lone caller leads on its own thread. When others came meanwhile, the lead passes to a queue,
/// which commits everything that waits as one transaction, until nobody waits.
final class WriteQueue: Sendable {
  /// One caller's part of a transaction.
  struct Request: Sendable {
    let body: @Sendable (borrowing JournalWriter) throws(RollbookError) -> Void
    /// Called once, after the commit or instead of it.
    let answer: @Sendable (RollbookError?) -> Void
  }

  private struct State {
    var isLed = false
    var waiting: [Request] = []
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "rollbook.journal.writer")
  /// How many callers one commit serves at most.
  private static let batchLimit = 512
  private static let gatherStepMicroseconds: UInt32 = 100

  /// Takes the lead where nobody has it.
  func tryLead() -> Bool {
    state.withLock { state in
      if state.isLed { return false }
      state.isLed = true
      return true
    }
  }

  /// Gives up the lead, or passes it to the queue where somebody waits.
  func endLead(commit: @escaping @Sendable ([Request]) -> Void) {
    let someoneWaits = state.withLock { state in
      if state.waiting.isEmpty { state.isLed = false }
      return !state.waiting.isEmpty
    }
    if someoneWaits { queue.async { self.lead(commit) } }
  }

  /// Waits in line; the answer comes by the request.
  func enqueue(_ request: Request, commit: @escaping @Sendable ([Request]) -> Void) {
    let mustLead = state.withLock { state in
      state.waiting.append(request)
      defer { state.isLed = true }
      return !state.isLed
    }
    if mustLead { queue.async { self.lead(commit) } }
  }

  private func lead(_ commit: @Sendable ([Request]) -> Void) {
    while true {
      let batch: [Request] = state.withLock { state in
        let count = min(state.waiting.count, WriteQueue.batchLimit)
        let batch = Array(state.waiting.prefix(count))
        state.waiting.removeFirst(count)
        if batch.isEmpty { state.isLed = false }
        return batch
      }
      if batch.isEmpty { return }
      let start = ContinuousClock.now
      commit(batch)
      if batch.count > 1 {
        gather(batch.count, within: (ContinuousClock.now - start) / 4)
      }
    }
  }

  /// Waits a moment for those who were answered just now: who writes again and again then shares
  /// one commit with all others, instead of taking turns with those who came meanwhile.
  ///
  /// Ends as soon as all are back, or nobody has come for three steps.
  private func gather(_ answered: Int, within limit: Duration) {
    let deadline = ContinuousClock.now + limit
    var count = state.withLock { $0.waiting.count }
    let everyone = min(count + answered, WriteQueue.batchLimit)
    var idleSteps = 0
    while count < everyone && idleSteps < 3 && ContinuousClock.now < deadline {
      usleep(WriteQueue.gatherStepMicroseconds)
      let now = state.withLock { $0.waiting.count }
      idleSteps = now == count ? idleSteps + 1 : 0
      count = now
    }
  }
}
