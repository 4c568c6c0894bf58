extension Engine {
  /// Checks a request and writes its intent.
  ///
  /// - Throws: where it is refused; nothing was written then (but what an interrupted operation
  ///   needed to be settled).
  public func prepare(
    _ request: ChangeRequest, on name: String, by requester: Requester,
    control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> PreparedOperation {
    try await onOwnThread { () async throws(RollbookError) in
      try await prepare(request, on: application(named: name), by: requester, control: control)
    }
  }

  /// The same for an application that was looked at before, and not for another that has its name by now.
  ///
  /// - Throws: `notFound` too where it was deleted meanwhile.
  public func prepare(
    _ request: ChangeRequest, on application: Application, by requester: Requester,
    control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> PreparedOperation {
    try await onOwnThread { () async throws(RollbookError) in
      if request.command == .abandon { return try await abandon(application, by: requester) }
      return try await prepareInTurn(request, on: application, by: requester, control: control)
    }
  }

  /// Prepares once the application's lock can be had, or what has it is to be given up.
  private func prepareInTurn(
    _ request: ChangeRequest, on application: Application, by requester: Requester,
    control: EngineControl
  ) async throws(RollbookError) -> PreparedOperation {
    let deadline = clock.uptime() + patience.lockSeconds
    while true {
      if let lock = try HolderLock.tryAcquire(application.id, in: home) {
        do throws(RollbookError) {
          return try await prepare(
            request, on: application, by: requester, holding: lock, control: control)
        } catch {
          lock.release()
          throw error
        }
      }
      // Somebody holds it: is that in our way?
      let state = try await state(of: application)
      if let operation = state.inFlight {
        switch Lifecycle.verdict(request.command, status: state.status, inFlight: operation.kind) {
        case .cancelsWhatIsInFlight:
          try await checkCancelling(request, state)
          return try await cancel(operation, of: application, for: request, by: requester, control)
        default: throw busy(application, operation)
        }
      }
      guard clock.uptime() < deadline else { throw heldIdle(application) }
      await clock.sleep(seconds: 0.02)
    }
  }

  func busy(_ application: Application, _ operation: Operation) -> RollbookError {
    let holder = Holder.of(application.id, in: home).map { ", held by \($0.described)" } ?? ""
    return RollbookError(
      .operationInFlight,
      "\(operation.name) \(operation.id) of \(application.name) has been in flight since "
        + "\(operation.startedAt)\(holder).",
      hint: "`rollbook wait \(application.name)` waits for it; "
        + "`rollbook stop \(application.name) --force` gives it up.")
  }

  private func heldIdle(_ application: Application) -> RollbookError {
    let holder = Holder.of(application.id, in: home).map { " (\($0.described))" } ?? ""
    return RollbookError(
      .operationInFlight,
      "Another Rollbook holds the lock of \(application.name)\(holder) and has nothing in flight.",
      hint: "Try again; if it stays so, end that process.")
  }

  private func prepare(
    _ request: ChangeRequest, on application: Application, by requester: Requester,
    holding lock: HolderLock, control: EngineControl
  ) async throws(RollbookError) -> PreparedOperation {
    let state = try await state(of: application)
    guard state.status != .deleted else { throw Self.noApplication(named: application.name) }
    if let operation = state.inFlight {
      let verdict = Lifecycle.verdict(
        request.command, status: state.status, inFlight: operation.kind)
      if verdict == .cancelsWhatIsInFlight {
        try await checkCancelling(request, state)
        return try await takeOver(
          operation, of: application, for: request, by: requester, holding: lock, control)
      }
    }
    try checkMayBegin(request, on: application, control)
    try await settleFirst(application, state, control)
    // Who gave up what had to be settled first means what would have come after it too.
    try checkMayBegin(request, on: application, control)
    let settled = try await self.state(of: application)
    guard
      Lifecycle.verdict(request.command, status: settled.status, inFlight: nil) == .accepted
    else { throw try await wrongStatus(application, settled.status, request.command) }
    let draft = Preparation(engine: self, application: application, state: settled, lock: lock)
    // What is checked to be there is not removed before the journal says that it is needed. Nobody who
    // stops something waits for that.
    let code = request.command.needsCode ? try await KeepingLock.sharingCode(for: self) : nil
    defer { code?.release() }
    return try await draft.prepare(request, by: requester)
  }

  private func checkMayBegin(
    _ request: ChangeRequest, on application: Application, _ control: EngineControl
  ) throws(RollbookError) {
    try control.checkMayBegin(
      "The \(request.command.rawValue) of \(application.name)",
      hint: "Nothing was done to \(application.name); ask again.")
  }

  private func wrongStatus(
    _ application: Application, _ status: ApplicationStatus, _ command: Command
  ) async throws(RollbookError) -> RollbookError {
    let needed = Lifecycle.idleStatuses(of: command).map(\.name).joined(separator: " or ")
    let hasSuspects = try await journal.read { (reader) throws(RollbookError) in
      try !reader.unresolvedSuspects(of: application.id).isEmpty
    }
    return RollbookError(
      .wrongStatus,
      "\(application.name) is \(status.name); \(command.rawValue) needs it \(needed).",
      hint: hasSuspects
        ? "What was abandoned may still run: `rollbook settle` ends it."
        : "`rollbook status \(application.name)` shows what it does.")
  }

  /// Settles what a dead holder left, and notices a program that is gone.
  ///
  /// - Throws: `settledFirst` where that changed status or version: the request may not mean the
  ///   same any more.
  private func settleFirst(
    _ application: Application, _ before: ApplicationState, _ control: EngineControl
  ) async throws(RollbookError) {
    _ = try await settleLocked(application, control)
    let after = try await state(of: application)
    guard before.status != after.status || before.version != after.version else { return }
    throw RollbookError(
      .settledFirst,
      "\(application.name) was \(before.status.name) at version \(before.version); settling what "
        + "had happened to it made it \(after.status.name) at version \(after.version).",
      hint: "Nothing else was done. `rollbook operations \(application.name)` tells what happened; "
        + "then ask again.")
  }
}

extension Command {
  /// Whether it may come to a deployment.
  fileprivate var needsCode: Bool {
    switch self {
    case .start, .update, .scale, .rollback: true
    case .stop, .forceStop, .abandon, .createSnapshot, .deleteSnapshot, .delete: false
    }
  }
}
