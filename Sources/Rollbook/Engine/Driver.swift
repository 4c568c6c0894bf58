/// Drives one operation from where it stands to its outcome. Its caller holds the application's lock.
struct Driver: Sendable {
  let engine: Engine
  let runtime: any RuntimeAdapter
  let control: EngineControl
  let situation: Situation
  /// True where another holder began the operation.
  let isResumed: Bool

  var operation: Operation { situation.operation }
  var application: Application { situation.application }

  /// Drives an operation and all that follow from it; returns once nothing is in flight.
  static func drive(
    _ id: OperationID, known: Situation?, resumed: Bool, engine: Engine, control: EngineControl
  ) async throws {
    var next: OperationID? = id
    var known = known
    var isResumed = resumed
    while let current = next {
      let situation: Situation
      if let known {
        situation = known
      } else {
        situation = try await engine.journal.read { (reader) throws(RollbookError) in
          try reader.situation(of: current)
        }
      }
      known = nil
      let driver = Driver(
        engine: engine, runtime: try engine.runtime(of: situation.application), control: control,
        situation: situation, isResumed: isResumed)
      next = try await driver.run()
      isResumed = false
    }
  }

  private func run() async throws -> OperationID? {
    let concluded: Concluded
    switch operation.kind {
    case .createSnapshot: concluded = try await takeSnapshot()
    case .deleteSnapshot: concluded = try await deleteSnapshot()
    default: return try await replaceGeneration()
    }
    guard case .next(let next) = concluded else {
      throw RollbookError.damaged("operation \(operation.id) started nothing that could be ended")
    }
    return next
  }

  /// The loop of every operation that stops or starts a generation: look, decide, act.
  private func replaceGeneration() async throws -> OperationID? {
    var progress = Progress(situation.steps)
    var old = Settling.Sight.runs
    var new: Settling.Sight?
    if isResumed {
      (old, new) = try await lookAround(progress)
      try await recordSettling(progress, old: old, new: new)
    }
    if operation.kind == .delete { try await sweepSuspects(progress) }
    while true {
      let verdict = Settling.verdict(
        situation.task, stage: progress.stage, isCancelled: try await isCancelled(), old: old,
        new: new)
      if let ending = try await act(on: verdict, &progress, old: &old, new: &new) {
        if case .next(let next) = try await conclude(ending) { return next }
      }
      try leaveIfAsked(progress)
    }
  }

  /// Does what a verdict says; the operation's ending where that was the last thing to do.
  private func act(
    on verdict: Settling.Verdict, _ progress: inout Progress, old: inout Settling.Sight,
    new: inout Settling.Sight?
  ) async throws -> OperationEnding? {
    switch verdict {
    case .stopOld: return try await stopOld(&progress, old: &old)
    case .deploy: new = try await deploy(&progress)
    case .awaitRunning: return try await awaitRunning(&progress, new: &new)
    case .bake: return try await bake(&progress, new: &new)
    case .recordFailure: new = try await recordEnded(&progress)
    case .endFailed:
      try await endStarted(progress)
      return OperationEnding(.failed, failure: progress.failure)
    case .giveUp:
      if situation.task.stopsOld && progress.stage != .stopped && progress.started == nil {
        if try await finishStop(&progress) { return nil }
        // Untouched only if it is seen running; else its state is adopted first.
        old = try await look(at: situation.old)
        return old == .runs ? OperationEnding(.cancelled, oldIsUntouched: true) : nil
      }
      try await endStarted(progress)
      return OperationEnding(.cancelled)
    case .succeed:
      // An application that was found ended: why is known since the operation began.
      let failure = situation.steps.first { $0.name == .settling }?.detail.failure
      return OperationEnding(failure == nil ? .successful : .failed, failure: failure)
    case .waitForRuntime: try await runtimeIsUnreachable("while looking at what runs")
    }
    return nil
  }

  // MARK: Looking

  private func lookAround(
    _ progress: Progress
  ) async throws -> (old: Settling.Sight, new: Settling.Sight?) {
    let old = situation.task.stopsOld ? try await look(at: situation.old) : .absent
    return (old, try await progress.started.asyncMap { try await look(at: generation($0)) })
  }

  func look(at generation: Generation?) async throws -> Settling.Sight {
    guard let generation else { return .absent }
    switch await engine.observeWhileMissing(generation, on: runtime) {
    case .running, .failing: return .runs
    case .ended(let ending): return ending.isFromOutside ? .endedFromOutside : .ended
    case .absent: return .absent
    case .missing: return .endedFromOutside
    case .unreachable: return .unreachable
    }
  }

  /// A generation that this operation started.
  func generation(_ started: Progress.StartedGeneration) throws(RollbookError) -> Generation {
    guard let version = situation.targetVersion else {
      throw .damaged("the version that operation \(operation.id) deploys is not there")
    }
    return Generation(
      application: application, token: started.token, version: version,
      parallelism: situation.targetParallelism, place: started.place)
  }

  // MARK: Steps

  /// Makes a step durable; from then on it is part of the progress.
  func record(
    _ name: Step.Name, _ detail: StepDetail = StepDetail(), _ progress: inout Progress,
    with more: (@Sendable (borrowing JournalWriter) throws(RollbookError) -> Void)? = nil
  ) async throws(RollbookError) {
    let operation = operation
    let at = try await engine.journal.write { (writer) throws(RollbookError) in
      // First the step: it is refused where somebody else has ended the operation.
      try writer.addStep(name, detail, to: operation.id)
      try more?(writer)
      return writer.now()
    }
    progress.apply(name, detail, at: at)
    control.report(.step(operation, name, detail))
  }

  private func recordSettling(
    _ progress: Progress, old: Settling.Sight, new: Settling.Sight?
  ) async throws {
    var detail = StepDetail()
    detail.holder = "process \(Holder.current.pid)"
    var seen = situation.task.stopsOld ? ["the old version \(old.inWords)"] : []
    if let new { seen.append("the new one \(new.inWords)") }
    detail.observed = seen.isEmpty ? "nothing had been started" : seen.joined(separator: ", ")
    detail.verdict =
      Settling.verdict(
        situation.task, stage: progress.stage, isCancelled: try await isCancelled(), old: old,
        new: new
      ).rawValue
    // Asked again and again while nothing changes, it says so once.
    let waiting = situation.trailingSteps.last { $0.name == .settling }?.detail
    if waiting?.observed == detail.observed && waiting?.verdict == detail.verdict { return }
    var unchanged = progress
    try await record(.settling, detail, &unchanged)
  }

  func runtimeIsUnreachable(_ what: String) async throws -> Never {
    var detail = StepDetail()
    detail.message = what
    var unchanged = Progress([])
    if !situation.trailingSteps.contains(where: { $0.name == .unreachable }) {
      try await record(.unreachable, detail, &unchanged)
    }
    throw RollbookError(
      .runtimeUnreachable,
      "The runtime of \(application.name) cannot be reached \(what); \(operation.name) "
        + "\(operation.id) stays in progress.",
      hint: "Run `rollbook settle` when it answers again, or give the operation up with "
        + "`rollbook stop \(application.name) --force --abandon`.")
  }

  // MARK: Being interrupted

  func isCancelled() async throws(RollbookError) -> Bool {
    let id = operation.id
    let isCancellable = situation.isCancellable
    return try await engine.journal.read { (reader) throws(RollbookError) in
      if try reader.outcome(of: id) != nil { throw try reader.endedMeanwhile(id) }
      guard isCancellable else { return false }
      return try !reader.cancellations(of: id).isEmpty
    }
  }

  /// Leaves at a durable step where that was asked and leaves nothing down.
  func leaveIfAsked(_ progress: Progress) throws(RollbookError) {
    guard control.isLeaving, mayLeave(progress) else { return }
    throw RollbookError(
      .interrupted,
      "Left \(operation.name) \(operation.id) of \(application.name) at a durable step.",
      hint: "`rollbook settle` carries it on.")
  }

  func mayLeave(_ progress: Progress) -> Bool {
    progress.stage == .begun || progress.stage == .stopping
  }

  /// Runs a call of the runtime that is given up when somebody cancels the operation.
  func interruptibly<Value: Sendable>(
    _ progress: Progress, _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let mayLeave = mayLeave(progress)
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        while !Task.isCancelled {
          await engine.cancellationTicks.tick()
          if Task.isCancelled { break }
          if try await isCancelled() || (mayLeave && control.isLeaving) { break }
        }
        return nil
      }
      // Either the work has ended, or it is told to end and its answer is waited for.
      while let answer = try await group.next() {
        group.cancelAll()
        if let answer { return answer }
      }
      throw RollbookError(.interrupted, "The runtime's answer was lost.")
    }
  }
}

extension Optional where Wrapped: Sendable {
  fileprivate func asyncMap<Value>(
    _ transform: (Wrapped) async throws -> Value
  ) async throws -> Value? {
    guard let self else { return nil }
    return try await transform(self)
  }
}
