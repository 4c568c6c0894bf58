internal import Rollbook

extension RuntimeConformance {
  /// Taking snapshots and beginning with them.
  static let snapshots = [
    bringsBack, stopsOnce, adoptsWhatWasLeft, leavesNothingAbsent, goesOn, snapshotsOnce,
    refusesWhatDoesNotRun, passesOn,
  ]

  private static func check(
    _ name: String, _ body: @escaping @Sendable (RuntimeConformanceBench) async throws -> Void
  ) -> Check { Check(name, needsSnapshots: true, body) }

  private static let bringsBack = check(
    "a stop that takes a snapshot keeps the state, and restoring brings it back"
  ) { bench in
    let generation = try await bench.running()
    try await bench.subject.work("one", in: generation)
    try await bench.subject.work("two", in: generation)
    let snapshot = try await bench.stopTaking(generation, bench.target())
    try await bench.expectNotRunning(generation, "a stop that takes a snapshot stops")
    try await bench.runtime.verify(snapshot)
    let restored = try await bench.running(restore: snapshot)
    try await bench.expectMemory(restored, ["one", "two"], "the state is that of the snapshot")
    try await bench.subject.work("three", in: restored)
    try await bench.runtime.verify(snapshot)
    _ = try await bench.runtime.stop(restored, taking: nil)
    let again = try await bench.running(restore: snapshot)
    try await bench.expectMemory(
      again, ["one", "two"], "who began with a snapshot does not change it")
  }

  private static let stopsOnce = check(
    "a repeated stop with the same target answers the same facts"
  ) { bench in
    let generation = try await bench.running()
    try await bench.subject.work("one", in: generation)
    let first = try await bench.runtime.stop(generation, taking: bench.target())
    let second = try await bench.runtime.stop(generation, taking: bench.target())
    try bench.expect(
      first != nil && second == first, "the second answer is the first: \(first as Any)",
      saw: second as Any)
  }

  private static let adoptsWhatWasLeft = check(
    "the state of what has ended becomes the snapshot as it was left"
  ) { bench in
    let generation = try await bench.running()
    try await bench.subject.work("left", in: generation)
    _ = try await bench.runtime.stop(generation, taking: nil)
    guard let facts = try await bench.runtime.stop(generation, taking: bench.target()) else {
      // A runtime whose ended programs leave no state, such as jobs of a cluster.
      return
    }
    let snapshot = bench.snapshot(facts, bench.target(), of: generation)
    try await bench.runtime.verify(snapshot)
    let restored = try await bench.running(restore: snapshot)
    try await bench.expectMemory(restored, ["left"], "the state is as it was left")
  }

  private static let leavesNothingAbsent = check(
    "what never ran leaves no snapshot"
  ) { bench in
    let generation = try await bench.generation()
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    try bench.expect(facts == nil, "stop answers nil where there is no state", saw: facts as Any)
    let found = try await bench.runtime.findSnapshot(bench.target())
    try bench.expect(found == nil, "no snapshot is left behind", saw: found as Any)
  }

  private static let goesOn = check(
    "what a snapshot is taken of goes on running"
  ) { bench in
    let generation = try await bench.running()
    let incarnation = try await bench.awaitReady(generation)
    try await bench.subject.work("before", in: generation)
    let facts = try await bench.runtime.snapshot(generation, into: bench.target())
    try await bench.expectRunning(
      generation, as: incarnation, "it goes on, and was not started anew")
    try await bench.subject.work("after", in: generation)
    try await bench.expectMemory(generation, ["before", "after"], "it is alive")
    let snapshot = bench.snapshot(facts, bench.target(), of: generation)
    try await bench.runtime.verify(snapshot)
    _ = try await bench.runtime.stop(generation, taking: nil)
    let restored = try await bench.running(restore: snapshot)
    try await bench.expectMemory(restored, ["before"], "the state is that of the snapshot's time")
  }

  private static let snapshotsOnce = check(
    "a repeated snapshot into the same target answers the same facts"
  ) { bench in
    let generation = try await bench.running()
    try await bench.subject.work("one", in: generation)
    let first = try await bench.runtime.snapshot(generation, into: bench.target())
    try await bench.subject.work("two", in: generation)
    let second = try await bench.runtime.snapshot(generation, into: bench.target())
    try bench.expect(second == first, "the second answer is the first: \(first)", saw: second)
  }

  private static let refusesWhatDoesNotRun = check(
    "no snapshot can be had of what does not run"
  ) { bench in
    let generation = try await bench.running()
    _ = try await bench.runtime.stop(generation, taking: nil)
    let failure = try await bench.failure("a snapshot of what has ended is refused") {
      try await bench.runtime.snapshot(generation, into: bench.target())
    }
    try bench.expect(
      failure.effect == .ended || failure.effect == .untouched,
      "the effect is .ended or .untouched", saw: failure)
    let found = try await bench.runtime.findSnapshot(bench.target())
    try bench.expect(found == nil, "nothing of it is left behind", saw: found as Any)
  }

  private static let passesOn = check(
    "a snapshot that one application's stop takes is not another's"
  ) { bench in
    let first = try await bench.running(application: 7)
    let second = try await bench.running(application: 8)
    try await bench.subject.work("seven", in: first)
    try await bench.subject.work("eight", in: second)
    let one = try await bench.stopTaking(first, bench.target(11, application: 7))
    let two = try await bench.stopTaking(second, bench.target(12, application: 8))
    let restoredSecond = try await bench.running(application: 8, restore: two)
    let restoredFirst = try await bench.running(application: 7, restore: one)
    try await bench.expectMemory(restoredFirst, ["seven"], "each restores its own state")
    try await bench.expectMemory(restoredSecond, ["eight"], "each restores its own state")
  }
}
