internal import Synchronization

extension Driver {
  /// Waits until the new generation counts as RUNNING: ready, and without a stumble over the settle
  /// window.
  ///
  /// - Returns: the operation's ending, where there is no bake time.
  func awaitRunning(
    _ progress: inout Progress, new: inout Settling.Sight?
  ) async throws -> OperationEnding? {
    guard let started = progress.started, let version = situation.targetVersion else { return nil }
    let settings = version.configuration
    let generation = try generation(started)
    // What is seen in the window has happened in it.
    let lag = await runtime.observationLag(of: generation)
    let settle = max(settings.settleSeconds, lag > 0 ? lag + runtime.pollInterval : 0)
    // The time runs from the deployment; taken up by somebody else, anew.
    var watch = Watch(
      now: progress.deployUptime ?? engine.clock.uptime(), timeout: settings.timeoutSeconds,
      settle: settle, awaitsResources: operation.kind != .update && operation.kind != .scale)
    let outcome = try await self.watch(generation, by: &watch, progress)
    switch outcome {
    case .passed: break
    case .cancelled: return nil
    case .missing:
      new = try await look(at: generation)
      return nil
    case .failed(let failure, let phase):
      try await fail(failure, phase: phase, &progress)
      return nil
    }
    if situation.bakeSeconds > 0 {
      try await record(.running, StepDetail(), &progress)
      return nil
    }
    return OperationEnding(.successful)
  }

  /// Watches a generation that reached RUNNING for the rest of the bake time.
  func bake(
    _ progress: inout Progress, new: inout Settling.Sight?
  ) async throws -> OperationEnding? {
    guard let started = progress.started, let since = progress.runningSince else { return nil }
    let generation = try generation(started)
    let passed = max(0, Timestamp.now().seconds(since: since))
    var watch = Watch(
      now: engine.clock.uptime(), bake: max(0, situation.bakeSeconds - passed))
    let outcome = try await self.watch(generation, by: &watch, progress)
    switch outcome {
    case .passed: return OperationEnding(.successful)
    case .cancelled: return nil
    case .missing:
      new = try await look(at: generation)
      return nil
    case .failed(let failure, let phase):
      try await fail(failure, phase: phase, &progress)
      return nil
    }
  }

  private enum WatchOutcome {
    case passed
    case failed(RuntimeFailure, Failure.Phase)
    case cancelled
    case missing
  }

  /// Observes until a judge has seen enough, or somebody gives the operation up.
  private func watch(
    _ generation: Generation, by judge: inout Watch, _ progress: Progress
  ) async throws -> WatchOutcome {
    var lastLook = -Double.infinity
    while true {
      let begun = engine.clock.uptime()
      let seen = try await interruptibly(progress) { [runtime] in
        await runtime.observe(generation)
      }
      let now = engine.clock.uptime()
      // An observation that was given up has seen nothing.
      if case .unreachable = seen, try await isCancelled() { return .cancelled }
      switch judge.observe(seen, at: now, begun: begun) {
      case .goOn: break
      case .passed: return .passed
      case .failed(let failure, let phase):
        let isNotReady = phase == .start && failure.effect == .unknown
        return .failed(isNotReady ? await explained(failure, generation) : failure, phase)
      case .restarted(let failure, let phase):
        return .failed(await reason(of: failure, generation), phase)
      case .missing: return .missing
      case .unreachable(let why):
        try await runtimeIsUnreachable("while watching the new version: \(why)")
      }
      let pause = judge.pause(at: now, pollInterval: runtime.pollInterval)
      if try await isCancelled(within: pause, &lastLook) { return .cancelled }
    }
  }

  /// Sleeps, and looks at least every 200 ms whether somebody gives the operation up.
  private func isCancelled(within seconds: Double, _ lastLook: inout Double) async throws -> Bool {
    let end = engine.clock.uptime() + seconds
    while true {
      try Task.checkCancellation()
      let now = engine.clock.uptime()
      if now - lastLook >= Self.cancellationInterval {
        lastLook = now
        if try await isCancelled() { return true }
      }
      if now >= end { return false }
      await engine.clock.sleep(seconds: min(end - now, Self.cancellationInterval))
    }
  }

  private static let cancellationInterval: Double = 0.15
}

extension Driver {
  /// Why a generation restarted: what is told of it may come later than that it did.
  private func reason(
    of failure: RuntimeFailure, _ generation: Generation
  ) async -> RuntimeFailure {
    let end = engine.clock.uptime() + (await runtime.observationLag(of: generation)) + 1
    while engine.clock.uptime() < end, !Task.isCancelled {
      switch await runtime.observe(generation) {
      case .failing(let ending), .ended(let ending):
        return RuntimeFailure(
          failure.effect, rootCause: ending.rootCause, text: ending.text,
          evidence: ending.evidence)
      case .running, .absent, .missing, .unreachable: break
      }
      await engine.clock.sleep(seconds: runtime.pollInterval)
    }
    return failure
  }

  /// A failure to be ready, with what there is to say about it.
  private func explained(_ failure: RuntimeFailure, _ generation: Generation) async
    -> RuntimeFailure
  {
    guard let said = await runtime.unreadiness(of: generation) else { return failure }
    return RuntimeFailure(
      failure.effect, rootCause: failure.rootCause, text: "\(failure.text)\n\(said)",
      evidence: failure.evidence)
  }
}

/// A place that a closure of another task fills in.
final class PlaceBox: Sendable {
  private let place = Mutex<Place?>(nil)
  var value: Place? { place.withLock { $0 } }
  func set(_ value: Place) { place.withLock { $0 = value } }
}
