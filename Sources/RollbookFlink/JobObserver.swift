#if Flink
internal import Rollbook

/// Judges from what the cluster says whether a job really runs.
///
/// That a job is RUNNING says little: its tasks may wait for slots, it may restart again and again, it
/// may have begun without its state. Source: observed on real clusters.
struct JobObserver: Sendable {
  let job: Job
  let generation: Generation
  /// What this process knows of the job's submission, if it submitted it.
  let submission: Submission?

  func observe() async -> Observation {
    do throws(Cluster.Silence) {
      guard let state = try await job.state() else { return try await unknown() }
      if state.isTerminal { return .ended(try await job.ending(state)) }
      let trouble = try await job.exceptions().flatMap { Ending(.failed, $0) }
      // A lack of slots is over once all tasks run.
      if let trouble, trouble.cause != .noResources { return .failing(trouble) }
      let unready = trouble.map { Observation.failing($0) }
      guard state == .running else {
        return unready ?? .running(ready: false, incarnation: state.rawValue)
      }
      guard let details = try await job.details() else { return try await unknown() }
      // Rewritten each time that the job restarts.
      let since = details.timestamps["RUNNING"].flatMap { $0 > 0 ? $0 : nil } ?? details.now
      guard details.areAllTasksRunning else {
        return unready ?? .running(ready: false, incarnation: String(since))
      }
      let progress = CheckpointProgress(job: job, generation: generation)
      if let ending = try await progress.failure(after: Double(details.now - since) / 1000) {
        return .failing(ending)
      }
      if let ending = try await shortfall(details) { return .failing(ending) }
      return .running(ready: true, incarnation: String(since))
    } catch {
      return .unreachable(error.reason)
    }
  }

  private func unknown() async throws(Cluster.Silence) -> Observation {
    switch submission?.progress {
    case .refused, .notAsked: return .absent
    case .pending: return .running(ready: false, incarnation: "submitted")
    case .lost, .accepted, nil: break
    }
    guard generation.place != nil else { return .absent }
    let holders = try await job.holders()
    let rest = holders.isEmpty ? "" : "; \(holders.joined(separator: ", ")) still holds its slots"
    return .missing("the cluster does not know job \(job.id)\(rest)")
  }

  /// The adaptive scheduler runs a job on fewer slots than were asked for, and calls that RUNNING.
  private func shortfall(_ details: ClusterAnswers.Job) async throws(Cluster.Silence) -> Ending? {
    guard generation.place?["scheduler"] == "adaptive" else { return nil }
    let answer = try await job.cluster.get(job.path + "/resource-requirements")
    guard answer.isSuccess else { return nil }
    let wanted = try answer.decode([String: ClusterAnswers.ResourceRequirement].self)
    for vertex in details.vertices {
      guard let upper = wanted[vertex.id]?.parallelism.upperBound, vertex.parallelism < upper else {
        continue
      }
      let what =
        "the cluster runs \(vertex.name) at parallelism \(vertex.parallelism), not \(upper): it has "
        + "not enough slots"
      return Ending(cause: .noResources, rootCause: what, text: what, evidence: Evidence())
    }
    return nil
  }
}

extension ClusterAnswers.Job {
  /// Tasks without work finish at once: they count, where others of their vertex run.
  fileprivate var areAllTasksRunning: Bool {
    let isDone = vertices.allSatisfy { vertex in
      (vertex.tasks["RUNNING"] ?? 0) + (vertex.tasks["FINISHED"] ?? 0) == vertex.parallelism
    }
    return isDone && vertices.contains { ($0.tasks["RUNNING"] ?? 0) > 0 }
  }
}
#endif
