internal import Dispatch
internal import Synchronization

/// Where files are copied and checked: some at a time, so that what is large keeps no other waiting,
/// and only some, so that the disk serves each.
package final class FileWork: Sendable {
  private struct State {
    var running = 0
    var waiting: [@Sendable () -> Void] = []
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: how many works go on at once.
  package init(limit: Int = 4) { self.limit = limit }

  /// Does work on the caller's thread, which may block, where it need not wait for others; nil where it
  /// must.
  func doHere<Value>(_ work: () throws(RollbookError) -> Value) throws(RollbookError) -> Value? {
    let isNow = state.withLock { state in
      if state.running == limit { return false }
      state.running += 1
      return true
    }
    guard isNow else { return nil }
    defer { if let next = next() { run(next) } }
    return try work()
  }

  /// Has work done that may block, once those before it have begun.
  package func begin(_ work: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      if state.running == limit {
        state.waiting.append(work)
        return false
      }
      state.running += 1
      return true
    }
    if isNow { run(work) }
  }

  private func run(_ work: @escaping @Sendable () -> Void) {
    // A serial queue of its own gets a thread of its own where the others block.
    DispatchQueue(label: "rollbook.files").async { [self] in
      work()
      while let next = next() { next() }
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    state.withLock { state in
      if state.waiting.isEmpty {
        state.running -= 1
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}
