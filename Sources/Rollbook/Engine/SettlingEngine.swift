/// What settling found of one application.
public struct SettlingReport: Sendable {
  public enum Finding: Sendable {
    /// The operation that a dead holder had left has its outcome now.
    case settled(OperationID)
    /// Its program was found ended.
    case ended(OperationID)
    /// Somebody drives it.
    case held
    /// It could not be settled; it stays in progress.
    case waiting(RollbookError)
    /// A generation that might still run was looked after.
    case swept(SweptSuspect)
  }

  public let application: Application
  public let finding: Finding
}

extension Engine {
  /// Settles what dead holders left, notices programs that are gone, and ends what may still run
  /// although it should not; living holders are skipped.
  ///
  /// - Returns: what was found, in the order of the applications' numbers.
  ///   What was left on request, or not begun with any more, is `.waiting` with the code `interrupted`.
  /// - Throws: an error of the journal.
  public func settleAll(
    control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> [SettlingReport] {
    let reports = try await several(try await applicationsToSettle()) {
      (application) async throws(RollbookError) in
      try await self.settle(application, control: control)
    }
    return reports.flatMap(\.self)
  }

  /// The applications that there may be something to settle of.
  public func applicationsToSettle() async throws(RollbookError) -> [Application] {
    try await journal.read { (reader) throws(RollbookError) in try reader.applicationsToSettle() }
  }

  /// The same as `settleAll` for one application.
  public func settle(
    _ application: Application, control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> [SettlingReport] {
    let found = try await onOwnThread {
      () async throws(RollbookError) -> [SettlingReport.Finding] in
      try await findings(application, control)
    }
    return found.map { SettlingReport(application: application, finding: $0) }
  }

  private func findings(
    _ application: Application, _ control: EngineControl
  ) async throws(RollbookError) -> [SettlingReport.Finding] {
    do throws(RollbookError) {
      try control.checkMayBegin(
        "Settling \(application.name)", hint: "`rollbook settle` goes on with what is left.")
    } catch {
      return [.waiting(error)]
    }
    var findings: [SettlingReport.Finding] = []
    do throws(RollbookError) {
      let look = try await lookFirst(application)
      if case .nothingToDo = look { return [] }
      guard let lock = try HolderLock.tryAcquire(application.id, in: home) else {
        return try await state(of: application).inFlight == nil ? [] : [.held]
      }
      defer { lock.release() }
      var missing: GenerationToken?
      if case .missing(let token) = look { missing = token }
      if let finding = try await settleLocked(application, control, missing: missing) {
        findings.append(finding)
      }
      findings += try await sweepSuspects(of: application).map { .swept($0) }
    } catch {
      switch error.code {
      case .journalMissing, .notAJournal, .journalTooNew, .journalDamaged,
        .journalReadOnly, .journalReplaced, .journalFailed, .diskFull, .diskFailed,
        .outcomeUnknown:
        throw error
      // One application's trouble must not keep the others from being settled.
      default: findings.append(.waiting(error))
      }
    }
    return findings
  }

  private enum Look {
    case nothingToDo
    /// For as long as it takes to be gone.
    case missing(GenerationToken)
    case something
  }

  /// Looks whether the lock is needed at all: whoever holds it keeps requests waiting, and to see that
  /// something is gone may take a minute.
  private func lookFirst(_ application: Application) async throws(RollbookError) -> Look {
    let (isInFlight, known, hasSuspects) = try await journal.read {
      (reader) throws(RollbookError) -> (Bool, Generation?, Bool) in
      if try reader.state(of: application).inFlight != nil { return (true, nil, false) }
      return (
        false, try reader.runningGeneration(of: application),
        try !reader.unresolvedSuspects(of: application.id).isEmpty
      )
    }
    if isInFlight { return .something }
    guard let known else { return hasSuspects ? .something : .nothingToDo }
    switch await observeWhileMissing(known, on: try runtime(of: application)) {
    case .running, .failing, .unreachable: return hasSuspects ? .something : .nothingToDo
    case .missing:
      if Task.isCancelled { throw RollbookError(.interrupted, "No longer looking.") }
      return .missing(known.token)
    case .ended, .absent: return .something
    }
  }

  /// What is known of an application once its lock is held.
  private enum LockedLook: Sendable {
    case inFlight(Situation)
    case idle(ApplicationState, Generation?)
  }

  /// Settles one application whose lock the caller holds; nil where there was nothing to settle.
  ///
  /// - Parameter missing: a generation that has been missing for a minute already.
  func settleLocked(
    _ application: Application, _ control: EngineControl, missing: GenerationToken? = nil
  ) async throws(RollbookError) -> SettlingReport.Finding? {
    let look = try await journal.read { (reader) throws(RollbookError) -> LockedLook in
      let state = try reader.state(of: application)
      if let operation = state.inFlight {
        return .inFlight(
          try reader.situation(of: operation, of: application, before: state.settled))
      }
      return .idle(state, try reader.runningGeneration(of: application))
    }
    let state: ApplicationState
    let known: Generation
    switch look {
    case .inFlight(let situation):
      try await drive(
        situation.operation.id, known: situation, of: application, resumed: true, control)
      return .settled(situation.operation.id)
    case .idle(let idle, let running):
      guard idle.status == .running, let running else { return nil }
      (state, known) = (idle, running)
    }
    let ending: Ending
    let runtime = try runtime(of: application)
    let seen =
      known.token == missing
      ? await runtime.observe(known) : await observeWhileMissing(known, on: runtime)
    switch seen {
    case .running, .failing, .unreachable: return nil
    case .ended(let seen): ending = seen
    case .missing(let why):
      if Task.isCancelled { throw RollbookError(.interrupted, "No longer looking.") }
      ending = Ending(cause: .lost, rootCause: why, text: why, evidence: Evidence())
    case .absent:
      ending = Ending(
        cause: .lost, rootCause: "nothing is left of the generation that ran",
        text: "The runtime knows nothing of it: its folder was removed.", evidence: Evidence())
    }
    let operation = try await beginEnded(application, state, ending)
    try await drive(operation.id, of: application, resumed: false, control)
    return .ended(operation.id)
  }

  /// Records that an application was found ended.
  private func beginEnded(
    _ application: Application, _ state: ApplicationState, _ ending: Ending
  ) async throws(RollbookError) -> Operation {
    var detail = StepDetail()
    detail.holder = "process \(Holder.current.pid)"
    detail.observed = ending.rootCause
    if ending.cause != .finished {
      detail.failure = Failure(
        phase: .run, rootCause: ending.rootCause, text: ending.text, evidence: ending.evidence)
    }
    let settling = detail
    return try await journal.writeOperation { (writer) throws(RollbookError) in
      var draft = OperationDraft(
        application: application.id, kind: .ended, actor: "rollbook",
        reason: "the application was found ended")
      draft.versionFrom = state.version
      draft.parallelismFrom = state.parallelism
      draft.parameters.cause = ending.cause.rawValue
      let operation = try writer.begin(draft)
      try writer.addStep(.settling, settling, to: operation.id)
      return operation
    }
  }

  /// The applications that ran when the machine went down, and have not been started since.
  public func interruptedByReboot() async throws(RollbookError) -> [Application] {
    try await journal.read { (reader) throws(RollbookError) in
      var found: [Application] = []
      var after: String?
      while true {
        let page = try reader.applications(after: after, limit: 200)
        for application in page where try reader.wasEndedByReboot(application) {
          found.append(application)
        }
        guard let last = page.last else { return found }
        after = last.name
      }
    }
  }
}

extension JournalReader {
  /// The applications with an operation in flight, with something that runs, or with something that
  /// may run although it should not.
  package borrowing func applicationsToSettle() throws(RollbookError) -> [Application] {
    var ids = Set(try openOperations().map(\.application))
    ids.formUnion(try allRunning().map(\.application))
    ids.formUnion(try unresolvedSuspects().map(\.application))
    var applications: [Application] = []
    for id in ids.sorted(by: { $0.rawValue < $1.rawValue }) {
      if let application = try application(id) { applications.append(application) }
    }
    return applications
  }

  /// Whether the newest operation that changed an application's status says that the machine went
  /// down under it.
  borrowing func wasEndedByReboot(_ application: Application) throws(RollbookError) -> Bool {
    var cursor = try newestOperation(of: application.id)
    while let operation = cursor {
      switch operation.kind {
      case .ended: return operation.parameters.cause == Ending.Cause.reboot.rawValue
      case .createSnapshot, .deleteSnapshot: break
      default: return false
      }
      guard let previous = operation.links.previous else { return false }
      cursor = try self.operation(previous)
    }
    return false
  }
}
