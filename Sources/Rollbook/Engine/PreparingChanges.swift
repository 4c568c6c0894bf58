extension Engine {
  /// Makes a new application: version 1, READY.
  ///
  /// - Throws: `nameTaken`, `invalidArgument`, `artifactUnusable`.
  public func create(
    _ request: CreateRequest, by requester: Requester
  ) async throws(RollbookError) -> OperationReport {
    try Validation.name(request.name)
    try Validation.parallelism(request.parallelism)
    try Validation.configuration(request.configuration)
    let runtime = try runtime(named: request.runtime)
    let isTaken = try await journal.read { (reader) throws(RollbookError) in
      try reader.livingApplication(named: request.name) != nil
    }
    if isTaken { throw JournalWriter.nameTaken(request.name) }
    let environment = try await runtime.check(request.configuration, codePath: request.codePath)
    try Validation.runtimeEnvironment(environment, expected: request.runtimeEnvironment)
    let code = try await KeepingLock.sharingCode(for: self)
    defer { code.release() }
    let artifact = try await offPool(on: checks) { [artifacts] () throws(RollbookError) in
      guard let path = request.codePath else { return try artifacts.storeNothing() }
      return try artifacts.store(path)
    }
    let operation = try await journal.writeOperation { (writer) throws(RollbookError) in
      let application = try writer.insertApplication(
        name: request.name, runtime: request.runtime)
      var draft = OperationDraft(
        application: application.id, kind: .create, actor: requester.actor,
        reason: requester.reason)
      draft.versionTo = 1
      draft.parallelismTo = request.parallelism
      let operation = try writer.begin(draft)
      try writer.insert(
        ApplicationVersion(
          application: application.id, version: 1, operation: operation.id,
          createdAt: operation.startedAt, artifact: artifact, runtimeEnvironment: environment,
          configuration: request.configuration))
      try writer.end(
        operation,
        OutcomeDraft(
          status: .successful,
          standing: StandingState(status: .ready, version: 1, parallelism: request.parallelism)))
      if let tags = request.tags {
        try writer.record(.tags(tags), of: application.id, actor: requester.actor)
      }
      return operation
    }
    return try await report(on: operation.id)
  }
}

extension Preparation {
  func start(
    _ restore: RestoreSource?, _ allowNonRestored: Bool, _ requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    let version = try await currentVersion()
    guard version.hasCode else {
      throw RollbookError(
        .invalidArgument, "\(application.name) has no code to start.",
        hint: "Give it some with an update.")
    }
    try await checkRestorable(restore, for: version)
    var draft = draft(.start, requester)
    draft.parameters.restore = restore
    if allowNonRestored { draft.parameters.allowNonRestoredState = true }
    return try await begin(draft)
  }

  func scale(
    _ parallelism: Int, _ ifVersion: Int64?, _ force: Bool, _ requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    try checkVersion(ifVersion)
    try Validation.parallelism(parallelism)
    guard parallelism != state.parallelism else {
      throw RollbookError(
        .nothingToChange, "\(application.name) has parallelism \(parallelism) already.",
        hint: "`rollbook update \(application.name) --redeploy` deploys it anew as it is.")
    }
    let version = try await currentVersion()
    if !force { try await checkFailedBefore(parallelism, version) }
    var draft = draft(.scale, requester)
    draft.parallelismTo = parallelism
    if force { draft.parameters.force = true }
    if state.status == .ready { return try await recordOnly(draft) }
    try await checkRestorable(
      nil, for: version, takesSnapshot: version.configuration.snapshotsEnabled)
    return try await begin(draft)
  }

  /// A parallelism at which this version could not be run is not tried again by accident.
  private func checkFailedBefore(
    _ parallelism: Int, _ version: ApplicationVersion
  ) async throws(RollbookError) {
    let state = state
    let failed = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.failedScaling(of: state, to: parallelism, version: version)
    }
    guard let failed else { return }
    throw RollbookError(
      .parallelismFailedBefore,
      "Version \(version.version) of \(application.name) failed at parallelism \(parallelism) before "
        + "(operation \(failed)).",
      hint: "`rollbook operation \(application.name) \(failed)` tells why; --force tries again.")
  }

  func update(
    _ request: UpdateRequest, _ requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    try checkVersion(request.ifVersion)
    try checkNewest(request.ifNewest)
    let current = try await currentVersion()
    let configuration = try await readingSecrets(of: try request.change(current.configuration))
    try Validation.configuration(configuration)
    if let parallelism = request.parallelism { try Validation.parallelism(parallelism) }
    let runtime = try engine.runtime(of: application)
    let environment = try await runtime.check(configuration, codePath: request.codePath)
    try Validation.runtimeEnvironment(environment, expected: request.runtimeEnvironment)
    let artifact = try await store(request.codePath) ?? current.artifact
    let isSame =
      configuration == current.configuration && artifact == current.artifact
      && (request.parallelism ?? state.parallelism) == state.parallelism
    if isSame && !request.redeploy {
      throw RollbookError(
        .nothingToChange, "The update of \(application.name) would change nothing.",
        hint: "--redeploy makes a new version and deploys it all the same.")
    }
    let number = try await nextVersion()
    let version = { @Sendable (operation: Operation) in
      ApplicationVersion(
        application: operation.application, version: number, operation: operation.id,
        createdAt: operation.startedAt, artifact: artifact, runtimeEnvironment: environment,
        configuration: configuration)
    }
    var draft = draft(.update, requester)
    draft.versionTo = number
    draft.parallelismTo = request.parallelism
    draft.parameters.name = request.name
    draft.parameters.restore = request.restore
    if request.allowNonRestoredState { draft.parameters.allowNonRestoredState = true }
    let insertVersion = {
      @Sendable (writer: borrowing JournalWriter, operation: Operation) throws(RollbookError) in
      try writer.insert(version(operation))
    }
    if state.status == .ready { return try await recordOnly(draft, with: insertVersion) }
    try await checkRestorable(
      request.restore,
      for: ApplicationVersion(
        application: application.id, version: number, operation: OperationID(0),
        createdAt: .now(), artifact: artifact, runtimeEnvironment: environment,
        configuration: configuration),
      takesSnapshot: current.configuration.snapshotsEnabled)
    return try await begin(draft, with: insertVersion)
  }

  /// Secrets that an update keeps may have other values now; what is only recorded needs none.
  private func readingSecrets(
    of configuration: VersionConfiguration
  ) async throws(RollbookError) -> VersionConfiguration {
    let isRecordedOnly = state.status == .ready
    return try await offPool(on: engine.checks) { () throws(RollbookError) in
      isRecordedOnly
        ? configuration.readingWhatSecretsItCan() : try configuration.readingSecrets()
    }
  }

  private func store(_ codePath: String?) async throws(RollbookError) -> String? {
    guard let codePath else { return nil }
    return try await offPool(on: engine.checks) { [engine] () throws(RollbookError) in
      try engine.artifacts.store(codePath)
    }
  }

  private func nextVersion() async throws(RollbookError) -> Int64 {
    let id = application.id
    let newest = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.versions(of: id, limit: 1).first?.version ?? 0
    }
    guard ApplicationVersion.validNumbers.contains(newest + 1) else {
      throw RollbookError(
        .invalidArgument, "\(application.name) has used up its version numbers.",
        hint: "Create it anew under the same name once it is deleted.")
    }
    return newest + 1
  }

  func createSnapshot(
    _ name: String?, _ requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    if let name { try Validation.snapshotName(name) }
    let version = try await currentVersion()
    guard version.configuration.snapshotsEnabled else {
      throw RollbookError(
        .wrongStatus, "Snapshots are not enabled for \(application.name).",
        hint: "`rollbook update \(application.name) --snapshots` enables them.")
    }
    let application = application
    var draft = draft(.createSnapshot, requester)
    draft.parameters.snapshotName = name
    return try await begin(draft) {
      (writer, operation) throws(RollbookError) in
      guard let running = try writer.reader.running(application.id) else {
        throw .damaged("\(application.name) is RUNNING, and nothing says what runs")
      }
      let name = name ?? "manual-v\(running.version)-\(operation.id)"
      let id = try writer.beginSnapshot(
        named: name, of: running, runtimeEnvironment: version.runtimeEnvironment,
        in: operation.id)
      var detail = StepDetail()
      detail.snapshot = name
      detail.snapshotID = id
      try writer.addStep(.snapshotting, detail, to: operation.id)
    }
  }

  func deleteSnapshot(
    _ name: String, _ requester: Requester
  ) async throws(RollbookError) -> PreparedOperation {
    let id = application.id
    let snapshot = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.snapshot(named: name, of: id)
    }
    guard let snapshot, snapshot.status != .deleted else {
      throw RollbookError(
        .notFound, "\(application.name) has no snapshot named \(name).",
        hint: "`rollbook snapshot list \(application.name)` lists them.")
    }
    if let version = try await engine.journal.read({ (reader) throws(RollbookError) in
      try reader.version(snapshot.version, of: id)
    }) {
      try await requireReachable(version)
    }
    var draft = draft(.deleteSnapshot, requester)
    draft.parameters.snapshot = snapshot.id
    draft.parameters.snapshotName = name
    return try await begin(draft)
  }
}

extension JournalReader {
  /// The newest deployment of a version at a parallelism that failed, where the version has not run
  /// at that parallelism since.
  borrowing func failedScaling(
    of state: ApplicationState, to parallelism: Int, version: ApplicationVersion
  ) throws(RollbookError) -> OperationID? {
    var before: OperationID?
    while true {
      let page = try operations(
        of: state.application.id, filter: OperationFilter(status: .failed), before: before,
        limit: 50)
      for record in page.records {
        let operation = record.operation
        // What happened before this version was made is about others.
        guard operation.id >= version.operation else { return nil }
        guard [.start, .scale, .update].contains(operation.kind),
          (operation.versionTo ?? operation.versionFrom) == version.version,
          (operation.parallelismTo ?? operation.parallelismFrom) == parallelism,
          let failure = try failure(of: operation.id)
        else { continue }
        guard [.deploy, .start, .settle, .bake].contains(failure.phase) else { continue }
        let good = try newestGoodState(of: state.application.id, version: version.version)
        let ranSince = good.map { $0.id > operation.id && $0.parallelism == parallelism } ?? false
        return ranSince ? nil : operation.id
      }
      guard let next = page.next else { return nil }
      before = next
    }
  }
}
