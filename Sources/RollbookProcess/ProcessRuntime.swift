internal import Glibc
public import Rollbook

/// Runs applications as local processes, each generation under a keeper of its own.
///
/// It holds nothing that must survive: whoever opens the same home sees and ends the same
/// generations.
public struct ProcessRuntime: RuntimeAdapter {
  public let name = "process"
  public let pollInterval = 0.1

  /// What versions are said to run on.
  public static let environmentName = "PROCESS-1"

  private let home: Home
  private let keeperPath: String?
  private let logLimit: Int64
  private let keepers = StartedKeepers()

  /// - Parameters:
  ///   - keeperPath: the executable `rollbook-keeper`; nil for the one beside the running executable.
  ///   - logLimit: the bytes at which a log is moved to `.1`, so that it takes at most twice as much.
  public init(home: Home, keeperPath: String? = nil, logLimit: Int64 = 64 << 20) {
    self.home = home
    self.keeperPath = keeperPath ?? ProcessRuntime.keeperBesideExecutable()
    self.logLimit = logLimit
  }

  public func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String {
    try configuration.checkForProcesses()
    if let codePath {
      do throws(RollbookError) {
        _ = try ArtifactStore.usable(codePath)
      } catch {
        throw RollbookError(.invalidArgument, error.message, hint: error.hint)
      }
    }
    _ = try usableKeeper()
    return ProcessRuntime.environmentName
  }

  public func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    let keeper: String
    do throws(RollbookError) {
      keeper = try usableKeeper()
    } catch {
      throw RuntimeFailure(.ended, error)
    }
    let deployer = { @Sendable [home, logLimit, keepers] (cancellation: Cancellation) in
      Deployer(
        home: home, keeperPath: keeper, deployment: deployment, logLimit: logLimit,
        cancellation: cancellation, keepers: keepers)
    }
    keepers.reap()
    let prepared = try await BlockingWork.run { cancellation throws(RuntimeFailure) in
      try deployer(cancellation).prepare()
    }
    guard let prepared else { return }
    do {
      try await recordPlace(prepared.place)
    } catch {
      try await BlockingWork.run { cancellation throws(RuntimeFailure) in
        deployer(cancellation).withdraw(prepared)
      }
      throw error
    }
    try await BlockingWork.run { cancellation throws(RuntimeFailure) in
      try deployer(cancellation).open(prepared)
    }
  }

  public func observe(_ generation: Generation) async -> Observation {
    keepers.reap()
    let observer = Observer(home: home, generation: generation)
    do throws(RuntimeFailure) {
      return try await BlockingWork.run { _ throws(RuntimeFailure) in observer.observe() }
    } catch {
      return .unreachable(error.rootCause)
    }
  }

  public func unreadiness(of generation: Generation) async -> String? {
    guard generation.version.configuration.readyCheck != nil else { return nil }
    let folder = GenerationFolder(home, generation.application.id, generation.token)
    return try? await BlockingWork.run { _ throws(RuntimeFailure) in folder.readyCheckOutput() }
  }

  public func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? {
    let facts = try await BlockingWork.run { [home] cancellation throws(RuntimeFailure) in
      try Stopper(
        home: home, generation: generation, target: target, cancellation: cancellation
      ).stop()
    }
    keepers.reap()
    return facts
  }

  public func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts {
    try await BlockingWork.run { [home] cancellation throws(RuntimeFailure) in
      try Snapshotter(
        folder: GenerationFolder(home, generation.application.id, generation.token),
        target: target, snapshot: SnapshotFolder(home, target), cancellation: cancellation
      ).takeRunning()
    }
  }

  public func findSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) -> SnapshotFacts?
  {
    try mapping(.unknown) { () throws(RollbookError) in try SnapshotFolder(home, target).facts() }
  }

  public func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {
    try await BlockingWork.run { [home] cancellation throws(RuntimeFailure) in
      try mapping(.untouched) { () throws(RollbookError) in
        let path = try SnapshotSource(snapshot, home).path
        let facts = try FileTree.facts(of: path) { () throws(RollbookError) in
          if cancellation.isCancelled { throw RollbookError(.interrupted, "cancelled") }
        }
        guard let known = snapshot.outcome?.facts, known.digest ?? facts.digest == facts.digest
        else {
          throw RollbookError(
            .noUsableSnapshot, "the snapshot \(snapshot.name) is damaged: \(path) has changed")
        }
      }
    }
  }

  public func keptGenerations(
    of application: Application
  ) async throws(RuntimeFailure) -> [GenerationToken: Int64] {
    try await BlockingWork.run { [home] _ throws(RuntimeFailure) in
      try mapping(.unknown) { () throws(RollbookError) in
        try KeptGenerations(home, application.id).sizes()
      }
    }
  }

  public func removeKept(
    _ token: GenerationToken, of application: Application
  ) async throws(RuntimeFailure) {
    try await BlockingWork.run { [home] _ throws(RuntimeFailure) in
      try mapping(.untouched) { () throws(RollbookError) in
        try KeptGenerations(home, application.id).remove(token)
      }
    }
  }

  public func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {
    try await BlockingWork.run { [home] _ throws(RuntimeFailure) in
      try mapping(.unknown) { () throws(RollbookError) in
        try SnapshotFolder(home, target).removeAll()
      }
    }
  }

  public func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? {
    let log = GenerationLog(home, generation.application.id, generation.token)
    return try? await BlockingWork.run { _ throws(RuntimeFailure) in
      log.part(from: offset, limit: limit)
    }
  }

  private func usableKeeper() throws(RollbookError) -> String {
    guard let keeperPath, unsafe access(keeperPath, X_OK) == 0 else {
      throw RollbookError(
        .runtimeUnreachable, "there is no executable \(keeperPath ?? "rollbook-keeper")",
        hint: "Install rollbook-keeper beside the running executable, or say where it is.")
    }
    return keeperPath
  }

  private static func keeperBesideExecutable() -> String? {
    Files.realPath("/proc/self/exe").map { Files.parent(of: $0) + "/rollbook-keeper" }
  }
}
