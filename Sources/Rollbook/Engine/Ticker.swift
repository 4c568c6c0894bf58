internal import Synchronization

/// Wakes all who wait, again and again, by one timer for all: a task that sleeps, and is cancelled long
/// before, leaves its timer behind.
final class Ticker: Sendable {
  private struct State {
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var newest = 0
    var isTicking = false
  }

  private let interval: Duration
  private let state = Mutex(State())

  init(every interval: Duration) { self.interval = interval }

  /// Returns at the next tick, or as soon as the task is cancelled.
  func tick() async {
    let number = state.withLock { state in
      state.newest += 1
      return state.newest
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isCancelled, mustTick) = state.withLock { state in
          // Whoever cancels from now on finds it among those who wait.
          if Task.isCancelled { return (true, false) }
          state.waiting[number] = continuation
          defer { state.isTicking = true }
          return (false, !state.isTicking)
        }
        if isCancelled { continuation.resume() }
        if mustTick { Task.detached { await self.run() } }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
    }
  }

  /// Ticks until nobody waits.
  private func run() async {
    while true {
      try? await Task.sleep(for: interval)
      let waiting = state.withLock { state in
        let waiting = state.waiting.values
        state.waiting = [:]
        state.isTicking = !waiting.isEmpty
        return Array(waiting)
      }
      if waiting.isEmpty { return }
      for continuation in waiting { continuation.resume() }
    }
  }
}
