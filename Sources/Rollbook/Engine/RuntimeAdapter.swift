/// What runs applications: local processes, a Flink cluster, whatever an embedder deploys to.
///
/// The engine journals every id before it is used here, and may die between any two calls. So each
/// call can be made again with the same ids after a crash, by another process, and then finishes or
/// confirms what the first call began. The conformance suite in RollbookTesting checks it.
///
/// Every call answers promptly when its task is cancelled: it leaves what runs as it was, where it
/// still can, and throws a `RuntimeFailure` with the effect `.untouched` or `.ended`.
///
/// Where an operation is carried out, calls come on the thread that it has for itself; elsewhere (looking,
/// logs, creating, pruning) on Swift's pool. Neither is to be blocked: as long as it is, nobody sees that the
/// operation is to be given up, or the pool has a thread less. What takes long is awaited.
public protocol RuntimeAdapter: Sendable {
  /// The name that applications are created with: `process`, `flink`, …
  var name: String { get }

  /// Seconds between two observations while the engine waits.
  var pollInterval: Double { get }

  /// Checks a version before anything is written, and names what it would run on.
  ///
  /// What code is, a file or a folder with what in it, is for the runtime to say.
  ///
  /// - Parameter codePath: the code as the user gave it; nil where an update keeps the code.
  /// - Returns: the runtime environment, such as `PROCESS-1` or `FLINK-1_19`.
  /// - Throws: `invalidArgument` where the configuration has no meaning on this runtime,
  ///   `runtimeUnreachable` where it cannot be asked.
  func check(_ configuration: VersionConfiguration, codePath: String?) async throws(RollbookError)
    -> String

  /// Starts a generation under a token that is durable already.
  ///
  /// - Parameter recordPlace: makes the identity durable. Called once, before anything of the
  ///   program can run; where it throws, nothing may ever run.
  /// - Throws: `RuntimeFailure` (effect `.ended`: nothing of it runs; `.unknown`: it may run;
  ///   `.mayStartLater`), or what `recordPlace` threw.
  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws

  /// Looks at what really runs. Never throws: what cannot be seen is an observation too.
  func observe(_ generation: Generation) async -> Observation

  /// How old what an observation tells may be, in seconds: a settle window is longer than that.
  func observationLag(of generation: Generation) async -> Double

  /// Why a generation that runs is not ready, as far as anybody has said; nil where nobody has.
  ///
  /// For people: it becomes part of the text of a failure.
  func unreadiness(of generation: Generation) async -> String?

  /// Ends a generation, and makes a snapshot of its state where a target is given.
  ///
  /// A generation that has ended already is no error: its state as it was left becomes the snapshot.
  /// - Returns: the snapshot's facts; nil where no target was given, or an ended generation left none.
  /// - Throws: `.untouched` where it still runs as before (the snapshot could not be had),
  ///   `.unreachable`, `.unknown`, `.mayStartLater`.
  func stop(_ generation: Generation, taking target: SnapshotTarget?) async throws(RuntimeFailure)
    -> SnapshotFacts?

  /// Makes a snapshot of a generation that goes on running.
  ///
  /// - Throws: `.untouched` where none could be had; nothing of it is left behind.
  func snapshot(_ generation: Generation, into target: SnapshotTarget) async throws(RuntimeFailure)
    -> SnapshotFacts

  /// The facts of a snapshot that was begun and whose end nobody saw; nil where it is not complete.
  func findSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) -> SnapshotFacts?

  /// Checks that a snapshot's bytes are there and are what they were.
  func verify(_ snapshot: Snapshot) async throws(RuntimeFailure)

  /// Removes a snapshot's bytes, partial ones too; none there is no error.
  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure)

  /// The generations of an application of which bytes are kept here, folders and logs, and how many.
  func keptGenerations(
    of application: Application
  ) async throws(RuntimeFailure) -> [GenerationToken: Int64]

  /// Removes what is kept here of a generation that has ended.
  ///
  /// - Throws: `.untouched` where it lives.
  func removeKept(
    _ token: GenerationToken, of application: Application
  ) async throws(RuntimeFailure)

  /// Part of a generation's log; nil where there is none.
  ///
  /// - Parameter offset: the byte to read from; nil for the newest `limit` bytes.
  func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart?
}

extension RuntimeAdapter {
  public func unreadiness(of generation: Generation) async -> String? { nil }

  public func observationLag(of generation: Generation) async -> Double { 0 }

  public func keptGenerations(
    of application: Application
  ) async throws(RuntimeFailure) -> [GenerationToken: Int64] { [:] }

  public func removeKept(
    _ token: GenerationToken, of application: Application
  ) async throws(RuntimeFailure) {}
}

/// Makes durable where a generation is about to run. An actor that calls it may be held until that is done.
///
/// A name of its own, since a function type means the same for everybody only where its isolation
/// is spelled out: packages differ in their upcoming features.
public typealias RecordPlace = nonisolated(nonsending) @Sendable (Place) async throws -> Void

/// What is to be started.
public struct Deployment: Sendable {
  public let generation: Generation
  /// The code, in the artifact store.
  public let artifactPath: String
  /// The state to begin with; nil to begin with none.
  public let restore: Snapshot?
  public let allowNonRestoredState: Bool
  /// The values of the version's secret properties, by name: read once, for this deployment. They
  /// belong into the program and nowhere else.
  public let secrets: Secrets

  public init(
    generation: Generation, artifactPath: String, restore: Snapshot?, allowNonRestoredState: Bool,
    secrets: Secrets = Secrets()
  ) {
    self.generation = generation
    self.artifactPath = artifactPath
    self.restore = restore
    self.allowNonRestoredState = allowNonRestoredState
    self.secrets = secrets
  }
}

/// One deployment of one version, by its token.
public struct Generation: Sendable, Equatable {
  public let application: Application
  public let token: GenerationToken
  public let version: ApplicationVersion
  public let parallelism: Int
  /// Where it runs; nil until that is known.
  public let place: Place?

  public init(
    application: Application, token: GenerationToken, version: ApplicationVersion,
    parallelism: Int, place: Place?
  ) {
    self.application = application
    self.token = token
    self.version = version
    self.parallelism = parallelism
    self.place = place
  }
}

/// Where a snapshot is to be, under an id that is durable already.
public struct SnapshotTarget: Sendable, Equatable {
  public let id: SnapshotID
  public let name: String
  public let timeoutSeconds: Double
  /// The one whose state it holds; it may have ended long ago.
  public let generation: Generation
  /// What is known of it; nil until it is complete.
  public let facts: SnapshotFacts?

  public var application: Application { generation.application }

  public init(
    id: SnapshotID, name: String, timeoutSeconds: Double, generation: Generation,
    facts: SnapshotFacts? = nil
  ) {
    self.id = id
    self.name = name
    self.timeoutSeconds = timeoutSeconds
    self.generation = generation
    self.facts = facts
  }
}

/// What a runtime sees of a generation.
public enum Observation: Sendable, Equatable {
  /// It runs. `ready` once it does its work; `incarnation` changes when it restarts by itself.
  case running(ready: Bool, incarnation: String)
  /// It runs, or tries to again and again, and something has gone wrong since it was deployed: this
  /// fails a deployment that is on trial, and nothing else. One that goes back, or is started, waits
  /// where only resources are missing.
  case failing(Ending)
  /// It has run, and has ended.
  case ended(Ending)
  /// It never started, and never will under this token.
  case absent
  /// The runtime answers and does not know it, though it has run: it may come back, or its remains
  /// may still run where the runtime does not see them. Seen for a minute, it is gone.
  case missing(String)
  /// Nobody can say.
  case unreachable(String)
}

/// How a generation ended.
public struct Ending: Sendable, Equatable {
  public enum Cause: String, Sendable, Codable {
    /// By itself, with success: exit status 0, a finished bounded job.
    case finished
    /// By itself, with an error.
    case failed
    /// The machine went down under it.
    case reboot
    /// Whoever kept it is gone and saw no end.
    case lost
    /// The runtime has no room for it now: nothing is wrong with the program, and room may come.
    case noResources
  }

  public let cause: Cause
  public let rootCause: String
  public let text: String
  public let evidence: Evidence

  public init(cause: Cause, rootCause: String, text: String, evidence: Evidence) {
    self.cause = cause
    self.rootCause = rootCause
    self.text = text
    self.evidence = evidence
  }

  /// The same as a failure: nothing of the generation runs.
  var asFailure: RuntimeFailure {
    RuntimeFailure(.ended, rootCause: rootCause, text: text, evidence: evidence)
  }

  /// True where its end says nothing about the program itself.
  public var isFromOutside: Bool { cause == .reboot || cause == .lost }
}

/// Why a runtime could not do what it was asked, and what that left behind.
public struct RuntimeFailure: Error, Sendable, Equatable {
  public enum Effect: String, Sendable {
    /// Nothing has changed.
    case untouched
    /// The generation it is about does not run.
    case ended
    /// The generation may or may not run: observe it.
    case unknown
    /// The runtime cannot be asked; nothing is known.
    case unreachable
    /// The generation does not run. Its start was asked for and never answered: it may still happen.
    case mayStartLater
  }

  public let effect: Effect
  public let rootCause: String
  public let text: String
  public let evidence: Evidence

  /// - Parameters:
  ///   - rootCause: one line.
  ///   - text: the whole error text; nil where the root cause is all there is to say.
  public init(
    _ effect: Effect, rootCause: String, text: String? = nil, evidence: Evidence = Evidence()
  ) {
    self.effect = effect
    self.rootCause = rootCause
    self.text = text ?? rootCause
    self.evidence = evidence
  }
}

/// A part of a log, and where the next part begins.
public struct LogPart: Sendable, Equatable {
  public let bytes: [UInt8]
  public let nextOffset: Int64

  public init(bytes: [UInt8], nextOffset: Int64) {
    self.bytes = bytes
    self.nextOffset = nextOffset
  }
}
