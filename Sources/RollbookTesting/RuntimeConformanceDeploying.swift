internal import Rollbook
internal import Synchronization

extension RuntimeConformance {
  static let deploying = [
    namesItsEnvironment, lives, recordsPlaceFirst, runsNothingWithoutPlace, isAbsent,
    runsOnce, keepsGenerationsApart, keepsApplicationsApart, isSeenByOthers, answersLog,
  ]

  private static let namesItsEnvironment = Check(
    "a configuration is checked, and the answer names what it runs on"
  ) { bench in
    let code = try await bench.subject.makeCode(.runs)
    let first = try await bench.runtime.check(code.configuration, codePath: code.path)
    let second = try await bench.runtime.check(code.configuration, codePath: nil)
    try bench.expect(!first.isEmpty, "check names the runtime environment", saw: "an empty text")
    try bench.expect(
      first == second, "code alone does not change the runtime environment",
      saw: "\(first), then \(second)")
  }

  private static let lives = Check("what is deployed runs, and ends when it is stopped") { bench in
    let generation = try await bench.deploy(bench.generation())
    let incarnation = try await bench.awaitReady(generation)
    await bench.pause()
    try await bench.expectRunning(
      generation, as: incarnation, "an incarnation stays the same while the program goes on")
    let facts = try await bench.runtime.stop(generation, taking: nil)
    try bench.expect(facts == nil, "stop without a target answers nil", saw: facts as Any)
    try await bench.expectNotRunning(generation, "what has been stopped does not run")
  }

  private static let recordsPlaceFirst = Check(
    "the place is recorded once, before anything runs"
  ) { bench in
    let generation = try await bench.generation()
    let seen = Mutex<[Observation]>([])
    try await bench.deploy(generation) { _ in
      let observation = await bench.runtime.observe(generation)
      seen.withLock { $0.append(observation) }
    }
    let observations = seen.withLock { $0 }
    try bench.expect(
      observations.count == 1, "deploy calls recordPlace exactly once",
      saw: "\(observations.count) calls")
    for observation in observations {
      switch observation {
      case .absent, .running(ready: false, _): break
      default:
        throw bench.violation(
          "nothing of the program runs before its place is durable", saw: observation)
      }
    }
    try await bench.awaitReady(generation)
  }

  private struct PlaceIsLost: Error {}

  private static let runsNothingWithoutPlace = Check(
    "where the place cannot be recorded, nothing ever runs"
  ) { bench in
    let generation = try await bench.generation()
    do {
      try await bench.deploy(generation) { _ in throw PlaceIsLost() }
      throw bench.violation("deploy throws what recordPlace threw", saw: "no error")
    } catch is PlaceIsLost {
      // As it should be.
    } catch {
      throw bench.violation("deploy throws what recordPlace threw", saw: error)
    }
    for _ in 0..<2 {
      let seen = await bench.runtime.observe(generation)
      try bench.expect(seen == .absent, "nothing runs without a recorded place", saw: seen)
      await bench.pause()
    }
    _ = try await bench.running()
  }

  private static let isAbsent = Check("what was never deployed is absent") { bench in
    let generation = try await bench.generation()
    let seen = await bench.runtime.observe(generation)
    try bench.expect(seen == .absent, "a token that was never deployed is absent", saw: seen)
  }

  private static let runsOnce = Check("deploying again what runs changes nothing") { bench in
    let generation = try await bench.running()
    let incarnation = try await bench.awaitReady(generation)
    try await bench.subject.work("once", in: generation)
    try await bench.deploy(generation)
    try await bench.expectRunning(
      generation, as: incarnation, "a deployment that is asked for again is confirmed")
    try await bench.expectMemory(
      generation, ["once"], "a deployment that is asked for again leaves the state")
  }

  private static let keepsGenerationsApart = Check(
    "a generation without a restore begins with no state"
  ) { bench in
    let first = try await bench.running()
    try await bench.subject.work("first", in: first)
    _ = try await bench.runtime.stop(first, taking: nil)
    let second = try await bench.running()
    try await bench.expectMemory(second, [], "nothing of an earlier generation's state is taken")
    try await bench.expectNotRunning(first, "the earlier generation stays as it was")
  }

  private static let keepsApplicationsApart = Check(
    "two applications do not disturb each other"
  ) { bench in
    let first = try await bench.running(application: 7)
    let second = try await bench.running(application: 8)
    let incarnation = try await bench.awaitReady(second)
    try await bench.subject.work("one", in: first)
    try await bench.subject.work("two", in: second)
    try await bench.expectMemory(first, ["one"], "each application has a state of its own")
    _ = try await bench.runtime.stop(first, taking: nil)
    try await bench.expectRunning(
      second, as: incarnation, "stopping one application leaves the other")
    try await bench.expectMemory(second, ["two"], "each application has a state of its own")
  }

  private static let isSeenByOthers = Check(
    "a runtime that is made anew sees and ends what runs"
  ) { bench in
    let generation = try await bench.running()
    let incarnation = try await bench.awaitReady(generation)
    let other = try await bench.subject.makeRuntime()
    let seen = await other.observe(generation)
    try bench.expect(
      seen == .running(ready: true, incarnation: incarnation),
      "what runs is seen by whoever settles after the engine died", saw: seen)
    _ = try await other.stop(generation, taking: nil)
    try await bench.expectNotRunning(generation, "whoever settles can end it")
  }

  private static let answersLog = Check("a log is answered in parts, or not at all") { bench in
    let generation = try await bench.running()
    guard let part = await bench.runtime.log(of: generation, from: 0, limit: 8) else { return }
    let count = Int64(part.bytes.count)
    try bench.expect(count <= 8, "a part holds at most as many bytes as asked", saw: count)
    try bench.expect(
      part.nextOffset == count, "the next part begins after the last byte", saw: part.nextOffset)
  }
}
