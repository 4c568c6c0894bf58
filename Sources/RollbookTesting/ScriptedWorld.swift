public import Rollbook

/// What a scripted runtime runs and keeps: a value, so that a test can begin from a copy.
public struct ScriptedWorld: Sendable {
  /// What the program of a version does when it is started.
  public enum Behaviour: Sendable, Equatable {
    case runs
    /// The runtime refuses it, as Flink does when main() throws.
    case isRefused(String)
    /// It ends by itself after so many observations: 0 is at once.
    case ends(afterObservations: Int, exitStatus: Int32, String)
    /// It runs, and never gets ready.
    case isNeverReady
    /// It restarts by itself in every observation, and never fails.
    case keepsRestarting
    /// It runs, and something has gone wrong since it was deployed.
    case stumbles(String)
    /// There is no room for it, for so many observations; then it runs.
    case waitsForRoom(observations: Int)
    /// It is asked for and does not answer: it may start later.
    case startsLater
  }

  /// A generation, alive or not.
  public struct ScriptedGeneration: Sendable, Equatable {
    public var application: ApplicationID
    public var version: Int64
    public var parallelism: Int
    public var isAlive = true
    public var observations = 0
    /// What the program has done so far, with what it began with.
    public var state: [String]
    public var ending: Ending?

    public init(application: ApplicationID, version: Int64, parallelism: Int, state: [String]) {
      self.application = application
      self.version = version
      self.parallelism = parallelism
      self.state = state
    }
  }

  public var behaviours: [Int64: Behaviour] = [:]
  /// What the versions of one application do, where they are not as `behaviours` says.
  public var behavioursByApplication: [ApplicationID: [Int64: Behaviour]] = [:]
  /// What a version does at a parallelism, where that differs.
  public var behavioursByParallelism: [Int: Behaviour] = [:]
  public var generations: [GenerationToken: ScriptedGeneration] = [:]
  /// The complete snapshots and their state.
  public var snapshots: [SnapshotID: [String]] = [:]
  /// Whether snapshots can be had.
  public var refusesSnapshots = false
  /// What was told to stop, whose snapshot is complete, and that runs on until it is told again.
  public var lingering: Set<GenerationToken>?
  /// Whether the runtime can be reached.
  public var isReachable = true
  /// Whether it knows a generation by its place alone.
  public var looksByPlace = false
  /// How old what is observed may be, in seconds.
  public var observationLag: Double = 0
  /// What the runtime no longer knows although it has run.
  public var forgotten: Set<GenerationToken> = []
  /// What was asked for and may start later.
  public var pending: Set<GenerationToken> = []
  /// What does not answer when it is told to stop, until whoever asked gives up.
  public var silent: Set<GenerationToken> = []

  public init() {}

  /// The generations of an application that are alive.
  public func alive(of application: ApplicationID) -> [GenerationToken: ScriptedGeneration] {
    generations.filter { $0.value.application == application && $0.value.isAlive }
  }

  func behaviour(
    of application: ApplicationID, version: Int64, parallelism: Int
  ) -> Behaviour {
    behavioursByParallelism[parallelism] ?? behavioursByApplication[application]?[version]
      ?? behaviours[version] ?? .runs
  }
}
