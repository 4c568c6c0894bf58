/// What a rollback would do.
public struct RollbackPlan: Sendable, Equatable {
  public let target: RollbackTarget
  public let targetReason: String
  /// The snapshot that it would begin with; nil for none, or for the one that is taken first.
  public let snapshot: Snapshot?
  public let snapshotReason: String
  /// A snapshot of what runs is taken first.
  public let takesSnapshotFirst: Bool
  /// It would begin with that one.
  public let usesThatSnapshot: Bool
}

extension Engine {
  /// What a rollback would do now; nothing is written.
  public func planRollback(
    _ request: RollbackRequest, on name: String
  ) async throws(RollbookError) -> RollbackPlan {
    let application = try await application(named: name)
    let state = try await state(of: application)
    let verdict = Lifecycle.verdict(
      .rollback, status: state.status, inFlight: state.inFlight?.kind)
    switch verdict {
    case .accepted:
      return try await journal.read { (reader) throws(RollbookError) in
        try reader.rollbackPlan(request, state)
      }
    case .cancelsWhatIsInFlight:
      return try await journal.read { (reader) throws(RollbookError) in
        try reader.cancellingPlan(request, state)
      }
    case .busy, .wrongStatus:
      if let operation = state.inFlight { throw busy(application, operation) }
      throw RollbookError(
        .wrongStatus, "\(name) is \(state.status.name); a rollback needs it READY or RUNNING.")
    }
  }
}

extension Preparation {
  func rollback(
    _ request: RollbackRequest, _ requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    try checkVersion(request.ifVersion)
    let state = state
    let plan = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.rollbackPlan(request, state)
    }
    let version = try await version(plan.target.version)
    try await checkRestorable(
      request.restore, for: version, takesSnapshot: plan.usesThatSnapshot)
    var draft = draft(.rollback, requester)
    draft.versionTo = plan.target.version
    draft.parallelismTo = plan.target.parallelism
    draft.parameters.target = plan.target
    draft.parameters.targetReason = plan.targetReason
    draft.parameters.restore = request.restore
    return try await begin(draft)
  }
}

extension JournalReader {
  /// The target and the snapshot of a rollback while nothing is in flight.
  borrowing func rollbackPlan(
    _ request: RollbackRequest, _ state: ApplicationState
  ) throws(RollbookError) -> RollbackPlan {
    let target: RollbackTarget
    let reason: String
    if let number = request.toVersion {
      target = try explicitTarget(number, state)
      reason = "version \(number) was asked for"
    } else {
      target = try impliedTarget(state)
      reason =
        "version \(target.version) with parallelism \(target.parallelism) is the newest that reached "
        + "RUNNING below the current one (operation \(target.entry?.description ?? "–"))"
    }
    return try plan(request, state, target, reason)
  }

  /// The plan of a rollback that gives up the update or scaling in flight.
  borrowing func cancellingPlan(
    _ request: RollbackRequest, _ state: ApplicationState
  ) throws(RollbookError) -> RollbackPlan {
    guard let id = state.settled?.goodState, let top = try goodState(id) else {
      throw nothingBelow(state)
    }
    if let asked = request.toVersion, asked != top.version {
      throw RollbookError(
        .operationInFlight,
        "While a change is in flight a rollback gives it up for version \(top.version), not \(asked).",
        hint: "Wait for it (`rollbook wait \(state.application.name)`), then go back to \(asked).")
    }
    guard let version = try version(top.version, of: state.application.id) else {
      throw .damaged("version \(top.version) of \(state.application.name) is not there")
    }
    // Where no snapshot is there yet the change may still take it, or leave what runs untouched.
    let point = try restorePoint(for: version, source: request.restore)
    if case .snapshot(let name)? = request.restore, point.snapshot == nil {
      throw RollbookError(
        .noUsableSnapshot,
        "\(state.application.name) has no snapshot named \(name) that version \(top.version) can "
          + "read.", hint: "`rollbook snapshot list \(state.application.name)` lists them.")
    }
    return RollbackPlan(
      target: RollbackTarget(version: top.version, parallelism: top.parallelism, entry: top.id),
      targetReason: "the change in flight is given up for version \(top.version), the newest that "
        + "reached RUNNING", snapshot: point.snapshot, snapshotReason: point.reason,
      takesSnapshotFirst: false, usesThatSnapshot: false)
  }

  private borrowing func plan(
    _ request: RollbackRequest, _ state: ApplicationState, _ target: RollbackTarget,
    _ reason: String
  ) throws(RollbookError) -> RollbackPlan {
    guard let version = try version(target.version, of: state.application.id) else {
      throw .damaged("version \(target.version) of \(state.application.name) is not there")
    }
    let current = try self.version(state.version, of: state.application.id)
    let takesFirst =
      state.status == .running && current?.configuration.snapshotsEnabled == true
    // What is taken first can be read by the same version or a later one.
    let usesThat =
      takesFirst && request.restore.isLatest && version.configuration.snapshotsEnabled
      && state.version <= target.version
    let point = try restorePoint(for: version, source: request.restore)
    if point.snapshot == nil, request.restore.isLatest, version.configuration.snapshotsEnabled,
      !usesThat
    {
      throw RollbookError(
        .noUsableSnapshot,
        "There is no snapshot that version \(target.version) of \(state.application.name) can read.",
        hint: "`rollbook rollback \(state.application.name) --snapshot none` goes back without "
          + "state.")
    }
    return RollbackPlan(
      target: target, targetReason: reason, snapshot: usesThat ? nil : point.snapshot,
      snapshotReason: usesThat ? "it is taken first, of what runs now" : point.reason,
      takesSnapshotFirst: takesFirst, usesThatSnapshot: usesThat)
  }

  private borrowing func impliedTarget(
    _ state: ApplicationState
  ) throws(RollbookError) -> RollbackTarget {
    let top = try state.shown.goodState.flatMapGoodState(self)
    let below = try top?.below.flatMapGoodState(self)
    let target = RollbackPlanning.requestedTarget(
      status: state.status, version: state.version, parallelism: state.parallelism, top: top,
      below: below)
    guard let target else { throw nothingBelow(state) }
    return target
  }

  private borrowing func nothingBelow(_ state: ApplicationState) -> RollbookError {
    RollbookError(
      .nothingToReturnTo,
      "\(state.application.name) has no earlier version that reached RUNNING to go back to.",
      hint: "`rollbook versions \(state.application.name)` shows which versions ran; "
        + "--to-version names one.")
  }

  /// The topmost entry of a version on the stack, else its newest good state, which is then pushed.
  private borrowing func explicitTarget(
    _ number: Int64, _ state: ApplicationState
  ) throws(RollbookError) -> RollbackTarget {
    guard ApplicationVersion.validNumbers.contains(number) else {
      throw RollbookError(
        .invalidArgument, "\(number) is no version: versions go from 1 to 999999999.")
    }
    guard let newest = try newestGoodState(of: state.application.id, version: number) else {
      throw RollbookError(
        .nothingToReturnTo,
        "Version \(number) of \(state.application.name) has never reached RUNNING.",
        hint: "`rollbook versions \(state.application.name)` shows which versions ran.")
    }
    if state.status == .running && state.version == number {
      throw RollbookError(
        .nothingToChange, "\(state.application.name) runs version \(number) already.")
    }
    var cursor = try state.shown.goodState.flatMapGoodState(self)
    while let entry = cursor {
      if entry.version == number {
        return RollbackTarget(
          version: number, parallelism: entry.parallelism, entry: entry.id)
      }
      cursor = try entry.below.flatMapGoodState(self)
    }
    return RollbackTarget(version: number, parallelism: newest.parallelism, entry: nil)
  }
}
