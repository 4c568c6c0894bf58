internal import Rollbook

extension RuntimeConformance {
  /// Programs that do not run as they should.
  static let ending = [leavesNothingRefused, tellsHowItEnded, staysUnready]

  private static let leavesNothingRefused = Check(
    "a failed deployment says why and leaves nothing", programs: [.isRefused]
  ) { bench in
    let generation = try await bench.generation(.isRefused)
    let failure = try await bench.failure("a program that cannot be started is refused") {
      try await bench.deploy(generation)
    }
    try bench.expect(
      failure.effect == .ended, "a refused deployment has the effect .ended", saw: failure)
    try expectOneLine(failure.rootCause, bench)
    try await bench.expectNotRunning(generation, "nothing of a refused deployment runs")
    let facts = try await bench.runtime.stop(generation, taking: nil)
    try bench.expect(
      facts == nil, "stopping what was refused is no error and answers nil", saw: facts as Any)
  }

  private static let tellsHowItEnded = Check(
    "a program that failed is seen as ended, with evidence", programs: [.fails]
  ) { bench in
    let generation = try await bench.deploy(bench.generation(.fails))
    let ending = try await bench.awaitEnd(generation)
    try bench.expect(ending.cause == .failed, "its end has the cause .failed", saw: ending.cause)
    try expectOneLine(ending.rootCause, bench)
    try bench.expect(!ending.text.isEmpty, "the whole text is kept", saw: "an empty text")
    let evidence = ending.evidence
    let isEvident =
      evidence.exitStatus != nil || evidence.signal != nil || evidence.httpStatus != nil
      || evidence.exceptions?.isEmpty == false
    try bench.expect(
      isEvident, "there is an exit status, a signal, an HTTP status or an exception",
      saw: evidence)
    let again = await bench.runtime.observe(generation)
    try bench.expect(again == .ended(ending), "looking again sees the same end", saw: again)
    for _ in 0..<2 {
      let facts = try await bench.runtime.stop(generation, taking: nil)
      try bench.expect(
        facts == nil, "stopping what has ended is no error and answers nil", saw: facts as Any)
    }
    let stopped = await bench.runtime.observe(generation)
    try bench.expect(
      stopped == .ended(ending), "stopping what has ended does not change how it ended",
      saw: stopped)
  }

  private static let staysUnready = Check(
    "a program that never gets ready is seen so, and can be stopped", programs: [.isNeverReady]
  ) { bench in
    let generation = try await bench.deploy(bench.generation(.isNeverReady))
    for _ in 0..<3 {
      let seen = await bench.runtime.observe(generation)
      guard case .running(ready: false, _) = seen else {
        throw bench.violation("it runs and is not ready", saw: seen)
      }
      await bench.pause()
    }
    _ = try await bench.runtime.stop(generation, taking: nil)
    try await bench.expectNotRunning(generation, "what has been stopped does not run")
  }

  private static func expectOneLine(
    _ rootCause: String, _ bench: RuntimeConformanceBench
  ) throws {
    try bench.expect(
      !rootCause.isEmpty && !rootCause.contains("\n"), "the root cause is one line",
      saw: "“\(rootCause)”")
  }

  static let stopping = [stopsTwice, stopsNothing]

  private static let stopsTwice = Check("stopping what has been stopped is no error") { bench in
    let generation = try await bench.running()
    for _ in 0..<2 {
      let facts = try await bench.runtime.stop(generation, taking: nil)
      try bench.expect(facts == nil, "stop without a target answers nil", saw: facts as Any)
      try await bench.expectNotRunning(generation, "what has been stopped does not run")
    }
  }

  private static let stopsNothing = Check("stopping what is absent is no error") { bench in
    let generation = try await bench.generation()
    let facts = try await bench.runtime.stop(generation, taking: nil)
    try bench.expect(facts == nil, "stop without a target answers nil", saw: facts as Any)
    let seen = await bench.runtime.observe(generation)
    try bench.expect(seen == .absent, "what never ran stays absent", saw: seen)
  }
}
