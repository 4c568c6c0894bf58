import Glibc
import Synchronization
import Testing

@testable import Rollbook
@testable import RollbookTesting

/// An operation reads and commits on a thread of its own, which is none of Swift's pool.
@Suite struct OwnThreadTests {
  @Test func `work is done on a thread that may block, and what it calls too`() async throws {
    #expect(!OwnThread.isCurrent)
    try await onOwnThread { () async throws(RollbookError) in
      #expect(OwnThread.isCurrent)
      await Task.yield()
      #expect(OwnThread.isCurrent)
      let isChildToo = await withTaskGroup(of: Bool.self) { group in
        group.addTask { OwnThread.isCurrent }
        return await group.next()
      }
      #expect(isChildToo == true)
      // Nobody else's work is done there.
      #expect(await Task.detached { OwnThread.isCurrent }.value == false)
    }
    #expect(!OwnThread.isCurrent)
  }

  @Test func `work within work stays where it is`() async throws {
    try await onOwnThread { () async throws(RollbookError) in
      let outer = currentThread()
      try await onOwnThread { () async throws(RollbookError) in #expect(currentThread() == outer) }
    }
  }

  @Test func `a journal is read and written where the caller is, and elsewhere for others`()
    async throws
  {
    let bench = try Bench()
    let journal = bench.engine.journal
    try await onOwnThread { () async throws(RollbookError) in
      let here = currentThread()
      #expect(try await journal.read { (_) in currentThread() } == here)
      #expect(try await journal.write { (_) in currentThread() } == here)
    }
    #expect(try await journal.read { (_) in OwnThread.isCurrent } == false)
    #expect(try await journal.write { (_) in OwnThread.isCurrent } == false)
  }

  @Test func `an operation is carried out where the journal may block`() async throws {
    let elsewhere = Mutex(0)
    let bench = try Bench(TemporaryHome()) { _, _ in
      if !OwnThread.isCurrent { elsewhere.withLock { $0 += 1 } }
    }
    try await bench.create()
    // Checking its code is no operation's work.
    elsewhere.withLock { $0 = 0 }
    try await bench.start()
    try await bench.run(.stop(force: false))
    _ = try await bench.engine.settle(bench.engine.application(named: "shop"))
    #expect(elsewhere.withLock { $0 } == 0)
  }

  @Test(.timeLimit(.minutes(5))) func `of many who write at once nothing is lost or done twice`()
    async throws
  {
    let bench = try Bench()
    try await bench.create()
    let operation = try await bench.engine.prepare(
      .start(restore: nil, allowNonRestoredState: false), on: "shop", by: bench.requester
    ).operation.id
    _ = try await several(Array(0..<200), atMost: 200) { (index) async throws(RollbookError) in
      try await onOwnThread { () async throws(RollbookError) in
        var detail = StepDetail()
        detail.message = "\(index)"
        let recorded = detail
        try await bench.engine.journal.write { (writer) throws(RollbookError) in
          try writer.addStep(.settling, recorded, to: operation)
        }
      }
    }
    let messages = try await bench.engine.journal.read { (reader) throws(RollbookError) in
      try reader.steps(of: operation).compactMap(\.detail.message)
    }
    #expect(Set(messages) == Set((0..<200).map { "\($0)" }) && messages.count == 200)
  }
}

@Suite struct TickerTests {
  @Test(.timeLimit(.minutes(5))) func `who waits is woken, again and again, and all at once`()
    async throws
  {
    let ticker = Ticker(every: .milliseconds(1))
    await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask { for _ in 0..<5 { await ticker.tick() } }
      }
    }
    // Nobody waits any more, and it ticks anew for who comes.
    await ticker.tick()
  }

  @Test(.timeLimit(.minutes(5))) func `who is cancelled waits for no tick`() async throws {
    let ticker = Ticker(every: .seconds(100_000))
    let before = Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      await ticker.tick()
    }
    await before.value
    for _ in 0..<100 {
      let waiting = Task { await ticker.tick() }
      await Task.yield()
      waiting.cancel()
      await waiting.value
    }
  }
}

private func currentThread() -> UInt { UInt(pthread_self()) }
