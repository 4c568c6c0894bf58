/// An operation whose intent is durable, and which is not performed yet.
///
/// It holds the application's lock until it is performed or dropped; a dropped one is settled by
/// whoever comes next.
public final class PreparedOperation: Sendable {
  public let application: Application
  public let operation: Operation
  let work: Work
  let lock: HolderLock?
  /// What was asked for stands already, whatever became of the operation.
  let goalIsReached: Bool
  /// It was begun and ended in one transaction.
  package let isRecordedOnly: Bool

  enum Work: Sendable {
    /// To be driven by us.
    case drive
    /// Somebody else drives it.
    case await
    /// The preparation was all there was to do.
    case nothing
  }

  init(
    _ application: Application, _ operation: Operation, _ work: Work, lock: HolderLock?,
    goalIsReached: Bool = false, isRecordedOnly: Bool = false
  ) {
    self.application = application
    self.operation = operation
    self.work = work
    self.lock = lock
    self.goalIsReached = goalIsReached
    self.isRecordedOnly = isRecordedOnly
  }
}

extension Engine {
  /// Drives a prepared operation, and what follows from it, to its outcome.
  ///
  /// - Throws: `runtimeUnreachable`, `interrupted`, or an error of the journal: the operation is then
  ///   still in progress, and is settled by the next command.
  public func perform(
    _ prepared: PreparedOperation, control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> OperationReport {
    defer { prepared.lock?.release() }
    return try await onOwnThread { () async throws(RollbookError) in
      switch prepared.work {
      case .nothing: break
      case .drive:
        try await drive(
          prepared.operation.id, of: prepared.application, resumed: false, control)
      case .await: try await wait(for: prepared.application, control: control)
      }
      var report = try await report(on: prepared.operation.id)
      if prepared.goalIsReached { report.goalIsReached = true }
      return report
    }
  }

  /// Prepares and performs a change.
  public func execute(
    _ request: ChangeRequest, on name: String, by requester: Requester,
    control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> OperationReport {
    try await onOwnThread { () async throws(RollbookError) in
      try await execute(request, on: application(named: name), by: requester, control: control)
    }
  }

  /// The same for an application that was looked at before.
  func execute(
    _ request: ChangeRequest, on application: Application, by requester: Requester,
    control: EngineControl
  ) async throws(RollbookError) -> OperationReport {
    try await onOwnThread { () async throws(RollbookError) in
      let prepared = try await prepare(request, on: application, by: requester, control: control)
      if prepared.work == .drive {
        control.report(.began(prepared.operation, prepared.application))
      }
      return try await perform(prepared, control: control)
    }
  }

  /// - Parameter known: what is known of the operation, read while its lock was held.
  func drive(
    _ id: OperationID, known: Situation? = nil, of application: Application, resumed: Bool,
    _ control: EngineControl
  ) async throws(RollbookError) {
    do throws(RollbookError) {
      try await drive(id, known, resumed: resumed, control)
    } catch {
      control.report(.left(application))
      throw error
    }
  }

  private func drive(
    _ id: OperationID, _ known: Situation?, resumed: Bool, _ control: EngineControl
  ) async throws(RollbookError) {
    do {
      try await Driver.drive(id, known: known, resumed: resumed, engine: self, control: control)
    } catch let error as RollbookError {
      throw error
    } catch is CancellationError {
      throw RollbookError(.interrupted, "Left operation \(id) because its task was cancelled.")
    } catch {
      throw RollbookError(.system, "Operation \(id) stopped: \(error).")
    }
  }

  /// What came of an operation, and of those that followed it.
  public func report(on id: OperationID) async throws(RollbookError) -> OperationReport {
    try await journal.read { (reader) throws(RollbookError) in
      guard let operation = try reader.operation(id),
        let application = try reader.application(operation.application)
      else { throw .damaged("operation \(id) is not there") }
      var later: [Operation] = []
      var cursor = try reader.newestOperation(of: application.id)
      while let operation = cursor, operation.id > id {
        later.append(operation)
        cursor = try operation.links.previous.flatMapOperation(reader)
      }
      var following: [OperationRecord] = []
      for operation in later.reversed()
      where operation.causedBy == (following.last?.operation.id ?? id) {
        following.append(
          OperationRecord(operation: operation, outcome: try reader.outcome(of: operation.id)))
      }
      return OperationReport(
        record: OperationRecord(operation: operation, outcome: try reader.outcome(of: id)),
        goalIsReached: false, failure: try reader.failure(of: id), following: following,
        state: try reader.state(of: application))
    }
  }

  /// Waits until nothing is in flight; settles where the holder dies meanwhile.
  func wait(for application: Application, control: EngineControl) async throws(RollbookError) {
    while true {
      let state = try await state(of: application)
      guard let operation = state.inFlight else { return }
      if let lock = try HolderLock.tryAcquire(application.id, in: home) {
        defer { lock.release() }
        let again = try await self.state(of: application)
        if again.inFlight?.id == operation.id {
          try await drive(operation.id, of: application, resumed: true, control)
        }
        continue
      }
      if Task.isCancelled { throw RollbookError(.interrupted, "No longer waiting.") }
      await clock.sleep(seconds: 0.1)
    }
  }
}

extension OperationID? {
  fileprivate func flatMapOperation(
    _ reader: borrowing JournalReader
  ) throws(RollbookError) -> Operation? {
    guard let self else { return nil }
    return try reader.operation(self)
  }
}
