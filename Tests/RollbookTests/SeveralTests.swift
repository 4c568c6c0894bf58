import Rollbook
import Synchronization
import Testing

/// Several applications are settled and started at once, a bounded number, in a stable order.
@Suite struct SeveralTests {
  @Test(.timeLimit(.minutes(1))) func `one that waits does not keep the others waiting`()
    async throws
  {
    // The first ends only after the last.
    let (ended, end) = AsyncStream<Void>.makeStream()
    let answers = try await several([0, 1, 2]) { (item) async throws(RollbookError) in
      if item == 0 {
        for await _ in ended { break }
      } else if item == 2 {
        end.yield()
      }
      return item * 10
    }
    #expect(answers == [0, 10, 20])
  }

  @Test func `no more than so many go on at once`() async throws {
    let counts = Mutex((now: 0, most: 0))
    _ = try await several(Array(0..<40), atMost: 3) { (_) async throws(RollbookError) in
      counts.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      await Task.yield()
      counts.withLock { $0.now -= 1 }
    }
    #expect(counts.withLock { $0.now } == 0)
    #expect((1...3).contains(counts.withLock { $0.most }))
  }

  @Test func `after a failure nothing more is begun`() async throws {
    let begun = Mutex<[Int]>([])
    await #expect {
      try await several([0, 1, 2], atMost: 1) { (item) async throws(RollbookError) in
        begun.withLock { $0.append(item) }
        if item == 1 { throw RollbookError(.journalFailed, "no") }
      }
    } throws: {
      ($0 as? RollbookError)?.code == .journalFailed
    }
    #expect(begun.withLock { $0 } == [0, 1])
  }
}
