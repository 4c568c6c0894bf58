internal import Dispatch
internal import Synchronization

/// What the journal was when somebody looked: equal marks mean that nothing was committed between.
package struct ChangeMark: Sendable, Equatable {
  /// Which connection looked: marks of two cannot be compared.
  package let connection: Int
  let version: Int64
}

/// Looks for marks: all who wait when a look begins share it.
final class ChangeMarks: Sendable {
  typealias Answer = Result<ChangeMark, RollbookError>

  private struct State {
    var isLooking = false
    var waiting: [CheckedContinuation<Answer, Never>] = []
  }

  private let state = Mutex(State())
  private let slot: ReaderSlot

  init(_ slot: ReaderSlot) { self.slot = slot }

  func mark() async throws(RollbookError) -> ChangeMark {
    let answer: Answer = await withCheckedContinuation { continuation in
      let mustLook = state.withLock { state in
        state.waiting.append(continuation)
        defer { state.isLooking = true }
        return !state.isLooking
      }
      if mustLook { slot.queue.async { self.look() } }
    }
    return try answer.get()
  }

  private func look() {
    while true {
      let waiting = state.withLock { state in
        let waiting = state.waiting
        state.waiting = []
        if waiting.isEmpty { state.isLooking = false }
        return waiting
      }
      if waiting.isEmpty { return }
      let answer = Answer { () throws(RollbookError) in try slot.changeMark() }
      for continuation in waiting { continuation.resume(returning: answer) }
    }
  }
}
