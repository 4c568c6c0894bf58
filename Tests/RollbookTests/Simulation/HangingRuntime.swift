import Rollbook
import RollbookTesting
import Synchronization

/// Where one call of a runtime stays until it is let go on.
final class Gate: Sendable {
  private struct State {
    /// How many calls come before the one that stays.
    var left: Int
    var staying: CheckedContinuation<Void, Never>?
  }

  private let state: Mutex<State>
  private let reached = AsyncStream.makeStream(of: Void.self)

  /// - Parameter call: which call stays, counted from 1.
  init(at call: Int) { state = Mutex(State(left: call - 1)) }

  func pass() async {
    let stays = state.withLock { state in
      state.left -= 1
      return state.left == -1
    }
    guard stays else { return }
    await withCheckedContinuation { continuation in
      state.withLock { $0.staying = continuation }
      reached.continuation.yield()
    }
  }

  /// Waits until a call stays; false where the one who calls ends before.
  func isReached() async -> Bool {
    for await _ in reached.stream { return true }
    return false
  }

  /// Whoever calls has ended.
  func end() { reached.continuation.finish() }

  func open() {
    let staying = state.withLock { state in
      defer { state.staying = nil }
      return state.staying
    }
    staying?.resume()
  }
}

/// A scripted runtime of which one call hangs.
struct HangingRuntime: ForwardingRuntime {
  let base: any RuntimeAdapter
  let gate: Gate

  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    await gate.pass()
    try await base.deploy(deployment, recordPlace: recordPlace)
  }

  func observe(_ generation: Generation) async -> Observation {
    await gate.pass()
    return await base.observe(generation)
  }

  func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    await gate.pass()
    return try await base.stop(generation, taking: target)
  }

  func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    await gate.pass()
    return try await base.snapshot(generation, into: target)
  }

  func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    await gate.pass()
    try await base.verify(snapshot)
  }

  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    await gate.pass()
    try await base.removeSnapshot(target)
  }
}
