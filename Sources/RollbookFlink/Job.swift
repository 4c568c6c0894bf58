#if Flink
internal import Rollbook

/// One job of a cluster. Its id is the generation's token: known before the job is asked for.
struct Job: Sendable {
  let cluster: Cluster
  let id: String

  init(_ cluster: Cluster, _ token: GenerationToken) {
    self.cluster = cluster
    id = token.rawValue
  }

  var path: String { "/jobs/\(id)" }

  /// The state that Flink says, as it is now.
  enum State: String, Sendable {
    case initializing = "INITIALIZING"
    case created = "CREATED"
    case running = "RUNNING"
    case failing = "FAILING"
    case failed = "FAILED"
    case cancelling = "CANCELLING"
    case canceled = "CANCELED"
    case finished = "FINISHED"
    case restarting = "RESTARTING"
    case suspended = "SUSPENDED"
    case reconciling = "RECONCILING"

    /// It ends here.
    var isTerminal: Bool { self == .failed || self == .canceled || self == .finished }
  }

  /// The job's state; nil where the cluster does not know it.
  func state() async throws(Cluster.Silence) -> State? {
    // Not its details, which are kept for a while (web.refresh-interval), and not its status: asked
    // for one that it does not know, Flink fills its log with stack traces.
    guard let all = try await cluster.get("/jobs", as: ClusterAnswers.Jobs.self) else {
      throw Cluster.Silence(reason: "\(cluster.address) is not a Flink: it has no /jobs")
    }
    guard let job = all.jobs.first(where: { $0.id == id }) else { return nil }
    guard let state = State(rawValue: job.status) else {
      throw Cluster.Silence(reason: "job \(id) is \(job.status), which Rollbook does not know")
    }
    return state
  }

  func details() async throws(Cluster.Silence) -> ClusterAnswers.Job? {
    try await cluster.get(path, as: ClusterAnswers.Job.self)
  }

  func exceptions() async throws(Cluster.Silence) -> ClusterAnswers.Exceptions? {
    try await cluster.get(
      path + "/exceptions?maxExceptions=20", as: ClusterAnswers.Exceptions.self)
  }

  func checkpoints() async throws(Cluster.Silence) -> ClusterAnswers.Checkpoints? {
    try await cluster.get(path + "/checkpoints", as: ClusterAnswers.Checkpoints.self)
  }

  /// The task managers that hold slots for the job: its tasks may run there, whatever else is said.
  ///
  /// A job manager that was restarted knows nothing of its former jobs, while their tasks go on until
  /// their task manager notices.
  func holders() async throws(Cluster.Silence) -> [String] {
    try await holders(among: try await cluster.taskManagers())
  }

  func holders(among managers: [String]) async throws(Cluster.Silence) -> [String] {
    var holders: [String] = []
    for manager in managers {
      // One that has gone since answers 404 or 500.
      let answer = try await cluster.get("/taskmanagers/\(manager)")
      guard answer.isSuccess else { continue }
      let slots = try answer.decode(ClusterAnswers.TaskManager.self).allocatedSlots ?? []
      if slots.contains(where: { $0.jobId == id }) { holders.append(manager) }
    }
    return holders
  }

  /// How the job ended, for one that is in a terminal state.
  func ending(_ state: State) async throws(Cluster.Silence) -> Ending {
    if state == .finished {
      return Ending(
        cause: .finished, rootCause: "the job has finished", text: "Job \(id) is FINISHED.",
        evidence: Evidence())
    }
    // The exceptions are kept for a while (web.refresh-interval, 3 s): those of a job that failed a
    // moment ago come later than its state.
    // So does their history come later than the newest of them, and a second look would see another end.
    var patience = Patience(seconds: state == .failed ? 5 : 0)
    while true {
      let exceptions = try await exceptions()
      let ending = exceptions.flatMap { Ending(.failed, $0) }
      let isOver = patience.isOver || Task.isCancelled
      if let ending, isOver || exceptions?.exceptionHistory?.entries.isEmpty == false {
        return ending
      }
      if isOver { break }
      await patience.pause()
    }
    let what = state == .canceled ? "the job was cancelled by somebody else" : "the job failed"
    return Ending(
      cause: .failed, rootCause: what, text: "Job \(id) is \(state.rawValue).",
      evidence: Evidence())
  }
}

extension Cluster {
  /// The ids of the task managers that are registered now.
  func taskManagers() async throws(Silence) -> [String] {
    let all = try await get("/taskmanagers", as: ClusterAnswers.TaskManagers.self)
    return (all?.taskmanagers ?? []).map(\.id)
  }
}

/// Waiting for something on a cluster, by looking again and again.
struct Patience {
  private let deadline: ContinuousClock.Instant
  private var milliseconds = 20.0

  init(seconds: Double) {
    deadline = .now + .milliseconds(Int64(max(0, min(seconds, 1e9)) * 1000))
  }

  var isOver: Bool { ContinuousClock.now >= deadline }

  /// Never below 0.
  var secondsLeft: Double { max(0, (deadline - .now) / .seconds(1)) }

  /// Waits for the time between two looks: short at first, as most things take no time.
  mutating func pause() async {
    try? await Task.sleep(for: .milliseconds(milliseconds))
    milliseconds = min(milliseconds * 1.5, 200)
  }
}
#endif
