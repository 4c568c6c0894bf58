#if Flink
public import Rollbook

/// Runs applications as jobs of Apache Flink session clusters, over their REST interface.
///
/// A generation is a job whose id is the generation's token. Which cluster, and how it is spoken to, is
/// part of an application's configuration: one runtime serves any number of clusters.
public struct FlinkRuntime: RuntimeAdapter {
  public let name = "flink"
  public let pollInterval = 0.05

  private let submissions = Submissions()

  public init() {}

  public func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    try configuration.checkForFlink()
    if let codePath { try Jar.check(codePath, hasEntryClass: configuration.entryClass != nil) }
    let found: Cluster.Settings
    do throws(RuntimeFailure) {
      let cluster = try Cluster(configuration)
      let settings = try await reaching { () throws(Cluster.Silence) in
        try await cluster.settings()
      }
      found = settings
    } catch {
      throw RollbookError(
        .runtimeUnreachable, error.rootCause,
        hint: "Name the address of a Flink cluster's REST interface with --flink-url.")
    }
    let shortest = found.lag + pollInterval
    guard configuration.timeoutSeconds > shortest else {
      throw RollbookError(
        .invalidArgument,
        "The timeout of \(configuration.timeoutSeconds.formatted) s is too short for this cluster, "
          + "which keeps its answers for \(found.lag.formatted) s (web.refresh-interval).",
        hint: "Give a --timeout of more than \(shortest.formatted) s.")
    }
    return found.environment
  }

  public func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    let cluster = try Cluster(deployment.generation.version.configuration)
    try await JobDeployer(cluster: cluster, deployment: deployment, submissions: submissions)
      .deploy(recordPlace)
  }

  public func observationLag(of generation: Generation) async -> Double {
    do throws(RuntimeFailure) {
      let cluster = try Cluster(generation.version.configuration)
      return try await reaching { () throws(Cluster.Silence) in try await cluster.settings().lag }
    } catch {
      return Cluster.Settings.defaultLag
    }
  }

  public func observe(_ generation: Generation) async -> Observation {
    do throws(RuntimeFailure) {
      return await JobObserver(
        job: try job(of: generation), generation: generation,
        submission: submissions[generation.token]
      ).observe()
    } catch {
      return .unreachable(error.rootCause)
    }
  }

  public func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    let job = try job(of: generation)
    let stopper = JobStopper(
      job: job, generation: generation, submission: submissions[generation.token])
    guard let target else {
      try Task.checkCancellation(.untouched)
      try await uncancelled { () throws(RuntimeFailure) in try await stopper.cancel() }
      return nil
    }
    return try await stopper.stop(Savepoints(job: job, target: target))
  }

  public func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    let job = try job(of: generation)
    return try await JobSnapshotter(job: job, savepoints: Savepoints(job: job, target: target))
      .take()
  }

  public func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    let savepoints = try savepoints(target)
    return try await reaching { () throws(Cluster.Silence) in try await savepoints.find() }
  }

  public func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    try Savepoints.verify(snapshot)
  }

  public func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try await savepoints(target).remove()
  }

  public func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    guard let job = try? job(of: generation) else { return nil }
    return await JobLog(job: job).part(from: offset, limit: limit)
  }

  private func job(of generation: Generation) throws(RuntimeFailure) -> Job {
    Job(try Cluster(generation.version.configuration), generation.token)
  }

  private func savepoints(_ target: SnapshotTarget) throws(RuntimeFailure) -> Savepoints {
    Savepoints(job: try job(of: target.generation), target: target)
  }
}
#endif
