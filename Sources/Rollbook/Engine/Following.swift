/// What follows an operation: a rollback, a forced stop, nothing; decided in its last transaction.
struct Follow: Sendable {
  let conclusion: Conclusion
  let status: OperationStatus
  let standing: StandingState
  let top: GoodState?
  let cancellation: Cancellation?

  struct Plan: Sendable {
    /// What the ended operation leaves.
    var standing: StandingState
    var decision: RollbackDecision?
    /// The operation that begins in the same transaction.
    var follower: OperationDraft?
    /// What the follower leaves, where it ends in the same transaction too.
    var followerEndsWith: StandingState?
  }

  private var operation: Operation { conclusion.operation }
  private var situation: Situation { conclusion.situation }

  func plan(reading reader: borrowing JournalReader) throws(RollbookError) -> Plan {
    if operation.kind == .deleteSnapshot, cancellation?.follows == .forcedStop {
      var plan = Plan(standing: standing)
      plan.follower = forcedStop
      return plan
    }
    switch status {
    case .cancelled: return try afterCancellation(reader)
    case .failed: return try afterFailure(reader)
    case .successful, .inProgress: return Plan(standing: standing)
    }
  }

  // MARK: After a failure

  private func afterFailure(_ reader: borrowing JournalReader) throws(RollbookError) -> Plan {
    var plan = Plan(standing: standing)
    let target = try returnTarget(reader)
    let code = RollbackPlanning.decision(
      RollbackPlanning.Circumstances(
        kind: operation.kind,
        isEnabled: situation.targetVersion?.configuration.rollbackEnabled ?? false,
        oldIsUntouched: conclusion.ending.oldIsUntouched, top: top,
        targetWantsSnapshot: target?.version.configuration.snapshotsEnabled ?? false,
        hasUsableSnapshot: target?.snapshot != nil))
    guard let code else { return plan }
    plan.decision = RollbackDecision(code, reason: reason(code, target))
    switch code {
    case .rollbackStarted:
      guard let top else { return plan }
      var draft = rollbackDraft(.systemRollback, to: top)
      draft.actor = "rollbook"
      draft.reason = automaticReason
      plan.follower = draft
    case .oldVersionUntouched:
      guard situation.targetVersion?.configuration.rollbackEnabled == true else { return plan }
      recordUntouched(.systemRollback, in: &plan)
      plan.follower?.actor = "rollbook"
      plan.follower?.reason = automaticReason
    default: break
    }
    return plan
  }

  private var automaticReason: String {
    "\(operation.name) \(operation.id) failed: \(conclusion.ending.failure?.rootCause ?? "")"
  }

  struct ReturnTarget: Sendable {
    let version: ApplicationVersion
    let snapshot: Snapshot?
  }

  private func returnTarget(
    _ reader: borrowing JournalReader
  ) throws(RollbookError) -> ReturnTarget? {
    guard let top, let version = try reader.version(top.version, of: operation.application) else {
      return nil
    }
    return ReturnTarget(
      version: version, snapshot: try reader.newestUsableSnapshot(for: version))
  }

  private func reason(_ code: RollbackDecision.Code, _ target: ReturnTarget?) -> String {
    switch code {
    case .rollbackStarted:
      let state = top.map { "version \($0.version) with parallelism \($0.parallelism)" } ?? ""
      let snapshot =
        target?.snapshot.map { "its state comes from snapshot \($0.name)" }
        ?? "it begins without state, as it does not use snapshots"
      return
        "\(state) is the newest that reached RUNNING (operation \(top?.id.description ?? "–"));"
        + " \(snapshot)"
    case .oldVersionUntouched: return "the old version was never stopped and goes on running"
    case .notEnabled:
      return "system rollback is not enabled for version \(situation.targetVersion?.version ?? 0)"
    case .nothingToReturnTo: return "no version of the application has reached RUNNING"
    case .noUsableSnapshot:
      return "version \(top?.version ?? 0) uses snapshots, and none that it can read is there: "
        + "going back would have lost its state"
    case .startIsNotRolledBack: return "a start replaces nothing that could be returned to"
    case .rollbackFailed:
      return conclusion.ending.oldIsUntouched
        ? "the rollback itself failed; what ran before it goes on"
        : "the rollback itself failed; nothing runs"
    case .cancelledByRequest: return "given up on request"
    }
  }

  // MARK: After a cancellation

  private func afterCancellation(
    _ reader: borrowing JournalReader
  ) throws(RollbookError) -> Plan {
    var plan = Plan(standing: standing)
    plan.decision = RollbackDecision(
      .cancelledByRequest, reason: "given up on request of \(cancellation?.actor ?? "nobody")")
    switch cancellation?.follows {
    case .forcedStop: plan.follower = forcedStop
    case .rollback(let restore): try planRequestedRollback(restore, &plan, reader)
    case .nothing, nil: break
    }
    return plan
  }

  private var forcedStop: OperationDraft {
    var draft = OperationDraft(
      application: operation.application, kind: .stop, actor: cancellation?.actor ?? "",
      reason: cancellation?.reason)
    draft.parameters.force = true
    draft.versionFrom = standing.version
    draft.parallelismFrom = standing.parallelism
    draft.causedBy = operation.id
    return draft
  }

  private func planRequestedRollback(
    _ restore: RestoreSource?, _ plan: inout Plan, _ reader: borrowing JournalReader
  ) throws(RollbookError) {
    if conclusion.ending.oldIsUntouched {
      recordUntouched(.rollback, in: &plan)
    } else if let top {
      let target = try returnTarget(reader)
      if restore == nil, let target, target.version.configuration.snapshotsEnabled,
        target.snapshot == nil
      {
        plan.decision = RollbackDecision(
          .noUsableSnapshot, reason: reason(.noUsableSnapshot, target))
        return
      }
      var draft = rollbackDraft(.rollback, to: top)
      draft.parameters.restore = restore
      plan.follower = draft
    } else {
      plan.decision = RollbackDecision(
        .nothingToReturnTo, reason: reason(.nothingToReturnTo, nil))
      return
    }
    plan.follower?.actor = cancellation?.actor ?? ""
    plan.follower?.reason = cancellation?.reason
  }

  // MARK: The rollback

  private func rollbackDraft(_ kind: OperationKind, to state: GoodState) -> OperationDraft {
    var draft = OperationDraft(application: operation.application, kind: kind, actor: "")
    let shown = operation.shown(after: conclusion.before)
    draft.versionFrom = shown.version
    draft.versionTo = state.version
    draft.parallelismFrom = shown.parallelism
    draft.parallelismTo = state.parallelism
    draft.causedBy = operation.id
    draft.parameters.target = RollbackTarget(
      version: state.version, parallelism: state.parallelism, entry: state.id)
    draft.parameters.targetReason =
      "version \(state.version) with parallelism \(state.parallelism) is the newest that reached "
      + "RUNNING (operation \(state.id))"
    return draft
  }

  /// A rollback that has nothing to do: the old generation goes on.
  private func recordUntouched(_ kind: OperationKind, in plan: inout Plan) {
    let before = conclusion.before
    let old = GoodState(
      id: before.goodState ?? operation.id, version: before.version,
      parallelism: before.parallelism, below: nil)
    var draft = rollbackDraft(kind, to: old)
    draft.parameters.targetReason = "the old version was never stopped and goes on running"
    draft.parameters.isOldUntouched = true
    var after = before
    after.rolledBackFrom = draft.versionFrom
    after.rolledBackTo = before.version
    plan.follower = draft
    plan.followerEndsWith = after
  }
}
