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
    o.id, o.application_id, o.kind, o.started_at, o.actor, o.reason, o.parameters, o.version_from,
    o.version_to, o.parallelism_from, o.parallelism_to, o.caused_by, o.previous_id,
    o.previous_failed_id, o.previous_successful_id, o.previous_start_id, o.previous_stop_id,
    o.previous_update_id, o.previous_scale_id, o.previous_snapshot_id
    """
  private static let outcomeColumns = """
    u.operation_id, u.status, u.ended_at, u.application_status, u.version, u.parallelism,
    u.updated_from, u.rolled_back_from, u.rolled_back_to, u.good_state, u.good_state_below,
    u.rollback_decision, u.rollback_decision_reason, u.rollback_operation_id
    """
  /// Where a record's outcome begins: behind the operation's columns.
  private static let outcomeOffset: Int32 = 20

  // Texts of hot statements are made once, not at each use.
  private static let operationByID = """
    SELECT \(operationColumns) FROM operations AS o WHERE o.id = ?
    """
  private static let outcomeByID = """
    SELECT \(outcomeColumns) FROM operation_outcomes AS u WHERE u.operation_id = ?
    """
  private static let recordByID = """
    SELECT \(operationColumns), \(outcomeColumns) FROM operations AS o
    LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id WHERE o.id = ?
    """
  private static let recordsInOrder = """
    SELECT \(operationColumns), \(outcomeColumns) FROM operations AS o
    LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id
    WHERE o.id > ? ORDER BY o.id LIMIT ?
    """
  private static let newestRecord = """
    SELECT \(operationColumns), \(outcomeColumns)
    FROM heads AS h JOIN operations AS o ON o.id = h.operation_id
    LEFT JOIN operation_outcomes AS u ON u.operation_id = o.id WHERE h.application_id = ?
    """

  public borrowing func operation(_ id: OperationID) throws(RollbookError) -> Operation? {
    let row = try query(Self.operationByID)
    try row.bind(1, id)
    return try row.next() ? Self.operation(row) : nil
  }

  /// The operations with these numbers, as far as they are there.
  borrowing func operations(_ ids: [OperationID]) throws(RollbookError) -> [Operation] {
    let row = try query(Self.operationByID)
    var operations: [Operation] = []
    operations.reserveCapacity(ids.count)
    for id in ids {
      try row.bind(1, id)
      if try row.next() { operations.append(try Self.operation(row)) }
      row.reset()
    }
    return operations
  }

  public borrowing func outcome(of id: OperationID) throws(RollbookError) -> Outcome? {
    let row = try query(Self.outcomeByID)
    try row.bind(1, id)
    return try row.next() ? Self.outcome(row, at: 0) : nil
  }

  borrowing func hasEnded(_ id: OperationID) throws(RollbookError) -> Bool {
    let row = try query("SELECT 1 FROM operation_outcomes WHERE operation_id = ?")
    try row.bind(1, id)
    return try row.next()
  }

  /// The newest operation of an application and its outcome.
  package borrowing func newestRecord(
    of application: ApplicationID
  ) throws(RollbookError) -> OperationRecord? {
    let row = try query(Self.newestRecord)
    try row.bind(1, application)
    return try row.next() ? Self.record(row) : nil
  }

  /// An operation and its outcome; nil where there is none of this number.
  public borrowing func record(_ id: OperationID) throws(RollbookError) -> OperationRecord? {
    let row = try query(Self.recordByID)
    try row.bind(1, id)
    return try row.next() ? Self.record(row) : nil
  }

  /// Visits operations with their outcomes: each visit names the next one, or nil at the end.
  borrowing func walk(
    from first: OperationID?,
    _ visit: (OperationRecord) throws(RollbookError) -> OperationID?
  ) throws(RollbookError) {
    guard var id = first else { return }
    let row = try query(Self.recordByID)
    while true {
      try row.bind(1, id)
      guard try row.next() else {
        throw .damaged("operation \(id) is pointed to, but not there")
      }
      guard let next = try visit(try Self.record(row)) else { return }
      id = next
      row.reset()
    }
  }

  /// Operations of all applications with their outcomes, in the order in which they began.
  package borrowing func records(
    after id: OperationID, limit: Int
  ) throws(RollbookError) -> [OperationRecord] {
    let rows = try query(Self.recordsInOrder)
    try rows.bind(1, id)
    try rows.bind(2, limit)
    var records: [OperationRecord] = []
    while try rows.next() { records.append(try Self.record(rows)) }
    return records
  }

  /// The number of the next operation, whether the rest of it can be read or not.
  package borrowing func operationNumber(
    after id: OperationID
  ) throws(RollbookError) -> OperationID? {
    let row = try query("SELECT id FROM operations WHERE id > ? ORDER BY id LIMIT 1")
    try row.bind(1, id)
    return try row.next() ? OperationID(row.int(0)) : nil
  }

  private static func record(_ row: borrowing Query) throws(RollbookError) -> OperationRecord {
    let hasEnded = row.optionalOperation(outcomeOffset) != nil
    return OperationRecord(
      operation: try operation(row),
      outcome: hasEnded ? try outcome(row, at: outcomeOffset) : nil)
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
    return Operation(
      id: OperationID(row.int(0)), application: ApplicationID(row.int(1)),
      kind: try row.value(2, of: OperationKind.self), startedAt: row.time(3), actor: row.text(4),
      reason: row.optionalText(5), parameters: try OperationParameters(column: row.optionalText(6)),
      versionFrom: row.optionalCount(7), versionTo: row.optionalCount(8),
      parallelismFrom: row.optionalCount(9).map(Int.init),
      parallelismTo: row.optionalCount(10).map(Int.init), causedBy: row.optionalOperation(11),
      links: links)
  }

  private static func outcome(
    _ row: borrowing Query, at first: Int32
  ) throws(RollbookError) -> Outcome {
    let id = OperationID(row.int(first))
    let goodState = row.optionalOperation(first + 9)
    let standing = StandingState(
      status: try row.value(first + 3, of: ApplicationStatus.self), version: row.int(first + 4),
      parallelism: Int(row.int(first + 5)), updatedFrom: row.optionalCount(first + 6),
      rolledBackFrom: row.optionalCount(first + 7), rolledBackTo: row.optionalCount(first + 8),
      goodState: goodState)
    return Outcome(
      operation: id, status: try row.value(first + 1, of: OperationStatus.self),
      endedAt: row.time(first + 2), standing: standing, pushedGoodState: goodState == id,
      goodStateBelow: row.optionalOperation(first + 10), decision: decision(row, at: first + 11),
      rollbackOperation: row.optionalOperation(first + 13))
  }

  private static func decision(_ row: borrowing Query, at first: Int32) -> RollbackDecision? {
    guard let text = row.optionalText(first), let code = RollbackDecision.Code(rawValue: text)
    else { return nil }
    return RollbackDecision(code, reason: row.text(first + 1))
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
      steps.append(
        Step(
          operation: id, sequence: rows.int(0), at: rows.time(1), name: name,
          detail: try StepDetail(column: rows.optionalText(3))))
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
    let row = try query(
      """
      SELECT version, parallelism, good_state_below FROM operation_outcomes
      WHERE operation_id = ? AND good_state = operation_id
      """)
    try row.bind(1, id)
    guard try row.next() else { return nil }
    return GoodState(
      id: id, version: row.int(0), parallelism: Int(row.int(1)), below: row.optionalOperation(2))
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
