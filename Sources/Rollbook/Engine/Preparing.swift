extension Engine {
  /// Checks a request and writes its intent.
  ///
  /// - Throws: where it is refused; nothing was written then (but what an interrupted operation
  ///   needed to be settled).
  public func prepare(
    _ request: ChangeRequest, on name: String, by requester: Requester,
    control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> PreparedOperation {
    try await prepare(request, on: application(named: name), by: requester, control: control)
  }

  /// The same for an application that was looked at before, and not for another that has its name by now.
  ///
  /// - Throws: `notFound` too where it was deleted meanwhile.
  public func prepare(
    _ request: ChangeRequest, on application: Application, by requester: Requester,
    control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> PreparedOperation {
    if request.command == .abandon { return try await abandon(application, by: requester) }
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

/// Checks one request against the state of its application, and writes its intent.
struct Preparation: Sendable {
  let engine: Engine
  let application: Application
  let state: ApplicationState
  let lock: HolderLock

  func prepare(
    _ request: ChangeRequest, by requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    switch request {
    case .start(let restore, let allowNonRestored):
      return try await start(restore, allowNonRestored, requester)
    case .stop(let force):
      var draft = draft(.stop, requester)
      if force { draft.parameters.force = true }
      return try await begin(draft)
    case .update(let update): return try await self.update(update, requester)
    case .scale(let parallelism, let ifVersion, let force):
      return try await scale(parallelism, ifVersion, force, requester)
    case .rollback(let rollback): return try await self.rollback(rollback, requester)
    case .createSnapshot(let name): return try await createSnapshot(name, requester)
    case .deleteSnapshot(let name): return try await deleteSnapshot(name, requester)
    case .delete: return try await begin(draft(.delete, requester))
    case .abandon:
      throw RollbookError(.wrongStatus, "\(application.name) has nothing in flight to abandon.")
    }
  }

  func draft(_ kind: OperationKind, _ requester: Requester) -> OperationDraft {
    var draft = OperationDraft(
      application: application.id, kind: kind, actor: requester.actor, reason: requester.reason)
    draft.versionFrom = state.version
    draft.parallelismFrom = state.parallelism
    return draft
  }

  /// Writes the intent; the operation is then to be driven.
  func begin(
    _ draft: OperationDraft,
    with more: (@Sendable (borrowing JournalWriter, Operation) throws(RollbookError) -> Void)? = nil
  ) async throws(RollbookError) -> PreparedOperation {
    let operation = try await engine.journal.writeOperation { (writer) throws(RollbookError) in
      let operation = try writer.begin(draft)
      try more?(writer, operation)
      return operation
    }
    return PreparedOperation(application, operation, .drive, lock: lock)
  }

  /// Writes an operation that only records: begun and ended in one transaction.
  func recordOnly(
    _ draft: OperationDraft,
    with more: (@Sendable (borrowing JournalWriter, Operation) throws(RollbookError) -> Void)? = nil
  ) async throws(RollbookError) -> PreparedOperation {
    let before = state.shown
    let operation = try await engine.journal.writeOperation { (writer) throws(RollbookError) in
      let operation = try writer.begin(draft)
      try more?(writer, operation)
      let end = Standing.End(status: .successful, somethingRuns: false, oldIsUntouched: false)
      let after = Standing.after(operation, end, before: before, top: nil)
      try writer.end(operation, OutcomeDraft(status: .successful, standing: after.standing))
      return operation
    }
    return PreparedOperation(
      application, operation, .nothing, lock: lock, isRecordedOnly: true)
  }

  func currentVersion() async throws(RollbookError) -> ApplicationVersion {
    try await version(state.version)
  }

  func version(_ number: Int64) async throws(RollbookError) -> ApplicationVersion {
    let id = application.id
    let found = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.version(number, of: id)
    }
    guard let found else {
      throw RollbookError(
        .notFound, "\(application.name) has no version \(number).",
        hint: "`rollbook versions \(application.name)` lists them.")
    }
    return found
  }

  func checkVersion(_ expected: Int64?) throws(RollbookError) {
    guard let expected, expected != state.version else { return }
    throw RollbookError(
      .staleVersion,
      "\(application.name) is at version \(state.version), not \(expected).",
      hint: "Look at what changed (`rollbook operations \(application.name)`), then ask again.")
  }

  /// Refuses what was decided before something else began.
  func checkNewest(_ expected: OperationID?) throws(RollbookError) {
    guard let expected, expected != state.newest.id else { return }
    throw RollbookError(
      .staleVersion,
      "\(state.newest.name) \(state.newest.id) of \(application.name) has begun since.",
      hint: "Look at what changed (`rollbook operations \(application.name)`), then ask again.")
  }

  /// Checks that what a deployment will need is there, before anything is stopped.
  func checkRestorable(
    _ source: RestoreSource?, for version: ApplicationVersion, takesSnapshot: Bool = false
  ) async throws(RollbookError) {
    try await offPool(on: engine.checks) { () throws(RollbookError) in
      try engine.artifacts.verify(version.artifact)
      _ = try version.configuration.readingSecrets()
    }
    try await requireReachable(version)
    let snapshot: Snapshot
    if case .snapshot(let name)? = source {
      snapshot = try await usableSnapshot(named: name, for: version)
    } else if source.isLatest, !takesSnapshot, let newest = try await newestSnapshot(for: version) {
      snapshot = newest
    } else {
      return
    }
    do {
      try await engine.runtime(of: application).verify(snapshot)
    } catch let failure as RuntimeFailure {
      throw RollbookError(
        failure.effect == .unreachable ? .runtimeUnreachable : .noUsableSnapshot,
        "Snapshot \(snapshot.name) cannot be restored: \(failure.rootCause).")
    } catch {
      throw RollbookError(.system, "\(error)")
    }
  }

  /// Refuses what could only be left undone: nothing is stopped for a runtime that does not answer.
  func requireReachable(_ version: ApplicationVersion) async throws(RollbookError) {
    do throws(RollbookError) {
      _ = try await engine.runtime(of: application).check(version.configuration, codePath: nil)
    } catch {
      // What else it says was checked when the version was made.
      guard error.code == .runtimeUnreachable else { return }
      throw RollbookError(
        error.code, "The runtime of version \(version.version) cannot be reached: \(error.message)",
        hint: "Nothing was written and nothing stopped; try again when it answers.")
    }
  }

  /// The snapshot that `latest` means now, where the version restores one.
  private func newestSnapshot(
    for version: ApplicationVersion
  ) async throws(RollbookError) -> Snapshot? {
    guard version.configuration.snapshotsEnabled else { return nil }
    return try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.newestUsableSnapshot(for: version)
    }
  }

  private func usableSnapshot(
    named name: String, for version: ApplicationVersion
  ) async throws(RollbookError) -> Snapshot {
    let id = application.id
    let found = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.snapshot(named: name, of: id)
    }
    guard let found, found.status != .deleted else {
      throw RollbookError(
        .notFound, "\(application.name) has no snapshot named \(name).",
        hint: "`rollbook snapshot list \(application.name)` lists them.")
    }
    guard found.status == .ready else {
      throw RollbookError(.noUsableSnapshot, "Snapshot \(name) is \(found.status.rawValue).")
    }
    guard SnapshotChoice.isReadable(found.runtimeEnvironment, by: version.runtimeEnvironment) else {
      throw RollbookError(
        .noUsableSnapshot,
        "Snapshot \(name) was taken on \(found.runtimeEnvironment); version \(version.version) runs "
          + "on \(version.runtimeEnvironment), which cannot read it.")
    }
    return found
  }
}
