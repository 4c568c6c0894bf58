#if Flink
internal import Rollbook

/// Judges from a job's checkpoints whether its state came with it and is saved.
struct CheckpointProgress: Sendable {
  let job: Job
  let generation: Generation

  /// What is wrong with the checkpoints of a job that is RUNNING; nil where nothing is.
  ///
  /// - Parameter seconds: for how long it is RUNNING.
  func failure(after seconds: Double) async throws(Cluster.Silence) -> Ending? {
    guard let checkpoints = try await job.checkpoints() else { return nil }
    if let ending = notRestored(checkpoints.latest.restored) { return ending }
    if let ending = try await failed(checkpoints) { return ending }
    return try await missing(checkpoints, after: seconds)
  }

  private func notRestored(_ restored: ClusterAnswers.Checkpoints.Checkpoint?) -> Ending? {
    guard let expected = generation.place?["savepoint"] else { return nil }
    let found = restored?.path.map(Savepoints.spelled)
    // It may have gone on from a checkpoint of its own since.
    if found == Savepoints.spelled(expected) || found?.contains("/\(job.id)/chk-") == true {
      return nil
    }
    return ending(
      "the state was not restored: from \(restored?.path ?? "nothing"), not \(expected)")
  }

  /// More checkpoints in a row have failed than the job tolerates. Savepoints do not count.
  private func failed(_ checkpoints: ClusterAnswers.Checkpoints) async throws(Cluster.Silence)
    -> Ending?
  {
    let completed = checkpoints.latest.completed?.id ?? -1
    let failed = checkpoints.history.filter {
      $0.status == "FAILED" && !$0.isSavepoint && $0.id > completed
    }
    guard let newest = failed.max(by: { $0.id < $1.id }) else { return nil }
    guard failed.count > (try await settings()?.tolerated ?? 0) else { return nil }
    // The reason is told of the latest one alone.
    let latest = checkpoints.latest.failed
    let reason = (latest?.id == newest.id ? latest?.failure : nil) ?? "Flink does not say why"
    return ending("checkpoint \(newest.id) failed: \(reason.prefix(400))", text: reason)
  }

  /// When nine tenths of a bake time are over in which at least two checkpoints were due, one is there.
  private func missing(
    _ checkpoints: ClusterAnswers.Checkpoints, after seconds: Double
  ) async throws(Cluster.Silence) -> Ending? {
    let bake = generation.version.configuration.bakeSeconds
    guard bake > 0, seconds >= 0.9 * bake, checkpoints.latest.completed == nil,
      let interval = try await settings()?.interval, interval > 0
    else { return nil }
    let due = Double(interval) / 1000
    // The answer may be older than what it is asked about.
    guard seconds - (try await job.cluster.settings().lag) >= 2 * due else { return nil }
    return ending(
      "no checkpoint was completed in \(Int(seconds)) s, and one was due every \(due.formatted) s")
  }

  private func settings() async throws(Cluster.Silence) -> ClusterAnswers.CheckpointSettings? {
    try await job.cluster.get(
      job.path + "/checkpoints/config", as: ClusterAnswers.CheckpointSettings.self)
  }

  private func ending(_ what: String, text: String? = nil) -> Ending {
    Ending(cause: .failed, rootCause: what, text: text ?? what, evidence: Evidence())
  }
}
#endif
