extension Driver {
  /// Ends the operation: its outcome, the application's state and what follows, in one transaction.
  ///
  /// - Returns: the operation that is to be driven next, if any; `.isToBeGivenUp` where somebody
  ///   asked for it at the last moment.
  func conclude(_ ending: OperationEnding) async throws -> Concluded {
    var ending = ending
    if ending.status == .successful, situation.task.startsNew {
      ending.started = try await startedGeneration()
    }
    guard let result = try await write(Conclusion(situation: situation, ending: ending)) else {
      return .isToBeGivenUp
    }
    control.report(.ended(operation, result.outcome, ending.failure))
    if let follower = result.follower {
      control.report(.began(follower.operation, application))
      if let outcome = follower.outcome {
        control.report(.ended(follower.operation, outcome, nil))
        return .next(nil)
      }
      return .next(follower.operation.id)
    }
    return .next(nil)
  }

  /// What came of the attempt to end an operation.
  enum Concluded: Sendable {
    /// It has ended; this one is to be driven next, if any.
    case next(OperationID?)
    /// Nothing was written: what it started is to be ended first.
    case isToBeGivenUp
  }

  private func write(_ conclusion: Conclusion) async throws -> Conclusion.Result? {
    do {
      return try await engine.journal.write { (writer) throws(RollbookError) in
        try conclusion.write(to: writer)
      }
    } catch {
      if error.code == .outcomeUnknown { return try await readBack(after: error) }
      throw error
    }
  }

  /// What the newest steps say was started: what runs, if the operation succeeds.
  private func startedGeneration() async throws(RollbookError) -> RunningGeneration? {
    let id = operation.id
    let steps = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.steps(of: id)
    }
    guard let started = Progress(steps).started, let version = situation.targetVersion else {
      return nil
    }
    return RunningGeneration(
      application: application.id, token: started.token, operation: operation.id,
      version: version.version, parallelism: situation.targetParallelism, place: started.place)
  }

  /// A commit whose result is unknown is looked up before anything else is done.
  private func readBack(after error: RollbookError) async throws -> Conclusion.Result {
    let operation = operation
    let application = application
    let found = try await engine.journal.read { (reader) throws(RollbookError) in
      guard let outcome = try reader.outcome(of: operation.id) else {
        return Conclusion.Result?.none
      }
      let state = try reader.state(of: application)
      let follower =
        state.newest.id == operation.id
        ? nil : OperationRecord(operation: state.newest, outcome: state.outcome)
      return Conclusion.Result(outcome: outcome, follower: follower)
    }
    guard let found else { throw error }
    return found
  }
}

/// The transaction that ends an operation.
struct Conclusion: Sendable {
  let situation: Situation
  let ending: OperationEnding

  struct Result: Sendable {
    var outcome: Outcome
    /// The operation that the outcome began, ended already where nothing was left to do.
    var follower: OperationRecord?
  }

  var operation: Operation { situation.operation }
  var before: StandingState { situation.before }

  /// What runs when the operation has ended.
  private var nowRuns: RunningGeneration? {
    if ending.oldIsUntouched { return situation.running }
    if let started = ending.started { return started }
    switch operation.kind {
    case .create, .createSnapshot, .deleteSnapshot: return situation.running
    default: return nil
    }
  }

  /// - Returns: nil where it succeeded, is given up nevertheless, and nothing would follow that ends
  ///   what it started; then nothing is written.
  func write(to writer: borrowing JournalWriter) throws(RollbookError) -> Result? {
    let cancellation = try strongestCancellation(writer.reader)
    let status =
      cancellation != nil && situation.isCancellable ? OperationStatus.cancelled : ending.status
    let top = try before.goodState.flatMapGoodState(writer.reader)
    let end = Standing.End(
      status: status, somethingRuns: nowRuns != nil, oldIsUntouched: ending.oldIsUntouched)
    let after = Standing.after(operation, end, before: before, top: top)
    let follow = Follow(
      conclusion: self, status: status, standing: after.standing, top: top,
      cancellation: cancellation)
    let plan = try follow.plan(reading: writer.reader)
    if status == .cancelled && ending.started != nil && plan.follower == nil { return nil }
    try writeSnapshots(to: writer)
    try writer.setRunning(nowRuns, of: operation.application)
    if operation.kind == .delete && status == .successful {
      try writer.markDeleted(operation.application)
    }
    var draft = OutcomeDraft(status: status, standing: plan.standing)
    draft.pushesGoodState = after.pushes
    draft.failure = ending.failure
    draft.decision = plan.decision
    let followerID = try writer.reader.nextOperationID()
    if plan.follower?.kind == .systemRollback || plan.follower?.kind == .rollback {
      draft.rollbackOperation = followerID
    }
    try writer.end(operation, draft)
    var result = Result(
      outcome: try writer.reader.existingOutcome(of: operation.id), follower: nil)
    if let follower = plan.follower {
      result.follower = try begin(follower, expecting: followerID, plan, in: writer)
    }
    return result
  }

  private func begin(
    _ draft: OperationDraft, expecting id: OperationID, _ plan: Follow.Plan,
    in writer: borrowing JournalWriter
  ) throws(RollbookError) -> OperationRecord {
    let follower = try writer.begin(draft)
    guard follower.id == id else {
      throw .damaged("operation \(follower.id) has another number than \(id)")
    }
    guard let standing = plan.followerEndsWith else {
      return OperationRecord(operation: follower, outcome: nil)
    }
    try writer.end(follower, OutcomeDraft(status: .successful, standing: standing))
    return OperationRecord(
      operation: follower, outcome: try writer.reader.existingOutcome(of: follower.id))
  }

  private func writeSnapshots(to writer: borrowing JournalWriter) throws(RollbookError) {
    if let (target, facts) = ending.snapshot {
      try writer.endSnapshot(target.id, of: operation.application, facts, failure: nil)
    }
    if let deleted = ending.deletedSnapshot {
      try writer.markDeleted(deleted, by: operation.id)
    }
    // A snapshot that was begun and never came to be.
    let progress = Progress(try writer.reader.steps(of: operation.id))
    if let begun = progress.snapshot, try writer.reader.snapshot(begun.id)?.outcome == nil {
      try writer.endSnapshot(
        begun.id, of: operation.application, nil,
        failure: ending.failure?.rootCause ?? "given up")
    }
  }

  /// The cancellation that counts: a forced stop beats a rollback, a rollback beats nothing.
  private func strongestCancellation(
    _ reader: borrowing JournalReader
  ) throws(RollbookError) -> Cancellation? {
    let all = try reader.cancellations(of: operation.id)
    return all.first { $0.follows == .forcedStop }
      ?? all.first { $0.follows != .nothing } ?? all.first
  }
}

extension OperationID? {
  func flatMapGoodState(_ reader: borrowing JournalReader) throws(RollbookError) -> GoodState? {
    guard let self else { return nil }
    return try reader.goodState(self)
  }
}
