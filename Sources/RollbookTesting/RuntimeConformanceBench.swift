internal import Rollbook
internal import Synchronization

/// A runtime under check, and what has been deployed on it.
final class RuntimeConformanceBench: Sendable {
  let home: Home
  let subject: any RuntimeConformanceSubject
  let runtime: any RuntimeAdapter
  private let check: String
  private let deployed = Mutex<[Generation]>([])
  /// Deployed or not.
  private let made = Mutex<[Generation]>([])

  /// Seconds for a program to get ready or to end.
  private static let patience = 20.0

  init(
    home: Home, subject: any RuntimeConformanceSubject, runtime: any RuntimeAdapter, check: String
  ) {
    self.home = home
    self.subject = subject
    self.runtime = runtime
    self.check = check
  }

  /// Ends whatever the check left running.
  func finish() async {
    for generation in deployed.withLock({ $0 }) {
      // A check that failed has said what is wrong already.
      _ = try? await runtime.stop(generation, taking: nil)
    }
    await subject.finish()
  }

  // MARK: Saying what is wrong

  func violation(_ rule: String, saw seen: Any) -> RuntimeConformance.Violation {
    RuntimeConformance.Violation(check: check, rule: rule, seen: "\(seen)")
  }

  func expect(_ condition: Bool, _ rule: String, saw seen: Any) throws {
    if !condition { throw violation(rule, saw: seen) }
  }

  /// The runtime's failure where a call is to fail.
  func failure<Value: Sendable>(
    _ rule: String, of call: () async throws -> Value
  ) async throws -> RuntimeFailure {
    let value: Value
    do {
      value = try await call()
    } catch let failure as RuntimeFailure {
      return failure
    } catch {
      throw violation("\(rule), by a RuntimeFailure", saw: "\(type(of: error)): \(error)")
    }
    throw violation(rule, saw: "no error; the answer was \(value)")
  }

  // MARK: What is deployed

  static func application(_ id: Int64 = 7) -> Application {
    Application(
      id: ApplicationID(id), name: "conformance-\(id)", runtime: "any", createdAt: .now(),
      deletedAt: nil)
  }

  /// A generation of a program under a fresh token, its code in the artifact store.
  func generation(
    _ program: RuntimeConformanceProgram = .runs, application: Int64 = 7
  ) async throws -> Generation {
    let code = try await subject.makeCode(program)
    let environment = try await runtime.check(code.configuration, codePath: code.path)
    let application = Self.application(application)
    let version = ApplicationVersion(
      application: application.id, version: program.rawValue, operation: OperationID(1),
      createdAt: .now(), artifact: try ArtifactStore(home).store(code.path),
      runtimeEnvironment: environment, configuration: code.configuration)
    let generation = Generation(
      application: application, token: .random(), version: version, parallelism: 1, place: nil)
    made.withLock { $0.append(generation) }
    return generation
  }

  /// Deploys a generation.
  ///
  /// - Returns: the generation with its place.
  @discardableResult
  func deploy(
    _ generation: Generation, restore: Snapshot? = nil,
    recordPlace: @escaping @Sendable (Place) async throws -> Void = { _ in }
  ) async throws -> Generation {
    deployed.withLock { $0.append(generation) }
    let deployment = Deployment(
      generation: generation,
      artifactPath: ArtifactStore(home).path(of: generation.version.artifact), restore: restore,
      allowNonRestoredState: false)
    let placed = Mutex<Place?>(nil)
    try await runtime.deploy(deployment) { place in
      placed.withLock { $0 = place }
      try await recordPlace(place)
    }
    let running = Generation(
      application: generation.application, token: generation.token, version: generation.version,
      parallelism: generation.parallelism, place: placed.withLock { $0 })
    deployed.withLock { $0.append(running) }
    return running
  }

  /// A program that has been deployed and is ready.
  func running(application: Int64 = 7, restore: Snapshot? = nil) async throws -> Generation {
    let generation = try await deploy(generation(application: application), restore: restore)
    try await awaitReady(generation)
    return generation
  }

  // MARK: Looking

  /// Waits until a generation is seen ready.
  ///
  /// - Returns: its incarnation.
  @discardableResult
  func awaitReady(_ generation: Generation) async throws -> String {
    var seen = await runtime.observe(generation)
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(Self.patience)
    while clock.now < deadline {
      if case .running(ready: true, let incarnation) = seen { return incarnation }
      guard case .running = seen else { break }
      await pause()
      seen = await runtime.observe(generation)
    }
    throw violation("a program that was deployed runs and gets ready", saw: seen)
  }

  /// Waits until a generation is seen ended.
  func awaitEnd(_ generation: Generation) async throws -> Ending {
    var seen = await runtime.observe(generation)
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(Self.patience)
    while clock.now < deadline {
      if case .ended(let ending) = seen { return ending }
      guard seen.isNotOver else { break }
      await pause()
      seen = await runtime.observe(generation)
    }
    throw violation("a program that has run and ended is seen as ended", saw: seen)
  }

  /// Waits for the time between two looks of the engine.
  func pause() async {
    try? await Task.sleep(for: .seconds(runtime.pollInterval))
  }

  func expectRunning(_ generation: Generation, as incarnation: String, _ rule: String) async throws
  {
    let seen = await runtime.observe(generation)
    try expect(seen == .running(ready: true, incarnation: incarnation), rule, saw: seen)
  }

  func expectNotRunning(_ generation: Generation, _ rule: String) async throws {
    let seen = await runtime.observe(generation)
    switch seen {
    case .absent, .ended: return
    case .running, .failing, .missing, .unreachable: throw violation(rule, saw: seen)
    }
  }

  func expectMemory(
    _ generation: Generation, _ words: [String], _ rule: String
  ) async throws {
    let memory = try await subject.memory(of: generation)
    try expect(memory == words, "\(rule): \(words)", saw: memory)
  }

  // MARK: Snapshots

  /// A snapshot of what was deployed last for an application, or was to be.
  func target(_ id: Int64 = 11, application: Int64 = 7) -> SnapshotTarget {
    let isWanted: @Sendable (Generation) -> Bool = { $0.application.id.rawValue == application }
    let newest =
      deployed.withLock { $0.last(where: isWanted) } ?? made.withLock { $0.last(where: isWanted) }
    return SnapshotTarget(
      id: SnapshotID(id), name: "s\(id)", timeoutSeconds: Self.patience,
      generation: newest ?? Self.neverDeployed(application))
  }

  private static func neverDeployed(_ application: Int64) -> Generation {
    let application = Self.application(application)
    let version = ApplicationVersion(
      application: application.id, version: 1, operation: OperationID(1), createdAt: .now(),
      artifact: "", runtimeEnvironment: "", configuration: VersionConfiguration(codeName: ""))
    return Generation(
      application: application, token: .random(), version: version, parallelism: 1, place: nil)
  }

  /// The row that the journal would hold of a snapshot.
  func snapshot(
    _ facts: SnapshotFacts, _ target: SnapshotTarget, of generation: Generation
  ) -> Snapshot {
    Snapshot(
      id: target.id, application: target.application.id, name: target.name,
      operation: OperationID(2), version: generation.version.version,
      runtimeEnvironment: generation.version.runtimeEnvironment, generation: generation.token,
      startedAt: .now(),
      outcome: SnapshotOutcome(sequence: 1, endedAt: .now(), facts: facts, failure: nil),
      deletedAt: nil)
  }

  /// Stops a generation and takes its state, which must be there.
  func stopTaking(_ generation: Generation, _ target: SnapshotTarget) async throws -> Snapshot {
    guard let facts = try await runtime.stop(generation, taking: target) else {
      throw violation("stop with a target answers the snapshot's facts", saw: "nil")
    }
    return snapshot(facts, target, of: generation)
  }
}

extension Observation {
  /// It runs, or has failed and is not over yet.
  fileprivate var isNotOver: Bool {
    switch self {
    case .running, .failing: true
    case .ended, .absent, .missing, .unreachable: false
    }
  }
}
