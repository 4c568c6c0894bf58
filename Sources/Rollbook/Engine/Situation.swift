/// Everything that the holder of an operation knows about it: one read of the journal.
struct Situation: Sendable {
  let application: Application
  let operation: Operation
  /// What the operation's predecessor left.
  let before: StandingState
  /// The generation that the journal says runs.
  let running: RunningGeneration?
  let runningVersion: ApplicationVersion?
  /// The version that the operation deploys.
  let targetVersion: ApplicationVersion?
  let steps: [Step]

  var old: Generation? {
    guard let running, let runningVersion else { return nil }
    return Generation(
      application: application, token: running.token, version: runningVersion,
      parallelism: running.parallelism, place: running.place)
  }

  /// What the operation is there to do.
  var task: Settling.Task {
    switch operation.kind {
    case .start, .update, .scale, .rollback, .systemRollback:
      Settling.Task(stopsOld: running != nil, startsNew: true)
    case .stop, .delete, .ended: Settling.Task(stopsOld: running != nil, startsNew: false)
    case .create, .createSnapshot, .deleteSnapshot:
      Settling.Task(stopsOld: false, startsNew: false)
    }
  }

  /// The parallelism that the operation deploys.
  var targetParallelism: Int {
    operation.parameters.target?.parallelism ?? operation.parallelismTo ?? before.parallelism
  }

  /// Whether the old generation's state is to be kept when it is stopped.
  var snapshotPolicy: SnapshotPolicy {
    guard let runningVersion, runningVersion.configuration.snapshotsEnabled else { return .none }
    switch operation.kind {
    case .stop: return operation.parameters.force == true ? .none : .required
    case .update, .scale: return .required
    case .rollback, .systemRollback, .ended: return .bestEffort
    case .start, .delete, .create, .createSnapshot, .deleteSnapshot: return .none
    }
  }

  enum SnapshotPolicy: Sendable {
    case none
    /// Without it the operation fails, and the old generation goes on.
    case required
    /// Without it the operation goes on.
    case bestEffort
  }

  /// The name of the snapshot that the operation takes.
  var snapshotName: String {
    if let name = operation.parameters.snapshotName { return name }
    let prefix = operation.kind == .ended ? "left" : "auto"
    return "\(prefix)-v\(running?.version ?? 0)-\(operation.id)"
  }

  /// Updates and scalings are watched for a while after RUNNING.
  var bakeSeconds: Double {
    operation.kind == .update || operation.kind == .scale
      ? targetVersion?.configuration.bakeSeconds ?? 0 : 0
  }

  /// The newest steps that only tell of attempts to settle.
  var trailingSteps: ArraySlice<Step> {
    let last = steps.lastIndex { $0.name != .settling && $0.name != .unreachable }
    return steps[(last.map { $0 + 1 } ?? 0)...]
  }

  /// Whether a request may end it before its time.
  var isCancellable: Bool {
    let isForcedStop = operation.kind == .stop && operation.parameters.force == true
    return Lifecycle.isCancelledByForcedStop(operation.kind) && !isForcedStop
  }
}

extension JournalReader {
  borrowing func situation(of id: OperationID) throws(RollbookError) -> Situation {
    guard let operation = try operation(id),
      let application = try application(operation.application)
    else { throw .damaged("operation \(id) or its application is not there") }
    var before: StandingState?
    if let previous = operation.links.previous { before = try outcome(of: previous)?.standing }
    return try situation(of: operation, of: application, before: before)
  }

  /// - Parameter before: what the operation's predecessor left; nil where it has none.
  borrowing func situation(
    of operation: Operation, of application: Application, before: StandingState?
  ) throws(RollbookError) -> Situation {
    let before = before ?? StandingState(status: .ready, version: 1, parallelism: 1)
    let running = try running(application.id)
    let target = operation.parameters.target?.version ?? operation.versionTo ?? before.version
    return Situation(
      application: application, operation: operation, before: before, running: running,
      runningVersion: try running.mapVersion(in: self, of: application.id),
      targetVersion: try version(target, of: application.id), steps: try steps(of: operation.id))
  }

  /// The newest READY snapshot that a version can read, if any.
  borrowing func newestUsableSnapshot(
    for version: ApplicationVersion
  ) throws(RollbookError) -> Snapshot? {
    var sequence = Int64.max
    while true {
      let page = try readySnapshots(of: version.application, before: sequence, limit: 20)
      for snapshot in page {
        let rolledBack = try wasRolledBack(
          version: snapshot.version, of: version.application, since: snapshot.operation)
        if SnapshotChoice.isUsable(snapshot, by: version, takerWasRolledBack: rolledBack) {
          return snapshot
        }
      }
      guard let last = page.last?.outcome else { return nil }
      sequence = last.sequence
    }
  }
}

extension RunningGeneration? {
  fileprivate func mapVersion(
    in reader: borrowing JournalReader, of application: ApplicationID
  ) throws(RollbookError) -> ApplicationVersion? {
    guard let self else { return nil }
    return try reader.version(self.version, of: application)
  }
}

/// How far an operation is: its steps read back, and what was done since.
struct Progress: Sendable {
  var stage = Settling.Stage.begun
  /// The snapshot that is taken while the old generation is stopped.
  var snapshot: (id: SnapshotID, name: String)?
  var snapshotIsMissed = false
  /// The newest generation that the operation started.
  var started: StartedGeneration?
  var runningSince: Timestamp?
  /// When this holder began to deploy, by the engine's clock.
  var deployUptime: Double?
  var failure: Failure?

  struct StartedGeneration: Sendable {
    var token: GenerationToken
    var place: Place?
    /// When it was about to be started.
    var since: Timestamp
  }

  init(_ steps: [Step]) {
    for step in steps { apply(step.name, step.detail, at: step.at) }
  }

  mutating func applyDeployed(_ place: Place?) {
    guard let place else { return }
    stage = .deployed
    started?.place = place
  }

  mutating func apply(_ name: Step.Name, _ detail: StepDetail, at: Timestamp) {
    switch name {
    case .stopping, .snapshotting:
      stage = .stopping
      if let id = detail.snapshotID, let name = detail.snapshot { snapshot = (id, name) }
    case .snapshotMissed:
      snapshot = nil
      snapshotIsMissed = true
    case .stopped: stage = .stopped
    case .deploying:
      stage = .deploying
      started = detail.generation.map { StartedGeneration(token: $0, place: nil, since: at) }
    case .deployed:
      stage = .deployed
      started?.place = detail.place
    case .running:
      stage = .running
      runningSince = at
    case .failing:
      stage = .failing
      failure = detail.failure
    case .settling, .unreachable: break
    }
  }
}
