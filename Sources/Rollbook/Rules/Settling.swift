/// What the holder of an operation does next: last durable step × cancellation × observation.
///
/// The same table drives an operation that has just begun and one whose holder died.
public enum Settling {
  /// The last durable step of an operation that replaces, starts or ends a generation.
  public enum Stage: String, CaseIterable, Sendable {
    case begun
    case stopping
    case stopped
    case deploying
    case deployed
    case running
    case failing
  }

  /// What is seen of a generation.
  public enum Sight: String, CaseIterable, Sendable {
    case runs
    /// It ended by itself: its end speaks of the program.
    case ended
    /// It ended with the machine or with its keeper: its end says nothing of the program.
    case endedFromOutside
    case absent
    case unreachable

    /// What a generation does, for people.
    var inWords: String {
      switch self {
      case .runs: "runs"
      case .ended: "has ended"
      case .endedFromOutside: "was ended from outside"
      case .absent: "is not there"
      case .unreachable: "cannot be reached"
      }
    }
  }

  /// What an operation is there to do.
  public struct Task: Sendable, Equatable {
    /// It has an old generation to stop.
    public var stopsOld: Bool
    /// It has a new generation to start.
    public var startsNew: Bool

    public init(stopsOld: Bool, startsNew: Bool) {
      self.stopsOld = stopsOld
      self.startsNew = startsNew
    }
  }

  public enum Verdict: String, CaseIterable, Sendable {
    /// Stop the old generation, with a snapshot where one is due.
    case stopOld
    /// Start a generation under a fresh token, once what may be left of the last one is ended.
    case deploy
    /// Go on waiting until it counts as RUNNING.
    case awaitRunning
    /// Go on watching it for the rest of the bake time.
    case bake
    /// It failed while nobody looked.
    case recordFailure
    /// The failure is recorded: end what was started, then the operation.
    case endFailed
    /// Somebody asked for it: end what was started, then the operation.
    case giveUp
    /// Everything is done.
    case succeed
    /// The runtime cannot be asked: the operation stays in progress.
    case waitForRuntime

    /// What is done next, for people.
    public var inWords: String {
      switch self {
      case .stopOld: "it is stopped next"
      case .deploy: "the new one is started next"
      case .awaitRunning: "waiting until it is RUNNING"
      case .bake: "watching it for the rest of the bake time"
      case .recordFailure: "its failure is recorded next"
      case .endFailed: "what was started is ended, and the operation with it"
      case .giveUp: "the operation is given up"
      case .succeed: "everything is done"
      case .waitForRuntime: "the operation waits for the runtime"
      }
    }
  }

  /// - Parameters:
  ///   - old: what is seen of the generation that was running.
  ///   - new: what is seen of the one that this operation started; nil where it started none.
  public static func verdict(
    _ task: Task, stage: Stage, isCancelled: Bool, old: Sight, new: Sight?
  ) -> Verdict {
    switch stage {
    case .failing: return .endFailed
    case .begun, .stopping:
      if task.stopsOld {
        if old == .unreachable { return .waitForRuntime }
        // A generation that died by itself is taken leave of first: its state is adopted.
        return isCancelled && old == .runs ? .giveUp : .stopOld
      }
      return afterStop(task, isCancelled: isCancelled)
    case .stopped: return afterStop(task, isCancelled: isCancelled)
    case .deploying, .deployed, .running:
      if new == .unreachable { return .waitForRuntime }
      if isCancelled { return .giveUp }
      switch new {
      case .runs: return stage == .running ? .bake : .awaitRunning
      case .ended: return .recordFailure
      case .endedFromOutside, .absent, .unreachable, nil: return .deploy
      }
    }
  }

  private static func afterStop(_ task: Task, isCancelled: Bool) -> Verdict {
    if isCancelled { return .giveUp }
    return task.startsNew ? .deploy : .succeed
  }

  /// The table in Markdown, for the documentation.
  public static var table: String {
    var lines = [
      "| task | last durable step | cancelled | old generation | new generation | verdict |",
      "|---|---|---|---|---|---|",
    ]
    for task in [Task(stopsOld: true, startsNew: true), Task(stopsOld: false, startsNew: true)] {
      for stage in Stage.allCases {
        for isCancelled in [false, true] { lines += rows(task, stage, isCancelled) }
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func rows(_ task: Task, _ stage: Stage, _ isCancelled: Bool) -> [String] {
    let looksAtNew = [.deploying, .deployed, .running].contains(stage)
    let looksAtOld = task.stopsOld && [.begun, .stopping].contains(stage)
    let olds: [Sight?] = looksAtOld ? Sight.allCases : [nil]
    let news: [Sight?] = looksAtNew ? Sight.allCases : [nil]
    return olds.flatMap { old in
      news.map { new in
        let verdict = verdict(
          task, stage: stage, isCancelled: isCancelled, old: old ?? .absent, new: new)
        return "| \(task.stopsOld ? "replace" : "start") | \(stage) | \(isCancelled ? "yes" : "no")"
          + " | \(old?.rawValue ?? "–") | \(new?.rawValue ?? "–") | \(verdict.rawValue) |"
      }
    }
  }
}
