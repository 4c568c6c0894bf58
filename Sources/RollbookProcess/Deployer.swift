internal import Glibc
internal import Rollbook
internal import Synchronization

/// Starts a generation: prepares its folder, starts its keeper, and opens the gate.
struct Deployer {
  let home: Home
  let keeperPath: String
  let deployment: Deployment
  let logLimit: Int64
  let cancellation: Cancellation
  let keepers: StartedKeepers

  /// Seconds for a keeper to say who it is, and how the start went.
  private static let answerLimit = 30.0

  private var generation: Generation { deployment.generation }
  private var configuration: VersionConfiguration { generation.version.configuration }
  private var folder: GenerationFolder {
    GenerationFolder(home, generation.application.id, generation.token)
  }

  /// A keeper that waits for its gate to open.
  final class Waiting: Sendable {
    let starter: LineSocket
    let place: Place

    init(starter: LineSocket, place: Place) {
      self.starter = starter
      self.place = place
    }
  }

  /// Starts the keeper; nil where this token runs or has run already.
  func prepare() throws(RuntimeFailure) -> Waiting? {
    if let limit = configuration.maxParallelism, generation.parallelism > limit {
      let parallelism = generation.parallelism
      throw RuntimeFailure(
        .ended, "parallelism \(parallelism) is higher than the max parallelism \(limit)")
    }
    if try hasStarted() { return nil }
    do throws(RuntimeFailure) {
      return try mapping(.ended) { () throws(RollbookError) in
        let spec = try makeFolder()
        return try startKeeper(spec)
      }
    } catch {
      try? FileTree.remove(folder.path)
      throw error
    }
  }

  /// Lets the keeper go on, and waits until the program has been executed.
  func open(_ waiting: Waiting) throws(RuntimeFailure) {
    if cancellation.isCancelled {
      withdraw(waiting)
      throw RuntimeFailure(.ended, "cancelled")
    }
    let message = try mapping(.ended) { () throws(RollbookError) in
      try JSON.encode(GateMessage.open(secrets: deployment.secrets.values))
    }
    let deadline = Monotonic.now() + Deployer.answerLimit
    guard waiting.starter.send(message) else { throw keeperIsGone() }
    switch waiting.starter.receive(until: deadline) {
    case .line(let line):
      let answer = try mapping(.unknown) { () throws(RollbookError) in
        try JSON.decode(GateMessage.self, Array(line.utf8), from: "the keeper's answer")
      }
      if case .failed(let cause) = answer {
        // Until the lock is free the keeper might still be seen.
        try awaitFreeLock(5)
        throw RuntimeFailure(.ended, cause)
      }
    case .closed: throw keeperIsGone()
    case .timedOut, .cancelled:
      throw RuntimeFailure(.unknown, "the keeper did not say in time whether the program runs")
    }
  }

  /// Sends the keeper away: nothing of the program will ever run.
  func withdraw(_ waiting: Waiting) {
    waiting.starter.close()
    try? awaitFreeLock(5)
    keepers.reap()
    if !Files.exists(folder.started) { try? FileTree.remove(folder.path) }
  }

  private func keeperIsGone() -> RuntimeFailure {
    let said = (try? Files.read(folder.keeperLog, limit: 65536)).flatMap { $0 } ?? []
    return RuntimeFailure(
      Files.exists(folder.started) ? .unknown : .ended, rootCause: "the keeper ended unexpectedly",
      text: "the keeper ended unexpectedly\n" + String(decoding: said, as: UTF8.self))
  }

  // MARK: An earlier attempt

  /// Whether an earlier attempt opened the gate; what else it left is removed.
  private func hasStarted() throws(RuntimeFailure) -> Bool {
    guard Files.exists(folder.path) else { return false }
    // A keeper whose starter died leaves at once.
    if !Files.exists(folder.started) { try awaitFreeLock(5) }
    if Files.exists(folder.started) {
      let outcome = try mapping(.unknown) { () throws(RollbookError) in
        try JSON.read(GenerationOutcome.self, folder.outcome)
      }
      if let cause = outcome?.startFailure { throw RuntimeFailure(.ended, cause) }
      return true
    }
    try mapping(.ended) { () throws(RollbookError) in try FileTree.remove(folder.path) }
    return false
  }

  private func awaitFreeLock(_ seconds: Double) throws(RuntimeFailure) {
    let deadline = Monotonic.now() + seconds
    while try mapping(
      .unknown, { () throws(RollbookError) in try FileLock.isHeld(folder.alive) })
    {
      if Monotonic.now() >= deadline {
        throw RuntimeFailure(.unknown, "\(folder.alive) is held by a keeper that does not go")
      }
      Monotonic.sleep(0.005)
    }
  }

  // MARK: Preparing

  private func makeFolder() throws(RollbookError) -> GenerationSpec {
    try Files.makeFolder(folder.work)
    if let restore = deployment.restore {
      try fillState(from: restore)
    } else {
      try Files.makeFolder(folder.state)
    }
    if configuration.propertyGroups != nil {
      try Files.write(try JSON.encode(PropertyGroup.all(of: configuration)), to: folder.properties)
    }
    let spec = try makeSpec()
    try Files.write(try JSON.encode(spec), to: folder.spec)
    // Each level that may be new: what is journalled about this folder must find it.
    try Files.syncFolder(Files.parent(of: folder.path))
    try Files.syncFolder(home.run)
    return spec
  }

  private func fillState(from snapshot: Snapshot) throws(RollbookError) {
    let source = try SnapshotSource(snapshot, home).path
    try FileTree.copy(source, to: folder.state, endpoints: .skipped, checkpoint: checkpoint)
    // A machine that goes down must not leave a state that was restored by half.
    let facts = try FileTree.facts(of: folder.state, syncing: true, checkpoint: checkpoint)
    if let digest = snapshot.outcome?.facts?.digest, facts.digest != digest {
      throw RollbookError(
        .noUsableSnapshot, "the snapshot \(snapshot.name) is damaged: \(source) has changed")
    }
  }

  private func checkpoint() throws(RollbookError) {
    if cancellation.isCancelled { throw RollbookError(.interrupted, "cancelled") }
  }

  private func makeSpec() throws(RollbookError) -> GenerationSpec {
    let isFolder = Files.isFolder(deployment.artifactPath)
    let executable = deployment.artifactPath + (isFolder ? "/run" : "")
    let name = Files.name(of: configuration.codeName)
    var environment = configuration.environment.merging(configuration.properties) { $1 }
    environment["ROLLBOOK_APPLICATION"] = generation.application.name
    environment["ROLLBOOK_VERSION"] = String(generation.version.version)
    environment["ROLLBOOK_STATE"] = folder.state
    environment["ROLLBOOK_PARALLELISM"] = String(generation.parallelism)
    environment["ROLLBOOK_GENERATION"] = generation.token.rawValue
    if configuration.propertyGroups != nil {
      environment["ROLLBOOK_PROPERTIES"] = folder.properties
    }
    return GenerationSpec(
      token: generation.token.rawValue, displayName: isFolder ? "\(name)/run" : name,
      executable: executable,
      // Some programs go by the name that they are called; a folder's may look for its files.
      arguments: [isFolder || name.isEmpty ? executable : name] + configuration.arguments,
      environment: environment, instances: generation.parallelism,
      readyCheck: configuration.readyCheck, stopGraceSeconds: configuration.stopGraceSeconds,
      settleSeconds: configuration.settleSeconds,
      log: GenerationLog(home, generation.application.id, generation.token).path,
      logLimit: logLimit, bootID: try Boot.id())
  }

  // MARK: The keeper

  private func startKeeper(
    _ spec: GenerationSpec
  ) throws(RollbookError) -> Waiting {
    let (starter, gate) = try LineSocket.pair()
    let other = Descriptor(adopting: gate)
    let devNull = try Descriptor.open("/dev/null", O_RDONLY)
    let log = try Descriptor.open(folder.keeperLog, O_WRONLY | O_CREAT | O_APPEND)
    let program = Spawn(
      path: keeperPath, arguments: [keeperPath, folder.path], environment: keeperEnvironment(),
      folder: "/", input: devNull.raw, output: log.raw, extra: other.raw, isSessionLeader: true)
    switch program.start() {
    case .success(let pid): keepers.add(pid)
    case .failure(let error): throw Files.failure("start the keeper", keeperPath, error.code)
    }
    // Else the keeper's end would never be seen.
    closeNow(consume other)
    let deadline = Monotonic.now() + Deployer.answerLimit
    guard
      case .line(let line) = starter.receive(
        until: deadline, isCancelled: { cancellation.isCancelled }),
      case .waiting(let identity) = try JSON.decode(
        GateMessage.self, Array(line.utf8), from: "the keeper's answer")
    else {
      starter.close()
      try? awaitFreeLock(5)
      if cancellation.isCancelled { throw RollbookError(.interrupted, "cancelled") }
      throw RollbookError(.runtimeFailed, keeperIsGone().text)
    }
    let place = [
      "bootID": identity.bootID, "pid": String(identity.pid),
      "startTime": String(identity.startTime),
      "folder": "run/\(generation.application.id)/\(generation.token)",
    ]
    return Waiting(starter: starter, place: place)
  }

  private func closeNow(_ descriptor: consuming Descriptor) {}

  /// What the keeper's own libraries need; programs get their own environment.
  private func keeperEnvironment() -> [String: String] {
    guard let path = unsafe getenv("LD_LIBRARY_PATH") else { return [:] }
    return ["LD_LIBRARY_PATH": unsafe String(cString: path)]
  }
}

/// Where a snapshot's bytes are: in this home, which may have been moved since, or where they were.
struct SnapshotSource {
  let path: String

  init(_ snapshot: Snapshot, _ home: Home) throws(RollbookError) {
    let here = home.snapshot(snapshot.id, of: snapshot.application)
    if Files.isFolder(here) {
      path = here
    } else if let location = snapshot.outcome?.facts?.location, Files.isFolder(location) {
      path = location
    } else {
      throw RollbookError(
        .noUsableSnapshot, "the bytes of the snapshot \(snapshot.name) are gone: no folder \(here)")
    }
  }
}

/// The keepers that this process started: their parent must take their end, or zombies remain.
final class StartedKeepers: Sendable {
  private let pids = Mutex<Set<Int32>>([])

  func add(_ pid: Int32) {
    pids.withLock { _ = $0.insert(pid) }
  }

  /// Takes the end of those that have ended.
  func reap() {
    pids.withLock { pids in
      pids = pids.filter { pid in
        var status: Int32 = 0
        return unsafe waitpid(pid, &status, WNOHANG) == 0
      }
    }
  }
}
