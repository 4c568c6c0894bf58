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

  /// - Returns: nil where it did not come in time.
  func take(within seconds: Double, _ deadlines: Deadlines) async -> Turn? {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    let place = deadlines.add(seconds: seconds) { [self] in withdraw(id) }
    defer { deadlines.remove(place) }
    let isMine = await withCheckedContinuation { continuation in
      let isNow = state.withLock { state in
        if state.isTaken {
          state.waiting.append((id, continuation))
          return false
        }
        state.isTaken = true
        return true
      }
      if isNow { continuation.resume(returning: true) }
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
