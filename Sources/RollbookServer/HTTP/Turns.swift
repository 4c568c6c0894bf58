#if Server
internal import Synchronization

/// One at a time, in the order in which they came.
final class Turns: Sendable {
  /// Somebody's turn, until it is ended.
  struct Turn: Sendable {
    fileprivate let turns: Turns?

    /// - Parameter turns: nil for whoever needs none.
    init(of turns: Turns?) { self.turns = turns }

    func end() { turns?.give() }
  }

  private struct State {
    var isTaken = false
    var next = 0
    var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  }

  private let state = Mutex(State())

  /// More are not let in: each waits with an open connection.
  private static let waitingLimit = 8

  /// - Returns: nil where it did not come in time, or too many wait.
  func take(within seconds: Double, _ deadlines: Deadlines) async -> Turn? {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    let place = deadlines.add(seconds: seconds) { [self] in withdraw(id) }
    defer { deadlines.remove(place) }
    let isMine = await withCheckedContinuation { continuation in
      let answer = state.withLock { state -> Bool? in
        if state.isTaken {
          if state.waiting.count >= Turns.waitingLimit { return false }
          state.waiting.append((id, continuation))
          return nil
        }
        state.isTaken = true
        return true
      }
      if let answer { continuation.resume(returning: answer) }
    }
    return isMine ? Turn(of: self) : nil
  }

  private func withdraw(_ id: Int) {
    let late = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiting.remove(at: index).continuation
    }
    late?.resume(returning: false)
  }

  fileprivate func give() {
    let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      if state.waiting.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst().continuation
    }
    next?.resume(returning: true)
  }
}
#endif
