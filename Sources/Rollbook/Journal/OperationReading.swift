internal import RollbookSQLite

/// An operation with its outcome; nil while it is in flight.
public struct OperationRecord: Sendable, Equatable {
  public let operation: Operation
  public let outcome: Outcome?

  public init(operation: Operation, outcome: Outcome?) {
    self.operation = operation
    self.outcome = outcome
  }

  public var status: OperationStatus { outcome?.status ?? .inProgress }
}

extension JournalReader {
  private static let operationColumns = """
    id, application_id, kind, started_at, actor, reason, parameters, version_from, version_to,
    parallelism_from, parallelism_to, caused_by, previous_id, previous_failed_id,
    previous_successful_id, previous_start_id, previous_stop_id, previous_update_id,
    previous_scale_id, previous_snapshot_id
    """

  public borrowing func operation(_ id: OperationID) throws(RollbookError) -> Operation? {
    let row = try query("SELECT \(Self.operationColumns) FROM operations WHERE id = ?")
    try row.bind(1, id)
    return try row.next() ? Self.operation(row) : nil
  }

  private static func operation(_ row: borrowing Query) throws(RollbookError) -> Operation {
    var links = OperationLinks()
    links.previous = row.optionalOperation(12)
    links.previousFailed = row.optionalOperation(13)
    links.previousSuccessful = row.optionalOperation(14)
    links.previousStart = row.optionalOperation(15)
    links.previousStop = row.optionalOperation(16)
    links.previousUpdate = row.optionalOperation(17)
    links.previousScale = row.optionalOperation(18)
    links.previousSnapshot = row.optionalOperation(19)
    let parameters =
      row.optionalText(6) == nil
      ? OperationParameters() : try row.json(6, as: OperationParameters.self)
    return Operation(
      id: OperationID(row.int(0)), application: ApplicationID(row.int(1)),
      kind: try row.value(2, of: OperationKind.self), startedAt: row.time(3), actor: row.text(4),
      reason: row.optionalText(5), parameters: parameters, versionFrom: row.optionalInt(7),
      versionTo: row.optionalInt(8), parallelismFrom: row.optionalInt(9).map(Int.init),
      parallelismTo: row.optionalInt(10).map(Int.init), causedBy: row.optionalOperation(11),
      links: links)
  }

  public borrowing func outcome(of id: OperationID) throws(RollbookError) -> Outcome? {
    let row = try query(
      """
      SELECT operation_id, status, ended_at, application_status, version, parallelism, updated_from,
        rolled_back_from, rolled_back_to, good_state, good_state_below, rollback_decision,
        rollback_decision_reason, rollback_operation_id
      FROM operation_outcomes WHERE operation_id = ?
      """)
    try row.bind(1, id)
    guard try row.next() else { return nil }
    let goodState = row.optionalOperation(9)
    let standing = StandingState(
      status: try row.value(3, of: ApplicationStatus.self), version: row.int(4),
      parallelism: Int(row.int(5)), updatedFrom: row.optionalInt(6),
      rolledBackFrom: row.optionalInt(7), rolledBackTo: row.optionalInt(8), goodState: goodState)
    return Outcome(
      operation: id, status: try row.value(1, of: OperationStatus.self), endedAt: row.time(2),
      standing: standing, pushedGoodState: goodState == id,
      goodStateBelow: row.optionalOperation(10), decision: Self.decision(row),
      rollbackOperation: row.optionalOperation(13))
  }

  private static func decision(_ row: borrowing Query) -> RollbackDecision? {
    guard let text = row.optionalText(11), let code = RollbackDecision.Code(rawValue: text) else {
      return nil
    }
    return RollbackDecision(code, reason: row.text(12))
  }

  public borrowing func failure(of id: OperationID) throws(RollbookError) -> Failure? {
    let row = try query(
      "SELECT phase, root_cause, text, evidence, log_tail FROM failures WHERE operation_id = ?")
    try row.bind(1, id)
    guard try row.next() else { return nil }
    guard let phase = Failure.Phase(rawValue: row.text(0)) else {
      throw .damaged("\(row.text(0)) is no phase of a failure")
    }
    return Failure(
      phase: phase, rootCause: row.text(1), text: row.text(2),
      evidence: try row.json(3, as: Evidence.self), logTail: row.optionalText(4))
  }

  /// The steps of an operation in their order.
  public borrowing func steps(of id: OperationID) throws(RollbookError) -> [Step] {
    let rows = try query(
      """
      SELECT sequence, at, step, detail FROM operation_steps
      WHERE operation_id = ? ORDER BY sequence
      """)
    try rows.bind(1, id)
    var steps: [Step] = []
    while try rows.next() {
      guard let name = Step.Name(rawValue: rows.text(2)) else {
        throw .damaged("\(rows.text(2)) is no step")
      }
      let detail =
        rows.optionalText(3) == nil ? StepDetail() : try rows.json(3, as: StepDetail.self)
      steps.append(
        Step(operation: id, sequence: rows.int(0), at: rows.time(1), name: name, detail: detail))
    }
    return steps
  }

  /// The cancellations that were asked of an operation, in their order.
  public borrowing func cancellations(
    of id: OperationID
  ) throws(RollbookError) -> [Cancellation] {
    let rows = try query(
      """
      SELECT actor, reason, follows FROM cancellations
      WHERE operation_id = ? ORDER BY sequence
      """)
    try rows.bind(1, id)
    var all: [Cancellation] = []
    while try rows.next() {
      all.append(
        Cancellation(
          operation: id, actor: rows.text(0), reason: rows.optionalText(1),
          follows: try rows.json(2, as: Cancellation.Successor.self)))
    }
    return all
  }

  /// A good state by the operation that pushed it.
  public borrowing func goodState(_ id: OperationID) throws(RollbookError) -> GoodState? {
    guard let outcome = try outcome(of: id), outcome.pushedGoodState else { return nil }
    return GoodState(
      id: id, version: outcome.standing.version, parallelism: outcome.standing.parallelism,
      below: outcome.goodStateBelow)
  }

  /// The newest good state of a version, on the stack or not.
  public borrowing func newestGoodState(
    of application: ApplicationID, version: Int64
  ) throws(RollbookError) -> GoodState? {
    let row = try query(
      """
      SELECT operation_id FROM operation_outcomes
      WHERE application_id = ? AND version = ? AND pushed_again = 1
      ORDER BY operation_id DESC LIMIT 1
      """)
    try row.bind(1, application)
    try row.bind(2, version)
    if try row.next() { return try goodState(OperationID(row.int(0))) }
    // Only the operation that made the version can have pushed it.
    guard let made = try self.version(version, of: application) else { return nil }
    return try goodState(made.operation)
  }

  /// The number that the next operation will have.
  borrowing func nextOperationID() throws(RollbookError) -> OperationID {
    let row = try query("SELECT coalesce(max(id), 0) + 1 FROM operations")
    _ = try row.next()
    return OperationID(row.int(0))
  }

  borrowing func existingOutcome(of id: OperationID) throws(RollbookError) -> Outcome {
    guard let outcome = try outcome(of: id) else {
      throw .damaged("operation \(id) has no outcome")
    }
    return outcome
  }
}
