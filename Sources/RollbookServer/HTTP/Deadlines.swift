#if Server
internal import ServiceLifecycle
internal import Synchronization

/// Cancels what takes too long.
///
/// One task looks at all of them every second: a timer for each request would cost more than most
/// requests.
final class Deadlines: Service {
  private struct State {
    var next = 0
    var tasks: [Int: (end: ContinuousClock.Instant, cancel: @Sendable () -> Void)] = [:]
  }

  private let state = Mutex(State())

  /// - Returns: what takes it out again.
  func add(seconds: Double, cancel: @escaping @Sendable () -> Void) -> Int {
    let end = ContinuousClock.now + .seconds(seconds)
    return state.withLock { state in
      state.next += 1
      state.tasks[state.next] = (end, cancel)
      return state.next
    }
  }

  func remove(_ place: Int) {
    state.withLock { _ = $0.tasks.removeValue(forKey: place) }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        let now = ContinuousClock.now
        let late = self.state.withLock { state in
          state.tasks.values.filter { $0.end <= now }.map(\.cancel)
        }
        for cancel in late { cancel() }
      }
    }
  }
}
#endif
