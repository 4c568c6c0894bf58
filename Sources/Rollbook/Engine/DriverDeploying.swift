extension Driver {
  /// Starts a generation under a fresh token.
  ///
  /// - Returns: what is then seen of it; a failure is durable when this returns.
  func deploy(_ progress: inout Progress) async throws -> Settling.Sight {
    try await endStarted(progress)
    try await sweepSuspects(progress)
    // Given up on request: the loop sees the request.
    if try await isCancelled() { return .absent }
    guard let version = situation.targetVersion else {
      throw RollbookError.damaged("the version that operation \(operation.id) deploys is not there")
    }
    let restore: RestorePoint
    let secrets: Secrets
    do {
      try await verifyArtifact(of: version)
      secrets = try await readSecrets(of: version)
      restore = try await chooseRestore(for: version, progress)
    } catch let failure as RuntimeFailure {
      try Task.checkCancellation()
      if failure.effect == .unreachable {
        try await runtimeIsUnreachable("while looking at a snapshot: \(failure.rootCause)")
      }
      // Given up on request: the loop sees the request.
      if try await isCancelled() { return .absent }
      try await fail(failure, phase: .deploy, &progress)
      return .absent
    }
    let token = GenerationToken.random()
    var detail = StepDetail()
    detail.generation = token
    detail.version = version.version
    detail.parallelism = situation.targetParallelism
    detail.snapshot = restore.snapshot?.name
    detail.snapshotID = restore.snapshot?.id
    detail.snapshotReason = restore.reason
    detail.secretDigests = secrets.digests
    if let snapshot = restore.snapshot, isRollback {
      let age = Timestamp.now().seconds(since: snapshot.outcome?.endedAt ?? snapshot.startedAt)
      detail.message = "the state of the last \(Int(age)) s is left behind"
    }
    if let snapshot = restore.snapshot, operation.parameters.allowNonRestoredState == true {
      detail.message =
        "what version \(version.version) does not know of the state in \(snapshot.name) is dropped"
    }
    try await record(.deploying, detail, &progress)
    progress.deployUptime = engine.clock.uptime()
    return try await start(token, version, restore.snapshot, secrets, &progress)
  }

  private func start(
    _ token: GenerationToken, _ version: ApplicationVersion, _ restore: Snapshot?,
    _ secrets: Secrets, _ progress: inout Progress
  ) async throws -> Settling.Sight {
    let deployment = Deployment(
      generation: try generation(
        Progress.StartedGeneration(token: token, place: nil, since: .now())),
      artifactPath: engine.artifacts.path(of: version.artifact), restore: restore,
      allowNonRestoredState: operation.parameters.allowNonRestoredState ?? false,
      secrets: secrets)
    let placed = PlaceBox()
    do {
      try await interruptibly(progress) { [self, runtime] in
        try await runtime.deploy(deployment) { place in
          var detail = StepDetail()
          detail.place = place
          var recorded = Progress([])
          try await record(.deployed, detail, &recorded)
          placed.set(place)
        }
      }
      progress.applyDeployed(placed.value)
      return .runs
    } catch let failure as RuntimeFailure {
      try Task.checkCancellation()
      progress.applyDeployed(placed.value)
      switch failure.effect {
      case .unreachable:
        try await runtimeIsUnreachable("while deploying: \(failure.rootCause)")
      case .unknown:
        let seen = try await look(at: try progress.started.map { try generation($0) })
        if seen == .absent || seen == .endedFromOutside {
          try await fail(failure, phase: .deploy, &progress)
        }
        return seen
      case .ended, .untouched, .mayStartLater:
        // Given up on request: the loop sees the request.
        if try await isCancelled() { return .absent }
        try await fail(failure, phase: .deploy, &progress)
        return .absent
      }
    }
  }

  /// Makes a failure durable before what was started is ended.
  func fail(
    _ failure: RuntimeFailure, phase: Failure.Phase, _ progress: inout Progress
  ) async throws {
    var detail = StepDetail()
    var kept = Failure(
      phase: phase, rootCause: failure.rootCause, text: failure.text, evidence: failure.evidence)
    if let started = progress.started {
      kept.evidence.generation = started.token
      kept.logTail = await logTail(of: try generation(started))
      if progress.stage == .running || progress.stage == .deployed {
        detail.message = "what it wrote between \(started.since) and \(Timestamp.now()) is dropped"
      }
    }
    detail.failure = kept
    try await record(.failing, detail, &progress)
  }

  private func logTail(of generation: Generation) async -> String? {
    // What failed goes on until this is done: a long log is not waited for.
    let part = await withTaskGroup(of: LogPart?.self) { [runtime] group in
      group.addTask { await runtime.log(of: generation, from: nil, limit: 16384) }
      group.addTask {
        try? await Task.sleep(for: .seconds(Self.logSeconds))
        return nil
      }
      let first = await group.next()
      group.cancelAll()
      return first ?? nil
    }
    guard let part, !part.bytes.isEmpty else { return nil }
    return String(decoding: part.bytes, as: UTF8.self)
  }

  private static let logSeconds = 2

  /// Records how a generation ended that is found ended when the operation is taken up.
  ///
  /// - Returns: what is seen of it now.
  func recordEnded(_ progress: inout Progress) async throws -> Settling.Sight? {
    guard let started = progress.started else { return nil }
    let generation = try generation(started)
    guard case .ended(let ending) = await runtime.observe(generation) else {
      return try await look(at: generation)
    }
    try await fail(
      ending.asFailure, phase: progress.stage == .running ? .bake : .start, &progress)
    return .ended
  }

  /// What another operation's outcome began was not prepared: nobody has looked at its code yet.
  private func verifyArtifact(of version: ApplicationVersion) async throws {
    guard operation.causedBy != nil else { return }
    do throws(RollbookError) {
      try await offPool(on: engine.checks) { [engine] () throws(RollbookError) in
        try engine.artifacts.verify(version.artifact)
      }
    } catch {
      guard error.code == .artifactUnusable else { throw error }
      throw RuntimeFailure(.ended, rootCause: error.message, text: error.hint)
    }
  }

  /// Read once, so that what is on record is what the program is given.
  private func readSecrets(of version: ApplicationVersion) async throws -> Secrets {
    let configuration = version.configuration
    do throws(RollbookError) {
      return try await offPool(on: engine.checks) { () throws(RollbookError) in
        try Secrets(of: configuration)
      }
    } catch {
      throw RuntimeFailure(.ended, rootCause: error.message)
    }
  }

  // MARK: The state to begin with

  private var isRollback: Bool {
    operation.kind == .rollback || operation.kind == .systemRollback
  }

  struct RestorePoint: Sendable {
    var snapshot: Snapshot?
    var reason: String
  }

  private func chooseRestore(
    for version: ApplicationVersion, _ progress: Progress
  ) async throws -> RestorePoint {
    let source = operation.parameters.restore
    let point = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.restorePoint(for: version, source: source)
    }
    if let snapshot = point.snapshot {
      try await interruptibly(progress) { [runtime] in try await runtime.verify(snapshot) }
    } else if case .snapshot(let name)? = source {
      throw RuntimeFailure(
        .ended, rootCause: "there is no snapshot named \(name) that can be restored",
        text: "It was asked for by name, and is not there, not READY, or cannot be read.")
    } else if isRollback && source.isLatest && version.configuration.snapshotsEnabled {
      throw RuntimeFailure(
        .ended, rootCause: "there is no snapshot that version \(version.version) can read",
        text: "Rolling back without state was not asked for (--snapshot none asks for it).")
    }
    return point
  }
}

extension JournalReader {
  /// The snapshot that a deployment begins with, and why that one.
  borrowing func restorePoint(
    for version: ApplicationVersion, source: RestoreSource?
  ) throws(RollbookError) -> Driver.RestorePoint {
    switch source {
    case RestoreSource.none?: return Driver.RestorePoint(reason: "no state was asked for")
    case .snapshot(let name)?:
      let named = try snapshot(named: name, of: version.application)
      let isRestorable =
        named?.status == .ready
        && SnapshotChoice.isReadable(
          named?.runtimeEnvironment ?? "", by: version.runtimeEnvironment)
      return Driver.RestorePoint(
        snapshot: isRestorable ? named : nil, reason: "asked for by name")
    case nil where !version.configuration.snapshotsEnabled:
      return Driver.RestorePoint(reason: "version \(version.version) does not use snapshots")
    case .latest?, nil:
      guard let snapshot = try newestUsableSnapshot(for: version) else {
        return Driver.RestorePoint(
          reason: "there is no snapshot that version \(version.version) can read")
      }
      return Driver.RestorePoint(
        snapshot: snapshot,
        reason: "the newest that version \(version.version) can read: taken of version "
          + "\(snapshot.version) at \(snapshot.outcome?.endedAt ?? snapshot.startedAt)")
    }
  }
}
