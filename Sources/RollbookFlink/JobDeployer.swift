#if Flink
internal import Rollbook

/// Starts a job: the jar on the cluster, the place durable, the request, its answer.
struct JobDeployer: Sendable {
  let cluster: Cluster
  let deployment: Deployment
  let submissions: Submissions

  private var generation: Generation { deployment.generation }
  private var configuration: VersionConfiguration { generation.version.configuration }
  private var job: Job { Job(cluster, generation.token) }

  func deploy(_ recordPlace: RecordPlace) async throws {
    let patience = Patience(seconds: configuration.timeoutSeconds)
    let place = try await place()
    let isKnown = try await reaching { () throws(Cluster.Silence) in
      try await job.state() != nil
    }
    let jar = isKnown ? "" : try await jar(patience)
    if !isKnown { submissions[generation.token] = Submission() }
    try await recordPlace(place)
    if isKnown { return }
    do throws(RuntimeFailure) {
      try await submit(jar, patience)
    } catch {
      // Somebody removed it between our look and the request: nothing of it has run.
      guard error.isMissingJar else { throw error }
      try await submit(try await self.jar(patience), patience)
    }
  }

  private func jar(_ patience: Patience) async throws(RuntimeFailure) -> String {
    try await JarStore(cluster: cluster).id(
      of: deployment.artifactPath, digest: generation.version.artifact,
      within: patience.secondsLeft)
  }

  /// What is durable before the job can run.
  private func place() async throws(RuntimeFailure) -> Place {
    let settings = try await reaching { () throws(Cluster.Silence) in try await cluster.settings() }
    let managers = try await reaching { () throws(Cluster.Silence) in
      try await cluster.taskManagers()
    }
    var place = [
      "cluster": cluster.address, "job": job.id, "environment": settings.environment,
      "submittedAt": String(Timestamp.now().rawValue), "taskManagers": String(managers.count),
    ]
    if settings.isAdaptive { place["scheduler"] = "adaptive" }
    place["savepoint"] = deployment.restore?.outcome?.facts?.location
    return place
  }

  // MARK: The request

  /// POST /jars/:id/run. Members that are not there are left out: Flink 1.19 refuses what it does not
  /// know, and later ones say nothing of it.
  struct Request: Encodable, Sendable {
    let jobId: String
    let programArgsList: [String]
    let parallelism: Int
    let entryClass: String?
    let savepointPath: String?
    let allowNonRestoredState: Bool?
    /// Never CLAIM: a job that restored and then failed would delete the savepoint.
    let restoreMode: String?
    let flinkConfiguration: [String: String]?
  }

  private func request() -> Request {
    let savepoint = deployment.restore?.outcome?.facts?.location
    return Request(
      jobId: job.id, programArgsList: arguments(), parallelism: generation.parallelism,
      entryClass: configuration.entryClass, savepointPath: savepoint,
      allowNonRestoredState: savepoint == nil ? nil : deployment.allowNonRestoredState,
      restoreMode: savepoint == nil ? nil : "NO_CLAIM",
      flinkConfiguration: configuration.maxParallelism.map {
        ["pipeline.max-parallelism": String($0)]
      })
  }

  /// The arguments, then each property as `--name value`, one of a group as `--group.name value`.
  private func arguments() -> [String] {
    var properties = configuration.properties.merging(deployment.secrets.values) { $1 }
    for (group, members) in configuration.propertyGroups ?? [:] {
      for (name, value) in members { properties["\(group).\(name)"] = value }
    }
    return configuration.arguments
      + properties.sorted { $0.key < $1.key }.flatMap { ["--\($0.key)", $0.value] }
  }

  private func submit(_ jar: String, _ patience: Patience) async throws(RuntimeFailure) {
    try Task.checkCancellation(.ended)
    let seconds = patience.secondsLeft
    guard seconds > 0 else {
      throw RuntimeFailure(
        .ended,
        rootCause: "the jar was not on the cluster within "
          + "\(configuration.timeoutSeconds.formatted) s",
        text: "The job was not asked for: its time was over.")
    }
    let request = request()
    let grace = configuration.submitGraceSeconds
    let cluster = cluster
    let submission = Submission { () throws(Cluster.Silence) in
      try await cluster.post("/jars/\(jar)/run", request, seconds: seconds + grace)
    }
    submissions[generation.token] = submission
    switch await submission.answer(within: seconds) {
    case .accepted: return
    case .refused(let answer): throw try await refusal(answer)
    case .lost(let reason): try await awaitAppearance(reason)
    case .notAsked: return
    case .pending where Task.isCancelled:
      throw RuntimeFailure(.mayStartLater, rootCause: "given up while main() ran")
    case .pending:
      throw RuntimeFailure(
        .mayStartLater,
        rootCause: "main() has not returned within \(configuration.timeoutSeconds.formatted) s",
        text: "The job was asked for, and \(cluster.address) has not said that it runs.")
    }
  }

  /// What a refusal says. A job that was refused may have left a record, with the cause; and one
  /// whose main() failed after it had executed runs.
  private func refusal(_ answer: Cluster.Answer) async throws(RuntimeFailure) -> RuntimeFailure {
    let exceptions = try await reaching { () throws(Cluster.Silence) in
      try await job.state() == nil ? nil : try await job.exceptions()
    }
    // Whatever lives of it has failed to start, and is ended.
    let failure = RuntimeFailure(.ended, answer, whileDoing: "starting the job")
    guard let ending = exceptions.flatMap({ Ending(.failed, $0) }) else { return failure }
    var evidence = failure.evidence
    evidence.exceptions = ending.evidence.exceptions
    return RuntimeFailure(
      failure.effect, rootCause: failure.rootCause, text: failure.text, evidence: evidence)
  }

  /// Nobody will answer: the job appears, or its time passes.
  private func awaitAppearance(_ reason: String) async throws(RuntimeFailure) {
    var patience = Patience(seconds: configuration.submitGraceSeconds)
    var isReachable = false
    while !patience.isOver && !Task.isCancelled {
      do throws(Cluster.Silence) {
        if try await job.state() != nil { return }
        isReachable = true
      } catch {
        isReachable = false
      }
      await patience.pause()
    }
    throw RuntimeFailure(
      isReachable || Task.isCancelled ? .mayStartLater : .unreachable,
      rootCause: "the answer to the job's submission was lost",
      text: "\(reason)\nJob \(job.id) was asked for, and has not appeared since.")
  }
}

extension RuntimeFailure {
  fileprivate var isMissingJar: Bool {
    evidence.httpStatus == 500 && rootCause.contains("Jar file")
      && rootCause.contains("does not exist")
  }
}

extension Task where Success == Never, Failure == Never {
  static func checkCancellation(_ effect: RuntimeFailure.Effect) throws(RuntimeFailure) {
    if Task.isCancelled { throw RuntimeFailure(effect, rootCause: "given up") }
  }
}

#endif
