import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Rollbook

/// Artifacts of several applications are copied and checked at once, a bounded number.
@Suite struct FileWorkTests {
  @Test(.timeLimit(.minutes(5))) func `one that takes long does not keep another waiting`()
    async throws
  {
    let engine = try Bench().engine
    let (first, second) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    // Each ends only when the other has begun.
    async let one = offPool(on: engine.checks) {
      first.signal()
      return second.wait(timeout: .now() + 120) == .success
    }
    async let other = offPool(on: engine.checks) {
      second.signal()
      return first.wait(timeout: .now() + 120) == .success
    }
    #expect(try await (one, other) == (true, true))
  }

  @Test func `no more than so many go on at once, and all are done`() async throws {
    let engine = try Bench().engine
    let counts = Counts()
    _ = try await several(Array(0..<200), atMost: 200) { (_) async throws(RollbookError) in
      try await offPool(on: engine.checks) { counts.go() }
    }
    #expect(counts.numbers.withLock { $0.most } <= 4)
    #expect(counts.numbers.withLock { $0.done } == 200)
  }
}

/// How many works go on, did at most, and are done.
private final class Counts: Sendable {
  let numbers = Mutex((now: 0, most: 0, done: 0))

  func go() {
    numbers.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
    sched_yield()
    numbers.withLock {
      $0.now -= 1
      $0.done += 1
    }
  }
}
