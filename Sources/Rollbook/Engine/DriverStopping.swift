extension Driver {
  /// Stops the old generation, with a snapshot where one is due.
  ///
  /// - Returns: how the operation ends, where that ends it; else the progress has gone on.
  func stopOld(
    _ progress: inout Progress, old: inout Settling.Sight
  ) async throws -> OperationEnding? {
    guard let generation = situation.old else { return nil }
    let snapshot = try await intendToStop(&progress)
    let target = snapshot.map { self.target(id: $0.id, name: $0.name, of: generation) }
    do {
      let facts = try await interruptibly(progress) { [runtime] in
        try await runtime.stop(generation, taking: target)
      }
      try await recordStopped(target, facts, &progress)
      return nil
    } catch let failure as RuntimeFailure {
      return try await stopFailed(failure, target, &progress, old: &old)
    }
  }

  /// A stop that a dead holder asked for goes on although nobody waits for it: once its snapshot is
  /// complete the generation ends, and is not untouched.
  ///
  /// - Returns: true where it was such a stop; then it is recorded.
  func finishStop(_ progress: inout Progress) async throws -> Bool {
    guard isResumed, let snapshot = progress.snapshot, let generation = situation.old else {
      return false
    }
    let target = target(id: snapshot.id, name: snapshot.name, of: generation)
    var facts: SnapshotFacts?
    do throws(RuntimeFailure) {
      guard try await runtime.findSnapshot(target) != nil else { return false }
      facts = try await runtime.stop(generation, taking: target)
    } catch {
      let failure = error
      try await cannotEnd("the old version", failure)
    }
    try await recordStopped(target, facts, &progress)
    return true
  }

  /// Leaves the operation in progress: nobody knows that what was to end has ended.
  private func cannotEnd(_ what: String, _ failure: RuntimeFailure) async throws -> Never {
    if failure.effect == .unreachable {
      try await runtimeIsUnreachable("while ending \(what): \(failure.rootCause)")
    }
    throw RollbookError(
      .runtimeFailed,
      "\(operation.name) \(operation.id) of \(application.name) could not end \(what): "
        + failure.rootCause,
      hint: "The operation stays in progress; run `rollbook settle` when the cause is mended.")
  }

  /// Makes durable that the old generation is about to be stopped, and under which id its snapshot.
  private func intendToStop(
    _ progress: inout Progress
  ) async throws(RollbookError) -> (id: SnapshotID, name: String)? {
    let wantsSnapshot = situation.snapshotPolicy != .none && !progress.snapshotIsMissed
    if progress.stage == .begun || (wantsSnapshot && progress.snapshot == nil) {
      var detail = StepDetail()
      detail.generation = situation.running?.token
      if wantsSnapshot, let running = situation.running, let version = situation.runningVersion {
        let name = situation.snapshotName
        let id = operation.id
        let snapshot = try await engine.journal.write { (writer) throws(RollbookError) in
          let snapshot = try writer.beginSnapshot(
            named: name, of: running, runtimeEnvironment: version.runtimeEnvironment, in: id)
          var detail = StepDetail()
          detail.generation = running.token
          detail.snapshot = name
          detail.snapshotID = snapshot
          try writer.addStep(.stopping, detail, to: id)
          return snapshot
        }
        detail.snapshot = name
        detail.snapshotID = snapshot
        progress.apply(.stopping, detail, at: .now())
        control.report(.step(operation, .stopping, detail))
      } else {
        try await record(.stopping, detail, &progress)
      }
    }
    return progress.snapshot
  }

  func target(id: SnapshotID, name: String, of generation: Generation) -> SnapshotTarget {
    SnapshotTarget(
      id: id, name: name,
      timeoutSeconds: generation.version.configuration.snapshotTimeoutSeconds,
      generation: generation)
  }

  private func recordStopped(
    _ target: SnapshotTarget?, _ facts: SnapshotFacts?, _ progress: inout Progress
  ) async throws(RollbookError) {
    var detail = StepDetail()
    detail.generation = situation.running?.token
    detail.snapshot = facts == nil ? nil : target?.name
    let application = application.id
    try await record(.stopped, detail, &progress) { (writer) throws(RollbookError) in
      guard let target else { return }
      try writer.endSnapshot(
        target.id, of: application, facts,
        failure: facts == nil ? "the generation left no state" : nil)
    }
  }

  private func stopFailed(
    _ failure: RuntimeFailure, _ target: SnapshotTarget?, _ progress: inout Progress,
    old: inout Settling.Sight
  ) async throws -> OperationEnding? {
    old = try await look(at: situation.old)
    if failure.effect == .unreachable || old == .unreachable {
      try await runtimeIsUnreachable("while stopping the old version: \(failure.rootCause)")
    }
    try Task.checkCancellation()
    // Somebody asked for it: the loop sees the request, or that it is time to leave.
    if control.isLeaving && mayLeave(progress) { return nil }
    let isGivenUp = try await isCancelled()
    if old == .runs && failure.effect == .untouched && isGivenUp { return nil }
    if let target, situation.snapshotPolicy == .bestEffort {
      try await missSnapshot(target, failure, &progress)
      return nil
    }
    if old == .runs && failure.effect != .untouched { old = try await awaitEnd() }
    // It may be ending, or its state may still be saved: nothing is decided before that is known.
    let isUntouched = old == .runs && failure.effect == .untouched
    guard isUntouched || (isGivenUp && old != .runs) else {
      throw RollbookError(
        .runtimeFailed,
        "The old version of \(application.name) could not be stopped cleanly: "
          + failure.rootCause,
        hint: "\(operation.name) \(operation.id) stays in progress: mend the cause and run "
          + "`rollbook settle`, or give it up with `rollbook stop \(application.name) --force`.")
    }
    return failedStop(failure, target, isUntouched: isUntouched)
  }

  /// Goes on without a snapshot that would have been good to have.
  private func missSnapshot(
    _ target: SnapshotTarget, _ failure: RuntimeFailure, _ progress: inout Progress
  ) async throws(RollbookError) {
    var detail = StepDetail()
    detail.snapshot = target.name
    detail.message = failure.rootCause
    let application = application.id
    try await record(.snapshotMissed, detail, &progress) { (writer) throws(RollbookError) in
      try writer.endSnapshot(target.id, of: application, nil, failure: failure.rootCause)
    }
  }

  /// Waits for a generation that was told to end, and whose answer was lost.
  private func awaitEnd() async throws -> Settling.Sight {
    let grace = situation.runningVersion?.configuration.stopGraceSeconds ?? 10
    let deadline = engine.clock.uptime() + grace
    while engine.clock.uptime() < deadline {
      let seen = try await look(at: situation.old)
      if seen != .runs { return seen }
      await engine.clock.sleep(seconds: runtime.pollInterval)
    }
    return .runs
  }

  private func failedStop(
    _ failure: RuntimeFailure, _ target: SnapshotTarget?, isUntouched: Bool
  ) -> OperationEnding {
    OperationEnding(
      .failed, oldIsUntouched: isUntouched,
      failure: Failure(
        phase: target == nil ? .stop : .snapshot, rootCause: failure.rootCause,
        text: failure.text, evidence: failure.evidence))
  }

  /// Ends what this operation started, so that nothing is left half running.
  func endStarted(_ progress: Progress) async throws {
    guard let started = progress.started else { return }
    let generation = try generation(started)
    do throws(RuntimeFailure) {
      _ = try await runtime.stop(generation, taking: nil)
    } catch {
      let failure = error
      guard failure.effect == .mayStartLater else {
        try await cannotEnd("what it started", failure)
      }
      return try await suspect(generation)
    }
    // Whoever asked for it has died, and nobody will hear the answer.
    if isResumed, case .missing = await runtime.observe(generation) {
      try await suspect(generation)
    }
  }
}
