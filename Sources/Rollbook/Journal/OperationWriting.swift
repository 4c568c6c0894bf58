internal import RollbookSQLite

/// An operation that is about to begin.
public struct OperationDraft: Sendable {
  public var application: ApplicationID
  public var kind: OperationKind
  public var actor: String
  public var reason: String?
  public var parameters = OperationParameters()
  public var versionFrom: Int64?
  public var versionTo: Int64?
  public var parallelismFrom: Int?
  public var parallelismTo: Int?
  public var causedBy: OperationID?

  public init(
    application: ApplicationID, kind: OperationKind, actor: String, reason: String? = nil
  ) {
    self.application = application
    self.kind = kind
    self.actor = actor
    self.reason = reason
  }
}

/// How an operation is about to end.
public struct OutcomeDraft: Sendable {
  public var status: OperationStatus
  /// What it leaves; `goodState` is what was on top before where `pushesGoodState` is set.
  public var standing: StandingState
  public var pushesGoodState = false
  public var failure: Failure?
  public var decision: RollbackDecision?
  public var rollbackOperation: OperationID?

  public init(status: OperationStatus, standing: StandingState) {
    self.status = status
    self.standing = standing
  }
}

extension JournalWriter {
  /// Records a new application; its CreateApplication operation is begun by the caller.
  ///
  /// - Throws: `nameTaken`.
  public borrowing func insertApplication(
    name: String, runtime: String
  ) throws(RollbookError) -> Application {
    if try reader.livingApplication(named: name) != nil {
      throw Self.nameTaken(name)
    }
    let at = now()
    let insert = try query(
      "INSERT INTO applications (name, runtime, created_at) VALUES (?, ?, ?)")
    try insert.bind(1, name)
    try insert.bind(2, runtime)
    try insert.bind(3, at)
    try insert.run()
    return Application(
      id: ApplicationID(reader.connection.lastInsertedRowID), name: name, runtime: runtime,
      createdAt: at, deletedAt: nil)
  }

  package static func nameTaken(_ name: String) -> RollbookError {
    RollbookError(
      .nameTaken, "There is an application named \(name) already.",
      hint: "`rollbook status \(name)` shows it; `rollbook update \(name)` changes it.")
  }

  package borrowing func markDeleted(_ application: ApplicationID) throws(RollbookError) {
    let update = try query("UPDATE applications SET deleted_at = ? WHERE id = ?")
    try update.bind(1, now())
    try update.bind(2, application)
    try update.run()
  }

  /// Begins an operation: from this commit on it is in flight.
  ///
  /// - Throws: `operationInFlight` where the application has one.
  public borrowing func begin(_ draft: OperationDraft) throws(RollbookError) -> Operation {
    var links = OperationLinks()
    if let newest = try reader.newestRecord(of: draft.application) {
      let operation = newest.operation
      guard let outcome = newest.outcome else {
        throw RollbookError(
          .operationInFlight,
          "\(operation.name) \(operation.id) has been in flight since "
            + "\(operation.startedAt).")
      }
      links = OperationLinks.following(operation, status: outcome.status)
    }
    let startedAt = now()
    try insert(draft, links: links, at: startedAt)
    let id = OperationID(reader.connection.lastInsertedRowID)
    try setHead(of: draft.application, to: id)
    return Operation(
      id: id, application: draft.application, kind: draft.kind, startedAt: startedAt,
      actor: draft.actor, reason: draft.reason, parameters: draft.parameters,
      versionFrom: draft.versionFrom, versionTo: draft.versionTo,
      parallelismFrom: draft.parallelismFrom, parallelismTo: draft.parallelismTo,
      causedBy: draft.causedBy, links: links)
  }

  private borrowing func insert(
    _ draft: OperationDraft, links: OperationLinks, at: Timestamp
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO operations (application_id, kind, started_at, actor, reason, parameters,
        version_from, version_to, parallelism_from, parallelism_to, caused_by, previous_id,
        previous_failed_id, previous_successful_id, previous_start_id, previous_stop_id,
        previous_update_id, previous_scale_id, previous_snapshot_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, draft.application)
    try insert.bind(2, draft.kind)
    try insert.bind(3, at)
    try insert.bind(4, draft.actor)
    try insert.bind(5, draft.reason)
    try insert.bind(6, draft.parameters.isEmpty ? nil : try journalJSON(draft.parameters))
    try insert.bind(7, draft.versionFrom)
    try insert.bind(8, draft.versionTo)
    try insert.bind(9, draft.parallelismFrom)
    try insert.bind(10, draft.parallelismTo)
    try insert.bind(11, draft.causedBy)
    try insert.bind(12, links.previous)
    try insert.bind(13, links.previousFailed)
    try insert.bind(14, links.previousSuccessful)
    try insert.bind(15, links.previousStart)
    try insert.bind(16, links.previousStop)
    try insert.bind(17, links.previousUpdate)
    try insert.bind(18, links.previousScale)
    try insert.bind(19, links.previousSnapshot)
    try insert.run()
  }

  private borrowing func setHead(
    of application: ApplicationID, to operation: OperationID
  ) throws(RollbookError) {
    let head = try query(
      """
      INSERT INTO heads (application_id, operation_id) VALUES (?1, ?2)
      ON CONFLICT (application_id) DO UPDATE SET operation_id = ?2
      """)
    try head.bind(1, application)
    try head.bind(2, operation)
    try head.run()
    let open = try query(
      "INSERT INTO open_operations (application_id, operation_id) VALUES (?, ?)")
    try open.bind(1, application)
    try open.bind(2, operation)
    try open.run()
  }

  /// Ends an operation: from this commit on it has an outcome.
  ///
  /// - Throws: `alreadyEnded` where it has one.
  public borrowing func end(
    _ operation: Operation, _ draft: OutcomeDraft
  ) throws(RollbookError) {
    guard try !reader.hasEnded(operation.id) else {
      throw RollbookError(.alreadyEnded, "Operation \(operation.id) has ended already.")
    }
    if let failure = draft.failure { try insert(failure, of: operation.id) }
    let insert = try query(
      """
      INSERT INTO operation_outcomes (operation_id, application_id, status, ended_at,
        application_status, version, parallelism, updated_from, rolled_back_from, rolled_back_to,
        good_state, good_state_below, pushed_again, rollback_decision, rollback_decision_reason,
        rollback_operation_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    let standing = draft.standing
    try insert.bind(1, operation.id)
    try insert.bind(2, operation.application)
    try insert.bind(3, draft.status)
    // Clocks jump; an operation never ends before it started.
    try insert.bind(4, max(now(), operation.startedAt))
    try insert.bind(5, standing.status)
    try insert.bind(6, standing.version)
    try insert.bind(7, standing.parallelism)
    try insert.bind(8, standing.updatedFrom)
    try insert.bind(9, standing.rolledBackFrom)
    try insert.bind(10, standing.rolledBackTo)
    try insert.bind(11, draft.pushesGoodState ? operation.id : standing.goodState)
    try insert.bind(12, draft.pushesGoodState ? standing.goodState : nil)
    try insert.bind(13, draft.pushesGoodState && operation.kind != .update ? 1 : nil)
    try insert.bind(14, draft.decision?.code.rawValue)
    try insert.bind(15, draft.decision?.reason)
    try insert.bind(16, draft.rollbackOperation)
    try insert.run()
    let close = try query("DELETE FROM open_operations WHERE application_id = ?")
    try close.bind(1, operation.application)
    try close.run()
  }

  private borrowing func insert(
    _ failure: Failure, of operation: OperationID
  ) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO failures (operation_id, phase, root_cause, text, evidence, log_tail)
      VALUES (?, ?, ?, ?, ?, ?)
      """)
    try insert.bind(1, operation)
    try insert.bind(2, failure.phase.rawValue)
    try insert.bind(3, failure.rootCause)
    try insert.bind(4, failure.text)
    try insert.bind(5, try journalJSON(failure.evidence))
    try insert.bind(6, failure.logTail)
    try insert.run()
  }

  /// Adds a step to an operation in flight.
  ///
  /// - Throws: `alreadyEnded` where the operation has ended: somebody else gave it up.
  public borrowing func addStep(
    _ name: Step.Name, _ detail: StepDetail = StepDetail(), to operation: OperationID
  ) throws(RollbookError) {
    if try reader.hasEnded(operation) {
      throw try reader.endedMeanwhile(operation)
    }
    let insert = try query(
      """
      INSERT INTO operation_steps (operation_id, sequence, at, step, detail)
      VALUES (?1, (SELECT coalesce(max(sequence), 0) + 1 FROM operation_steps
                   WHERE operation_id = ?1), ?2, ?3, ?4)
      """)
    try insert.bind(1, operation)
    try insert.bind(2, now())
    try insert.bind(3, name.rawValue)
    try insert.bind(4, try detail.columnText())
    try insert.run()
  }

  /// Asks that an operation in flight be given up.
  ///
  /// - Throws: where the operation has ended: the database refuses it.
  package borrowing func insert(_ cancellation: Cancellation) throws(RollbookError) {
    let insert = try query(
      """
      INSERT INTO cancellations (operation_id, sequence, at, actor, reason, follows)
      VALUES (?1, (SELECT coalesce(max(sequence), 0) + 1 FROM cancellations
                   WHERE operation_id = ?1), ?2, ?3, ?4, ?5)
      """)
    try insert.bind(1, cancellation.operation)
    try insert.bind(2, now())
    try insert.bind(3, cancellation.actor)
    try insert.bind(4, cancellation.reason)
    try insert.bind(5, try journalJSON(cancellation.follows))
    try insert.run()
  }
}

extension JournalReader {
  /// Somebody else gave the operation up while its holder drove it.
  borrowing func endedMeanwhile(_ id: OperationID) throws(RollbookError) -> RollbookError {
    guard let operation = try operation(id),
      let name = try application(operation.application)?.name
    else { return .damaged("operation \(id) or its application is not there") }
    return RollbookError(
      .alreadyEnded,
      "\(operation.name) \(id) of \(name) was ended by somebody else meanwhile.",
      hint: "`rollbook operations \(name)` tells by whom.")
  }
}
