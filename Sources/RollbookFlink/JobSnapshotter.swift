#if Flink
internal import Rollbook

/// Takes a savepoint of a job that goes on running.
struct JobSnapshotter: Sendable {
  let job: Job
  let savepoints: Savepoints

  /// POST /jobs/:id/savepoints
  private struct Request: Encodable, Sendable {
    let targetDirectory: String?
    let cancelJob: Bool
    let triggerId: String
    enum CodingKeys: String, CodingKey {
      // Named otherwise than in a stop.
      case targetDirectory = "target-directory"
      case cancelJob = "cancel-job"
      case triggerId
    }
  }

  func take() async throws(RuntimeFailure) -> SnapshotFacts {
    let state = try await reaching { () throws(Cluster.Silence) in try await job.state() }
    guard let state, !state.isTerminal else {
      throw RuntimeFailure(
        .ended, rootCause: "the job does not run: it is \(state?.rawValue ?? "not known")")
    }
    try Task.checkCancellation(.untouched)
    try await ask()
    var patience = Patience(seconds: savepoints.target.timeoutSeconds)
    var isAskedAgain = false
    while true {
      let progress = try await reaching { () throws(Cluster.Silence) in
        try await savepoints.progress()
      }
      switch progress {
      case .complete(let location): return await savepoints.facts(location)
      case .failed(let text):
        throw RuntimeFailure(
          .untouched,
          rootCause: JavaText.rootCause(of: text) ?? "the savepoint could not be taken",
          text: text)
      case .unknown:
        // A job manager that was restarted has forgotten the request, and the savepoint is there or
        // was given up.
        let found = try await reaching { () throws(Cluster.Silence) in try await savepoints.find() }
        if let found { return found }
        if isAskedAgain {
          throw RuntimeFailure(.untouched, rootCause: "the cluster has forgotten the request twice")
        }
        isAskedAgain = true
        try await ask()
      case .underWay: break
      }
      // Flink completes it some time; it lies in its folder until the snapshot is deleted.
      try Task.checkCancellation(.untouched)
      if patience.isOver {
        throw RuntimeFailure(
          .untouched,
          rootCause: "the savepoint was not complete within "
            + "\(savepoints.target.timeoutSeconds.formatted) s")
      }
      await patience.pause()
    }
  }

  private func ask() async throws(RuntimeFailure) {
    let begun = try await reaching { () throws(Cluster.Silence) in
      try await job.cluster.post(
        job.path + "/savepoints",
        Request(
          targetDirectory: try await savepoints.folder(), cancelJob: false,
          triggerId: savepoints.trigger), isRepeatable: true)
    }
    guard begun.isSuccess else {
      throw RuntimeFailure(.untouched, begun, whileDoing: "taking a savepoint")
    }
  }
}
#endif
