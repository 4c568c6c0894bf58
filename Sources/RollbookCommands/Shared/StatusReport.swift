#if CommandLine
internal import Rollbook

/// Everything that `status` shows of one application: the journal's word, and what is seen now.
struct StatusReport: Sendable {
  let state: ApplicationState
  let version: ApplicationVersion
  let observation: Observation?
  /// What may run although it should not.
  let suspects: [SuspectFacts]
  /// The version of what is observed.
  let observedVersion: Int64?
  let isInterrupted: Bool
  let holder: Holder?
  let lastStep: Step?
  /// How many of its snapshots are READY.
  let snapshotCount: Int
  let bytes: BytesHeld
  /// Why it is READY, where that is for a failure.
  let lastFailure: LastFailure?

  static func read(_ name: String, _ session: ReadSession) async throws -> StatusReport {
    let state = try session.state(of: name)
    let facts = try session.read { (reader) throws(RollbookError) in
      try Facts(reader, state)
    }
    var observation: Observation?
    if let generation = facts.generation {
      let runtime = try Runtimes.runtime(of: state.application, in: session.home)
      observation = await runtime.observe(generation)
    }
    var suspects = facts.suspects
    for index in suspects.indices {
      guard let generation = suspects[index].generation else { continue }
      let runtime = try Runtimes.runtime(of: state.application, in: session.home)
      suspects[index].observation = await runtime.observe(generation)
    }
    return StatusReport(
      state: state, version: facts.version, observation: observation, suspects: suspects,
      observedVersion: facts.generation?.version.version,
      isInterrupted: try session.isInterrupted(state),
      holder: state.inFlight == nil ? nil : Holder.of(state.application.id, in: session.home),
      lastStep: facts.lastStep, snapshotCount: facts.snapshotCount,
      bytes: bytes(of: state.application, facts.artifacts, in: session.home),
      lastFailure: facts.lastFailure)
  }

  /// What one transaction reads.
  private struct Facts: Sendable {
    let version: ApplicationVersion
    let generation: Generation?
    let lastStep: Step?
    let snapshotCount: Int
    let artifacts: Set<String>
    let suspects: [SuspectFacts]
    let lastFailure: LastFailure?

    init(
      _ reader: borrowing JournalReader, _ state: ApplicationState
    ) throws(RollbookError) {
      let id = state.application.id
      let versions = try reader.versions(of: id, limit: Int.max)
      guard let version = versions.first(where: { $0.version == state.version }) else {
        throw RollbookError(
          .journalDamaged, "Version \(state.version) of \(state.application.name) is not there.")
      }
      self.version = version
      // While something is deployed, that is what is looked at.
      var generation: Generation?
      var lastStep: Step?
      if let operation = state.inFlight {
        generation = try reader.deployment(by: operation.id, of: state.application)
        lastStep = try reader.steps(of: operation.id).last
      }
      if generation == nil { generation = try reader.runningGeneration(of: state.application) }
      self.generation = generation
      self.lastStep = lastStep
      snapshotCount = try reader.snapshots(of: id, limit: Int.max)
        .reduce(0) { $0 + ($1.status == .ready ? 1 : 0) }
      artifacts = Set(versions.map(\.artifact))
      suspects = try SuspectFacts.read(of: id, reader)
      lastFailure = try LastFailure(of: state, reader)
    }
  }

  private static func bytes(
    of application: Application, _ artifacts: Set<String>, in home: Home
  ) -> BytesHeld {
    let store = ArtifactStore(home)
    let id = application.id
    return BytesHeld(
      artifacts: artifacts.reduce(0) { $0 + FileTree.size(of: store.path(of: $1)) },
      snapshots: FileTree.size(of: "\(home.snapshots)/\(id)"),
      state: FileTree.size(of: "\(home.run)/\(id)"),
      logs: FileTree.size(of: "\(home.logs)/\(id)"))
  }

  var detail: ApplicationDetail {
    var detail = ApplicationDetail(state, version)
    detail.observed = ObservedShape(observation, version: observedVersion)
    detail.operationInProgress = state.inFlight.map {
      OperationInProgress($0, isInterrupted: isInterrupted, holder: holder)
    }
    detail.lastFailure = lastFailure.map(LastFailureShape.init)
    if !suspects.isEmpty { detail.suspects = suspects.map(SuspectShape.init) }
    detail.snapshotCount = snapshotCount
    detail.bytes = bytes
    return detail
  }
}

extension StatusReport {
  var factSheet: FactSheet {
    var sheet = FactSheet()
    let shown = state.shown
    sheet.add("NAME", state.application.name)
    sheet.add("STATUS", state.status.name, state.status.style)
    if observation != nil || suspects.isEmpty {
      sheet.add("OBSERVED", observedText.text, observedText.style)
    }
    for suspect in suspects { sheet.add("OBSERVED", suspect.text, suspect.style) }
    sheet.add("VERSION", versionText)
    sheet.add("PARALLELISM", parallelismText)
    sheet.add("IN FLIGHT", inFlightText, .busy)
    if let lastFailure {
      let more = "`rollbook operation \(state.application.name) \(lastFailure.record.operation.id)`"
      sheet.add("CAUSE", "\(lastFailure.text); more: \(more)", .bad)
      sheet.add("WAY OUT", lastFailure.wayOut?.text)
    }
    if let from = shown.rolledBackFrom, let to = shown.rolledBackTo {
      sheet.add("ROLLED BACK", "from version \(from) to version \(to)")
    }
    sheet.add("DESCRIPTION", version.configuration.description)
    sheet.add("RUNS ON", "\(state.application.runtime) (\(version.runtimeEnvironment))")
    sheet.add("CODE", "\(version.configuration.codeName) (\(version.artifact.prefix(12)))")
    sheet.add("ARGUMENTS", argumentsText(version.configuration.arguments))
    sheet.add(
      "ROLLBACK", version.configuration.rollbackEnabled ? "by itself" : "on request only")
    sheet.add(
      "SNAPSHOTS",
      (version.configuration.snapshotsEnabled ? "enabled" : "disabled")
        + ", \(snapshotCount) READY")
    sheet.add(
      "BYTES",
      "\(bytesText(bytes.total)): code \(bytesText(bytes.artifacts)), snapshots "
        + "\(bytesText(bytes.snapshots)), state \(bytesText(bytes.state)), logs "
        + "\(bytesText(bytes.logs))")
    sheet.add("CREATED", state.application.createdAt.short)
    sheet.add("CHANGED", (state.outcome?.endedAt ?? state.newest.startedAt).short)
    sheet.add("DELETED", state.application.deletedAt?.short)
    return sheet
  }

  private var versionText: String {
    let from = state.inFlight?.kind == .update ? state.shown.updatedFrom : nil
    return from.map { "\(state.version) (updated from \($0))" } ?? String(state.version)
  }

  private var parallelismText: String {
    let maximum = version.configuration.maxParallelism.map { " (at most \($0))" } ?? ""
    return "\(state.parallelism)\(maximum)"
  }

  private var observedText: (text: String, style: Style) {
    let what = observedVersion.map { "version \($0)" } ?? "it"
    switch observation {
    case .running(let isReady, _):
      return isReady ? ("\(what) runs", .good) : ("\(what) runs, not ready yet", .busy)
    case .ended(let ending):
      let text = "\(what) has ended: \(ending.rootCause)"
      // An operation in flight has ended it, or goes on from there.
      if state.inFlight != nil { return (text, .busy) }
      return ("\(text); `rollbook settle` records it", .bad)
    case .failing(let ending): return ("\(what) runs, and has failed: \(ending.rootCause)", .bad)
    case .absent: return ("\(what) is not there", state.inFlight == nil ? .bad : .busy)
    case .missing(let why): return ("\(what) is missing: \(why)", .bad)
    case .unreachable(let why): return ("the runtime cannot be reached: \(why)", .bad)
    case nil: return ("nothing runs", state.status == .running ? .bad : .plain)
    }
  }

  private var inFlightText: String? {
    guard let operation = state.inFlight else { return nil }
    let age = durationText(Timestamp.now().seconds(since: operation.startedAt))
    if isInterrupted {
      return "\(operation.title), begun \(age) ago, interrupted, run `rollbook settle`"
    }
    let doing = lastStep.map { ": " + ProgressText.step(operation, $0.name, $0.detail) } ?? ""
    let holder = holder.map { ", process \($0.pid)" } ?? ""
    return "\(operation.title) for \(age)\(holder)\(doing)"
  }
}
#endif
