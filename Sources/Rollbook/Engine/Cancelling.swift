extension Engine {
  /// Gives up what is in flight, where somebody else settles what has lost its holder.
  ///
  /// It waits for no deployment: of what failed by itself meanwhile, it returns the rollback.
  /// - Parameter wake: tells them to, again each second until they have.
  package func giveUp(
    _ operation: Operation, in state: ApplicationState, for request: ChangeRequest,
    by requester: Requester, control: EngineControl, wake: @escaping @Sendable () -> Void
  ) async throws(RollbookError) -> PreparedOperation {
    let verdict = Lifecycle.verdict(
      request.command, status: state.status, inFlight: operation.kind)
    guard verdict == .cancelsWhatIsInFlight else { throw busy(state.application, operation) }
    try await checkCancelling(request, state)
    return try await cancel(
      operation, of: state.application, for: request, by: requester, control, wake: wake)
  }

  /// Gives up what another engine drives, and lets follow what was asked.
  ///
  /// - Parameter wake: has an operation whose holder died settled; nil to settle it here.
  func cancel(
    _ operation: Operation, of application: Application, for request: ChangeRequest,
    by requester: Requester, _ control: EngineControl, wake: (@Sendable () -> Void)? = nil
  ) async throws(RollbookError) -> PreparedOperation {
    try await insertCancellation(operation, request, requester)
    control.report(
      .waiting("waiting for the holder of \(operation.name) \(operation.id) to give it up"))
    let deadline = clock.uptime() + patience.cancelSeconds
    var nextWake = clock.uptime()
    while clock.uptime() < deadline {
      let outcome = try await journal.read { (reader) throws(RollbookError) in
        try reader.outcome(of: operation.id)
      }
      if outcome != nil {
        return try await afterCancellation(
          of: operation, application, request, requester, control, wake: wake)
      }
      if let wake {
        if clock.uptime() >= nextWake {
          wake()
          nextWake += 1
        }
      } else if let lock = try HolderLock.tryAcquire(application.id, in: home) {
        // The holder has died since.
        return try await settleCancelled(operation, application, request, holding: lock, control)
      }
      await clock.sleep(seconds: 0.05)
    }
    let holder = Holder.of(application.id, in: home).map(\.described) ?? "an unknown process"
    throw RollbookError(
      .holderDoesNotAnswer,
      "\(operation.name) \(operation.id) of \(application.name) is held by \(holder), "
        + "which does not answer. The request is recorded; it is followed when the holder goes on.",
      hint: "`rollbook stop \(application.name) --force --kill-holder` ends that process and "
        + "settles what it left.")
  }

  /// Checks a request that would give up what is in flight, before anything is written.
  func checkCancelling(
    _ request: ChangeRequest, _ state: ApplicationState
  ) async throws(RollbookError) {
    guard case .rollback(let rollback) = request else { return }
    if let expected = rollback.ifVersion, expected != state.version {
      throw RollbookError(
        .staleVersion,
        "\(state.application.name) is at version \(state.version), not \(expected).",
        hint: "Look at what is in flight (`rollbook operations \(state.application.name)`).")
    }
    _ = try await journal.read { (reader) throws(RollbookError) in
      try reader.cancellingPlan(rollback, state)
    }
  }

  /// An interrupted operation is not resumed by those who would give it up.
  func takeOver(
    _ operation: Operation, of application: Application, for request: ChangeRequest,
    by requester: Requester, holding lock: HolderLock, _ control: EngineControl
  ) async throws(RollbookError) -> PreparedOperation {
    try await insertCancellation(operation, request, requester)
    return try await settleCancelled(operation, application, request, holding: lock, control)
  }

  private func insertCancellation(
    _ operation: Operation, _ request: ChangeRequest, _ requester: Requester
  ) async throws(RollbookError) {
    let follows: Cancellation.Successor
    switch request {
    case .rollback(let rollback): follows = .rollback(restore: rollback.restore)
    default: follows = .forcedStop
    }
    let cancellation = Cancellation(
      operation: operation.id, actor: requester.actor, reason: requester.reason, follows: follows)
    _ = try await cancel(cancellation)
  }

  /// Records that an operation is to be given up; false where it had ended already.
  public func cancel(_ cancellation: Cancellation) async throws(RollbookError) -> Bool {
    try await journal.write { (writer) throws(RollbookError) in
      guard try writer.reader.outcome(of: cancellation.operation) == nil else { return false }
      try writer.insert(cancellation)
      return true
    }
  }

  private func settleCancelled(
    _ operation: Operation, _ application: Application, _ request: ChangeRequest,
    holding lock: HolderLock, _ control: EngineControl
  ) async throws(RollbookError) -> PreparedOperation {
    let state = try await state(of: application)
    if let inFlight = state.inFlight {
      try await drive(inFlight.id, of: application, resumed: true, control)
    }
    let follower = try await follower(of: operation)
    return PreparedOperation(application, follower ?? operation, .nothing, lock: lock)
  }

  private func afterCancellation(
    of operation: Operation, _ application: Application, _ request: ChangeRequest,
    _ requester: Requester, _ control: EngineControl, wake: (@Sendable () -> Void)?
  ) async throws(RollbookError) -> PreparedOperation {
    let isForcedStop = request.command == .forceStop
    if let follower = try await follower(of: operation) {
      let isWanted = follower.kind == (isForcedStop ? .stop : .rollback)
      // Of a rollback that began by itself nobody is told by waiting who has no time to wait.
      let isTheSame = !isForcedStop && wake != nil && follower.kind == .systemRollback
      if isWanted || isTheSame {
        return PreparedOperation(application, follower, .await, lock: nil)
      }
    }
    // It ended before it could be given up, or somebody else's request counted for more. A forced
    // stop is aimed at what is in flight or runs now; a rollback is never begun anew.
    if isForcedStop {
      let state = try await state(of: application)
      if let wake, let next = state.inFlight {
        return try await giveUp(
          next, in: state, for: request, by: requester, control: control, wake: wake)
      }
      return try await prepare(request, on: application, by: requester, control: control)
    }
    try await wait(for: application, control: control)
    let state = try await state(of: application)
    let before = try await journal.read { (reader) throws(RollbookError) in
      try reader.situation(of: operation.id).before
    }
    guard state.version == before.version, state.parallelism == before.parallelism,
      state.status == .running
    else {
      throw RollbookError(
        .alreadyEnded,
        "\(operation.name) \(operation.id) had ended before it could be given up; "
          + "\(application.name) is \(state.status.name) at version \(state.version).",
        hint: "`rollbook rollback \(application.name)` goes back from there.")
    }
    return PreparedOperation(application, state.newest, .nothing, lock: nil, goalIsReached: true)
  }

  /// The operation that the outcome of another began.
  private func follower(of operation: Operation) async throws(RollbookError) -> Operation? {
    try await journal.read { (reader) throws(RollbookError) in
      var cursor = try reader.newestOperation(of: operation.application)
      while let later = cursor, later.id > operation.id {
        if later.causedBy == operation.id { return later }
        guard let previous = later.links.previous else { return nil }
        cursor = try reader.operation(previous)
      }
      return nil
    }
  }

  /// Ends the process that holds an application's lock; what it left is settled by the next command.
  ///
  /// - Returns: false where nobody holds it.
  public func killHolder(of name: String) async throws(RollbookError) -> Bool {
    let application = try await application(named: name)
    if let lock = try HolderLock.tryAcquire(application.id, in: home) {
      lock.release()
      return false
    }
    guard let holder = Holder.of(application.id, in: home), holder.kill() else {
      throw RollbookError(
        .holderDoesNotAnswer, "The holder of \(name) could not be ended.",
        hint: "It may be another user's process, or have ended this moment: try again.")
    }
    let deadline = clock.uptime() + patience.lockSeconds
    while clock.uptime() < deadline {
      if let lock = try HolderLock.tryAcquire(application.id, in: home) {
        lock.release()
        return true
      }
      await clock.sleep(seconds: 0.02)
    }
    throw RollbookError(.holderDoesNotAnswer, "Process \(holder.pid) was told to end and has not.")
  }

  /// Gives up an operation without the runtime's help.
  func abandon(
    _ application: Application, by requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    let state = try await state(of: application)
    guard let operation = state.inFlight else {
      throw RollbookError(
        .wrongStatus, "\(application.name) has nothing in flight to abandon.",
        hint: "`rollbook stop \(application.name) --force` stops what runs.")
    }
    let stop = try await journal.write { (writer) throws(RollbookError) in
      // Read here: a living holder may have begun another deployment since.
      try writer.reader.situation(of: operation.id).abandon(by: requester, in: writer)
    }
    return PreparedOperation(application, stop, .nothing, lock: nil)
  }
}

extension Situation {
  /// One transaction: the operation FAILED, a stop SUCCESSFUL, every generation a suspect.
  fileprivate func abandon(
    by requester: Requester, in writer: borrowing JournalWriter
  ) throws(RollbookError) -> Operation {
    var tokens = Set<GenerationToken>()
    if let running {
      tokens.insert(running.token)
      try writer.insertSuspect(
        running.token, place: running.place,
        cluster: runningVersion?.configuration.clusterAddress, of: operation)
    }
    for step in steps where step.name == .deploying {
      guard let token = step.detail.generation, tokens.insert(token).inserted else { continue }
      let place = steps.following(token)?.first { $0.name == .deployed }?.detail.place
      try writer.insertSuspect(
        token, place: place, cluster: targetVersion?.configuration.clusterAddress,
        of: operation)
    }
    try writer.setRunning(nil, of: application.id)
    let isDelete = operation.kind == .delete
    let end = Standing.End(status: .failed, somethingRuns: false, oldIsUntouched: false)
    var standing = Standing.after(operation, end, before: before, top: nil).standing
    standing.status = .ready
    var draft = OutcomeDraft(status: .failed, standing: standing)
    draft.failure = Failure(
      phase: .abandoned, rootCause: "abandoned on request of \(requester.actor)",
      text: requester.reason ?? "No reason was given.")
    if [.start, .update, .scale, .rollback, .systemRollback].contains(operation.kind) {
      draft.decision = RollbackDecision(
        .cancelledByRequest, reason: "abandoned on request of \(requester.actor)")
    }
    if let begun = Progress(steps).snapshot, try writer.reader.snapshot(begun.id)?.outcome == nil {
      try writer.endSnapshot(begun.id, of: application.id, nil, failure: "abandoned")
    }
    try writer.end(operation, draft)
    var stop = OperationDraft(
      application: application.id, kind: .stop, actor: requester.actor, reason: requester.reason)
    stop.parameters.force = true
    stop.parameters.abandon = true
    stop.versionFrom = standing.version
    stop.parallelismFrom = standing.parallelism
    stop.causedBy = operation.id
    let stopped = try writer.begin(stop)
    if isDelete {
      standing.status = .deleted
      try writer.markDeleted(application.id)
    }
    try writer.end(stopped, OutcomeDraft(status: .successful, standing: standing))
    return stopped
  }
}
