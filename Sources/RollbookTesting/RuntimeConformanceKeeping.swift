internal import Rollbook

extension RuntimeConformance {
  /// Finding, verifying and removing snapshots.
  static let keepingSnapshots = [
    finds, removesTwice, removesOne, begetsNothing, snapshotsCancelled, findsForOthers,
  ]

  private static func check(
    _ name: String, _ body: @escaping @Sendable (RuntimeConformanceBench) async throws -> Void
  ) -> Check { Check(name, needsSnapshots: true, body) }

  private static let finds = check("a snapshot is found once it is complete") { bench in
    let generation = try await bench.running()
    let before = try await bench.runtime.findSnapshot(bench.target())
    try bench.expect(before == nil, "none is found before it is taken", saw: before as Any)
    let facts = try await bench.runtime.snapshot(generation, into: bench.target())
    let after = try await bench.runtime.findSnapshot(bench.target())
    try bench.expect(after == facts, "it is found with its facts: \(facts)", saw: after as Any)
    let other = try await bench.runtime.stop(generation, taking: bench.target(12))
    let found = try await bench.runtime.findSnapshot(bench.target(12))
    try bench.expect(
      found == other, "what a stop took is found with its facts: \(other as Any)",
      saw: found as Any)
  }

  private static let removesTwice = check("a snapshot is removed for good") { bench in
    let generation = try await bench.running()
    try await bench.runtime.removeSnapshot(bench.target())
    let facts = try await bench.runtime.snapshot(generation, into: bench.target())
    let snapshot = bench.snapshot(facts, bench.target(), of: generation)
    for _ in 0..<2 { try await bench.runtime.removeSnapshot(bench.target()) }
    let found = try await bench.runtime.findSnapshot(bench.target())
    try bench.expect(found == nil, "what was removed is not found", saw: found as Any)
    _ = try await bench.failure("verify fails for what was removed") {
      try await bench.runtime.verify(snapshot)
    }
  }

  private static let removesOne = check("removing a snapshot leaves the others") { bench in
    let generation = try await bench.running()
    try await bench.subject.work("one", in: generation)
    let first = try await bench.runtime.snapshot(generation, into: bench.target(1))
    let second = try await bench.runtime.snapshot(generation, into: bench.target(11))
    try await bench.runtime.removeSnapshot(bench.target(1))
    let kept = bench.snapshot(second, bench.target(11), of: generation)
    try await bench.runtime.verify(kept)
    _ = try await bench.failure("only the one is removed") {
      try await bench.runtime.verify(bench.snapshot(first, bench.target(1), of: generation))
    }
    _ = try await bench.runtime.stop(generation, taking: nil)
    let restored = try await bench.running(restore: kept)
    try await bench.expectMemory(restored, ["one"], "the other can be restored")
  }

  private static let begetsNothing = check(
    "a deployment whose snapshot is gone fails, and nothing runs"
  ) { bench in
    let generation = try await bench.running()
    let snapshot = try await bench.stopTaking(generation, bench.target())
    try await bench.runtime.removeSnapshot(bench.target())
    let next = try await bench.generation()
    let failure = try await bench.failure("what cannot be restored is not deployed without") {
      try await bench.deploy(next, restore: snapshot)
    }
    try bench.expect(failure.effect == .ended, "the effect is .ended", saw: failure)
    try await bench.expectNotRunning(next, "nothing of it runs")
  }

  private static let snapshotsCancelled = check(
    "a cancelled snapshot is whole or not there, and the program goes on"
  ) { bench in
    let generation = try await bench.running()
    let incarnation = try await bench.awaitReady(generation)
    let facts: SnapshotFacts?
    do {
      facts = try await cancelled {
        try await bench.runtime.snapshot(generation, into: bench.target())
      }
    } catch let failure as RuntimeFailure where failure.effect == .untouched {
      facts = nil
    } catch {
      throw bench.violation("a cancelled snapshot fails with .untouched", saw: error)
    }
    try await bench.expectRunning(generation, as: incarnation, "the program goes on")
    let found = try await bench.runtime.findSnapshot(bench.target())
    try bench.expect(
      found == facts, "what was answered is what is there: \(facts as Any)", saw: found as Any)
    try await bench.subject.work("after", in: generation)
    try await bench.expectMemory(generation, ["after"], "the program is alive")
  }

  private static let findsForOthers = check(
    "a runtime that is made anew finds, verifies and restores a snapshot"
  ) { bench in
    let generation = try await bench.running()
    try await bench.subject.work("kept", in: generation)
    let snapshot = try await bench.stopTaking(generation, bench.target())
    let other = try await bench.subject.makeRuntime()
    let found = try await other.findSnapshot(bench.target())
    try bench.expect(
      found == snapshot.outcome?.facts, "whoever settles finds it", saw: found as Any)
    try await other.verify(snapshot)
  }
}
