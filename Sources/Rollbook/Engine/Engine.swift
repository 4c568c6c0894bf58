internal import Synchronization

/// Carries out changes of applications: journals the intent, drives the runtime, decides what
/// follows a failure.
///
/// An operation has two halves: `prepare` writes the intent and returns, `perform` drives it to its
/// outcome. What a dead engine left behind is settled by the next one.
public final class Engine: Sendable {
  public let home: Home
  public let journal: Journal
  let runtimes: [String: any RuntimeAdapter]
  let clock: any EngineClock
  let artifacts: ArtifactStore
  /// How long to wait for a lock whose holder has nothing in flight, and for a holder to give up.
  let patience: Patience
  /// Where files are copied and checked.
  let checks = FileWork()
  /// When whoever waits for a call of a runtime looks whether it is to be given up.
  let cancellationTicks = Ticker(every: .milliseconds(150))

  public struct Patience: Sendable {
    public var lockSeconds: Double = 5
    public var cancelSeconds: Double = 15
    public init() {}
  }

  /// - Parameters:
  ///   - runtimes: what applications may run on, each under its name.
  public init(
    home: Home, journal: Journal, runtimes: [any RuntimeAdapter],
    clock: any EngineClock = SystemClock(), patience: Patience = Patience()
  ) throws(RollbookError) {
    self.home = home
    self.journal = journal
    self.runtimes = Dictionary(
      runtimes.map { ($0.name, SecretKeepingRuntime($0)) }, uniquingKeysWith: { $1 })
    self.clock = clock
    self.patience = patience
    artifacts = ArtifactStore(home)
    // On a journal that is only read the engine answers questions, and changes nothing.
    if journal.access == .readOnly { return }
    for folder in [home.locks, home.artifacts, home.snapshots, home.run, home.logs] {
      do throws(RollbookError) { try Files.makeFolder(folder) } catch { throw error.ofHome() }
    }
  }

  func runtime(of application: Application) throws(RollbookError) -> any RuntimeAdapter {
    try runtime(named: application.runtime)
  }

  func runtime(named name: String) throws(RollbookError) -> any RuntimeAdapter {
    guard let runtime = runtimes[name] else {
      throw RollbookError(
        .invalidArgument, "There is no runtime named \(name) here.",
        hint: "Known: \(runtimes.keys.sorted().joined(separator: ", ")).")
    }
    return runtime
  }

  /// The living application of a name.
  ///
  /// - Throws: `notFound`.
  public func application(named name: String) async throws(RollbookError) -> Application {
    let found = try await journal.read { (reader) throws(RollbookError) in
      try reader.livingApplication(named: name)
    }
    guard let found else { throw Self.noApplication(named: name) }
    return found
  }

  package static func noApplication(named name: String) -> RollbookError {
    RollbookError(
      .notFound, "There is no application named \(name).",
      hint: "`rollbook list` shows what there is.")
  }

  public func state(of application: Application) async throws(RollbookError) -> ApplicationState {
    try await journal.read { (reader) throws(RollbookError) in try reader.state(of: application) }
  }

  /// What really runs of an application; nil where the journal knows of nothing that should.
  public func observe(_ application: Application) async throws(RollbookError) -> Observation? {
    let known = try await journal.read { (reader) throws(RollbookError) in
      try reader.runningGeneration(of: application)
    }
    guard let known else { return nil }
    return await (try runtime(of: application)).observe(known)
  }
}

extension Engine {
  /// How long a runtime must have answered without knowing a generation before that one is gone.
  private static let missingSeconds: Double = 60

  /// Looks at a generation; where it is missing, until it comes back or is gone.
  ///
  /// - Returns: `.missing` where it is gone.
  func observeWhileMissing(
    _ generation: Generation, on runtime: any RuntimeAdapter
  ) async -> Observation {
    let deadline = clock.uptime() + Engine.missingSeconds
    while true {
      let seen = await runtime.observe(generation)
      guard case .missing = seen, clock.uptime() < deadline, !Task.isCancelled else { return seen }
      await clock.sleep(seconds: runtime.pollInterval)
    }
  }
}

extension JournalReader {
  /// The generation that runs as a runtime wants it: with its version.
  package borrowing func runningGeneration(
    of application: Application
  ) throws(RollbookError) -> Generation? {
    guard let running = try running(application.id),
      let version = try version(running.version, of: application.id)
    else { return nil }
    return Generation(
      application: application, token: running.token, version: version,
      parallelism: running.parallelism, place: running.place)
  }
}

/// What the person or program in charge asks of a running `perform`.
public final class EngineControl: Sendable {
  private let leaving = Mutex(false)
  private let beginning = Mutex(true)
  private let handler: @Sendable (ProgressEvent) -> Void

  public init(onProgress handler: @escaping @Sendable (ProgressEvent) -> Void = { _ in }) {
    self.handler = handler
  }

  /// Asks that the engine leaves at a durable step, where that leaves nothing down, and begins
  /// nothing more.
  public func leave() {
    beginNothingMore()
    leaving.withLock { $0 = true }
  }

  var isLeaving: Bool { leaving.withLock { $0 } }

  /// Asks that nothing more is begun; what is in flight goes on, with what follows from it.
  public func beginNothingMore() { beginning.withLock { $0 = false } }

  /// - Throws: `interrupted` where nothing more is to be begun: what is not, and what to do.
  func checkMayBegin(_ what: String, hint: String) throws(RollbookError) {
    if beginning.withLock({ $0 }) { return }
    throw RollbookError(.interrupted, "\(what) was not begun: it was interrupted.", hint: hint)
  }

  func report(_ event: ProgressEvent) { handler(event) }
}
