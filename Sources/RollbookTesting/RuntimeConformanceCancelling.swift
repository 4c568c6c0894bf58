internal import Rollbook

extension RuntimeConformance {
  static let cancelling = [cancelsDeploying, deploysCancelled, stopsCancelled]

  /// Makes a call in a task that is cancelled already.
  static func cancelled<Value: Sendable>(
    _ call: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let cancellation = AsyncStream<Void>.makeStream()
    let task = Task {
      for await _ in cancellation.stream {}
      return try await call()
    }
    task.cancel()
    cancellation.continuation.finish()
    return try await task.value
  }

  private static let cancelsDeploying = Check(
    "a deployment that is cancelled while its place is recorded runs or does not, never half"
  ) { bench in
    let generation = try await bench.generation()
    let recording = AsyncStream<Void>.makeStream()
    let cancellation = AsyncStream<Void>.makeStream()
    let task = Task {
      defer { recording.continuation.finish() }
      _ = try await bench.deploy(generation) { _ in
        recording.continuation.finish()
        for await _ in cancellation.stream {}
      }
    }
    for await _ in recording.stream {}
    task.cancel()
    cancellation.continuation.finish()
    try await expectWhole(await task.result, generation, bench)
  }

  private static let deploysCancelled = Check(
    "a deployment in a cancelled task runs or does not, never half"
  ) { bench in
    let generation = try await bench.generation()
    let result: Result<Void, any Error>
    do {
      result = .success(try await cancelled { _ = try await bench.deploy(generation) })
    } catch {
      result = .failure(error)
    }
    try await expectWhole(result, generation, bench)
  }

  /// What a deployment that was cancelled may leave.
  private static func expectWhole(
    _ result: Result<Void, any Error>, _ generation: Generation, _ bench: RuntimeConformanceBench
  ) async throws {
    switch result {
    case .success: try await bench.awaitReady(generation)
    case .failure(let failure as RuntimeFailure)
    where failure.effect == .ended || failure.effect == .untouched:
      try await bench.expectNotRunning(
        generation, "a deployment that fails with .\(failure.effect) runs nothing")
    case .failure(let error):
      throw bench.violation(
        "a cancelled deployment fails with .ended or .untouched", saw: error)
    }
  }

  private static let stopsCancelled = Check(
    "a stop in a cancelled task stops or does not, never half"
  ) { bench in
    let generation = try await bench.running()
    let incarnation = try await bench.awaitReady(generation)
    do {
      _ = try await cancelled { try await bench.runtime.stop(generation, taking: nil) }
    } catch let failure as RuntimeFailure where failure.effect == .untouched {
      try await bench.expectRunning(
        generation, as: incarnation, "what is .untouched runs as before")
      try await bench.subject.work("on", in: generation)
      try await bench.expectMemory(generation, ["on"], "what is .untouched is alive")
      return
    } catch let failure as RuntimeFailure where failure.effect == .ended {
      // As after a stop.
    } catch {
      throw bench.violation("a cancelled stop fails with .untouched or .ended", saw: error)
    }
    try await bench.expectNotRunning(generation, "what has been stopped does not run")
  }
}
