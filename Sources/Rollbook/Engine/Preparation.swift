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
