#if Flink
internal import Rollbook

/// Ends a job, with a savepoint where one is wanted; returns once nothing of it can run.
struct JobStopper: Sendable {
  let job: Job
  let generation: Generation
  let submission: Submission?

  private var configuration: VersionConfiguration { generation.version.configuration }

  /// Flink gives up a task that does not end when it is cancelled after three minutes
  /// (task.cancellation.timeout), and its task manager with it.
  private static let endSeconds: Double = 200

  /// How long task managers may take to find a job manager that was restarted.
  private static let registrationSeconds: Double = 60

  // MARK: Without a savepoint

  func cancel() async throws(RuntimeFailure) {
    var patience = Patience(seconds: Self.endSeconds)
    var isAsked = false
    while true {
      let state = try await reaching { () throws(Cluster.Silence) in try await job.state() }
      guard let state else {
        if try await awaitNothing() { return try await cancel() }
        return
      }
      if state.isTerminal { return try await awaitSlots() }
      if !isAsked || state == .running { isAsked = try await ask() }
      if patience.isOver {
        throw RuntimeFailure(
          .unknown, rootCause: "the job is still \(state.rawValue) \(Int(Self.endSeconds)) s later",
          text: "Job \(job.id) on \(job.cluster.address) was cancelled and has not ended.")
      }
      await patience.pause()
    }
  }

  /// - Returns: true where the cluster has taken it: unknown and ended jobs are seen in the next look.
  private func ask() async throws(RuntimeFailure) -> Bool {
    let answer = try await reaching { () throws(Cluster.Silence) in
      try await job.cluster.patch(job.path + "?mode=cancel")
    }
    if answer.isSuccess || answer.status == 404 || answer.status == 409 { return true }
    throw RuntimeFailure(.unknown, answer, whileDoing: "cancelling the job")
  }

  /// The cluster does not know the job: it has never begun, begins later, or was forgotten.
  ///
  /// - Returns: true where it has appeared.
  private func awaitNothing() async throws(RuntimeFailure) -> Bool {
    // What has no place was never asked for.
    guard generation.place != nil else { return false }
    let grace = configuration.submitGraceSeconds
    var patience = Patience(seconds: grace - secondsPassed)
    while true {
      if submission?.isFruitless == true { return false }
      let state = try await reaching { () throws(Cluster.Silence) in try await job.state() }
      if state != nil { return true }
      if case .accepted = submission?.progress { break }
      if patience.isOver { break }
      await patience.pause()
    }
    // Forgotten by a cluster that was restarted, it may run all the same.
    try await awaitSlots(isForgotten: true)
    switch submission?.progress {
    case .pending, .lost:
      throw RuntimeFailure(
        .mayStartLater, rootCause: "job \(job.id) was asked for and may still start",
        text: "main() has not returned for \(grace.formatted) s.")
    case .refused, .notAsked, .accepted, nil: return false
    }
  }

  /// How long the job has been awaited: since this process gave the answer up, else since somebody
  /// asked for it.
  private var secondsPassed: Double {
    if let submission { return submission.secondsSinceLeft ?? 0 }
    let submittedAt = generation.place?["submittedAt"].flatMap(Int64.init)
    // A clock that was set back makes no wait longer than the grace.
    return submittedAt.map { max(0, Timestamp.now().seconds(since: Timestamp(rawValue: $0))) } ?? 0
  }

  /// A job manager that was restarted knows nothing of the job, whose tasks still run: two would
  /// process the same.
  ///
  /// - Parameter isForgotten: the cluster does not know the job. Then it may not know yet of task
  ///   managers either: as many as there were are awaited, for a minute.
  private func awaitSlots(isForgotten: Bool = false) async throws(RuntimeFailure) {
    var patience = Patience(seconds: Self.endSeconds)
    let wanted = generation.place?["taskManagers"].flatMap { Int($0) } ?? 1
    let registration = Patience(seconds: isForgotten ? Self.registrationSeconds : 0)
    while true {
      let (managers, holders) = try await reaching { () throws(Cluster.Silence) in
        let managers = try await job.cluster.taskManagers()
        return (managers, try await job.holders(among: managers))
      }
      if holders.isEmpty && (managers.count >= max(1, wanted) || registration.isOver) { return }
      if patience.isOver {
        throw RuntimeFailure(
          .unreachable,
          rootCause: "\(holders.joined(separator: ", ")) still holds slots of job \(job.id)",
          text: "The job is over for the job manager; its tasks may still run there.")
      }
      await patience.pause()
    }
  }

  // MARK: With a savepoint

  func stop(
    _ savepoints: Savepoints, isAgain: Bool = false
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    let state = try await reaching { () throws(Cluster.Silence) in try await job.state() }
    guard let state, !state.isTerminal else {
      // Its state is taken up although nobody may wait for it: nobody else will.
      return try await uncancelled { () throws(RuntimeFailure) in
        try await ended(state, savepoints)
      }
    }
    try Task.checkCancellation(.untouched)
    // Once asked for it cannot be taken back, whether the answer is heard or not.
    return try await uncancelled { () throws(RuntimeFailure) in
      try await ask(for: savepoints, isAgain: isAgain)
    }
  }

  /// It has ended: by a stop whose answer was lost, by itself, or with its job manager.
  private func ended(
    _ state: Job.State?, _ savepoints: Savepoints
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    if state == nil, try await awaitNothing() { return try await stop(savepoints, isAgain: true) }
    let found = try await reaching { () throws(Cluster.Silence) in try await savepoints.find() }
    try await awaitSlots()
    if let found { return found }
    // What failed or was cancelled leaves its checkpoints where they are retained; what was forgotten
    // leaves them on the disk.
    switch state {
    case .failed, .canceled: return try await retainedCheckpoint()
    case nil:
      return try await reaching { () throws(Cluster.Silence) in
        try await savepoints.leftCheckpoint()
      }
    default: return nil
    }
  }

  private func ask(
    for savepoints: Savepoints, isAgain: Bool
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    let begun = try await reaching { () throws(Cluster.Silence) in
      try await job.cluster.post(
        job.path + "/stop",
        StopRequest(
          targetDirectory: try await savepoints.folder(), drain: false,
          triggerId: savepoints.trigger), isRepeatable: true)
    }
    guard begun.isSuccess else {
      // It may have ended since we looked.
      let now = try await reaching { () throws(Cluster.Silence) in try await job.state() }
      if !isAgain, now?.isTerminal ?? true { return try await stop(savepoints, isAgain: true) }
      throw RuntimeFailure(.untouched, begun, whileDoing: "stopping the job with a savepoint")
    }
    return try await stopped(savepoints)
  }

  /// The stop was asked for: how it ends.
  private func stopped(_ savepoints: Savepoints) async throws(RuntimeFailure) -> SnapshotFacts? {
    let progress = try await reaching { () throws(Cluster.Silence) in
      try await savepoints.end(within: savepoints.target.timeoutSeconds)
    }
    switch progress {
    case .complete(let location):
      let facts = await savepoints.facts(location)
      try await awaitEnd()
      return facts
    case .failed(let text): return try await withoutSavepoint(text)
    case .underWay:
      throw RuntimeFailure(
        .unknown,
        rootCause: "the savepoint was not complete within "
          + "\(savepoints.target.timeoutSeconds.formatted) s",
        text: "It is still under way, and ends the job when it is complete.")
    case .unknown:
      throw RuntimeFailure(.unknown, rootCause: "the cluster has forgotten the savepoint's request")
    }
  }

  /// POST /jobs/:id/stop
  private struct StopRequest: Encodable, Sendable {
    let targetDirectory: String?
    let drain: Bool
    let triggerId: String
  }

  /// Its savepoint is complete: it has done its work.
  private func awaitEnd() async throws(RuntimeFailure) {
    var patience = Patience(seconds: Self.endSeconds)
    while true {
      let state = try await reaching { () throws(Cluster.Silence) in try await job.state() }
      guard let state, !state.isTerminal else {
        return try await awaitSlots(isForgotten: state == nil)
      }
      if patience.isOver { return try await cancel() }
      await patience.pause()
    }
  }

  /// No savepoint can be had. Of a job whose tasks do not run its last retained checkpoint is the
  /// newest state that there will be; any other goes on untouched.
  private func withoutSavepoint(_ text: String) async throws(RuntimeFailure) -> SnapshotFacts? {
    let failure = RuntimeFailure(
      .untouched,
      rootCause: JavaText.rootCause(of: text) ?? "the savepoint could not be taken", text: text)
    let state = try await reaching { () throws(Cluster.Silence) in try await job.state() }
    guard let state else {
      throw RuntimeFailure(.unknown, rootCause: failure.rootCause, text: text)
    }
    if state.isTerminal { return try await retainedCheckpoint() }
    guard state == .restarting || text.contains("Not all required tasks are currently running")
    else { throw failure }
    guard let retained = try await retainedCheckpoint() else { throw failure }
    try await cancel()
    // A newer one may have been completed meanwhile, and this one removed.
    return try await retainedCheckpoint() ?? retained
  }

  private func retainedCheckpoint() async throws(RuntimeFailure) -> SnapshotFacts? {
    try await reaching { () throws(Cluster.Silence) in
      let settings = try await job.cluster.get(
        job.path + "/checkpoints/config", as: ClusterAnswers.CheckpointSettings.self)
      guard let kept = settings?.externalization, kept.enabled, !kept.deletesOnCancellation,
        let newest = try await job.checkpoints()?.latest.completed, let path = newest.path
      else { return nil }
      return Savepoints.isGone(path) ? nil : SnapshotFacts(location: path, size: newest.size)
    }
  }
}
#endif
