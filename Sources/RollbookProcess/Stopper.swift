internal import Glibc
internal import Rollbook

/// Ends a generation, whatever is left of it, and makes its state a snapshot where one is wanted.
///
/// Every step looks at what is there, so that it can be made again after a crash at any point.
struct Stopper {
  let home: Home
  let folder: GenerationFolder
  let generation: Generation
  let cancellation: Cancellation
  let snapshotter: Snapshotter?

  /// Seconds that a keeper has to answer beyond the grace; then it is ended itself.
  private static let answerLimit = 15.0

  init(
    home: Home, generation: Generation, target: SnapshotTarget?, cancellation: Cancellation
  ) {
    let folder = GenerationFolder(home, generation.application.id, generation.token)
    self.home = home
    self.folder = folder
    self.generation = generation
    self.cancellation = cancellation
    snapshotter = target.map {
      Snapshotter(
        folder: folder, target: $0, snapshot: SnapshotFolder(home, $0), cancellation: cancellation)
    }
  }

  private var grace: Double { generation.version.configuration.stopGraceSeconds }

  func stop() throws(RuntimeFailure) -> SnapshotFacts? {
    let made = try mapping(.unknown) { () throws(RollbookError) in
      try snapshotter?.snapshot.facts()
    }
    // Each round ends the generation or finds that it has ended.
    while try isHeld() { try endRunning(needsSnapshot: snapshotter != nil && made == nil) }
    try endSurvivors()
    guard let snapshotter, Files.exists(folder.started), Files.isFolder(folder.state) else {
      return nil
    }
    if let made {
      try mapping(.ended) { () throws(RollbookError) in try snapshotter.snapshot.removeRest() }
      return made
    }
    return try adopt(snapshotter.snapshot)
  }

  private func isHeld() throws(RuntimeFailure) -> Bool {
    try mapping(.unknown) { () throws(RollbookError) in try FileLock.isHeld(folder.alive) }
  }

  // MARK: While a keeper lives

  private func endRunning(needsSnapshot: Bool) throws(RuntimeFailure) {
    if cancellation.isCancelled { throw RuntimeFailure(.untouched, "cancelled") }
    guard Files.exists(folder.started), let control = try connect() else {
      // It waits at its gate, or is about to be gone.
      return try awaitEnd(Monotonic.now() + 2)
    }
    if needsSnapshot, let snapshotter, case .gone = try snapshotter.takePaused(control) {
      return try awaitEnd(Monotonic.now() + Stopper.answerLimit)
    }
    // From here on it is ended, whoever loses interest.
    let deadline = Monotonic.now() + grace + Stopper.answerLimit
    if control.send("stop \(grace)") { _ = control.receive(until: deadline) }
    try awaitEnd(deadline)
  }

  private func connect() throws(RuntimeFailure) -> LineSocket? {
    try mapping(.unknown) { () throws(RollbookError) in try LineSocket.connect(to: folder) }
  }

  /// Waits for the lock, and ends a keeper that does not go.
  private func awaitEnd(_ deadline: Double) throws(RuntimeFailure) {
    while try isHeld() {
      if Monotonic.now() >= deadline {
        guard let identity = try identity(), let boot = try? Boot.id(),
          identity.isAlive(bootID: boot)
        else { throw RuntimeFailure(.unknown, "\(folder.alive) is held by nobody known") }
        kill(identity.pid, SIGKILL)
      }
      Monotonic.sleep(0.01)
    }
  }

  // MARK: After the keeper

  /// Ends what a killed keeper left, and who escaped; then nothing of the generation lives.
  private func endSurvivors() throws(RuntimeFailure) {
    let keeper = try currentIdentity()
    let deadline = Monotonic.now() + grace
    var asking = Asking()
    let log = survivorsLog()
    while true {
      let left = try mapping(.unknown) { () throws(RollbookError) in
        try ProcessTable.members(
          of: folder, token: generation.token.rawValue, keeper: keeper)
      }
      // One whose pipe is full could not save.
      log?.drain()
      if left.isEmpty {
        try? Files.removeFile(folder.output)
        return
      }
      let now = Monotonic.now()
      if now >= deadline + Stopper.answerLimit {
        throw RuntimeFailure(.unknown, "process \(left[0].pid) of the program cannot be ended")
      }
      if now >= deadline && !Files.exists(folder.killed) {
        try mapping(.unknown) { () throws(RollbookError) in
          try Files.write([], to: folder.killed)
        }
      }
      for process in now >= deadline ? left : asking.due(left) {
        kill(process.pid, now >= deadline ? SIGKILL : SIGTERM)
        kill(process.pid, SIGCONT)
      }
      for process in asking.paused(left) { kill(process.pid, SIGCONT) }
      Monotonic.sleep(0.01)
    }
  }

  /// Whom to ask to end, as a living keeper asks: the instances and who is in their groups, at once
  /// and once. What they start in order to save is left alone; what is left of them has its turn
  /// when they have gone.
  private struct Asking {
    private var asked: Set<Int32> = []
    private var awaited: Set<Int32> = []
    private var continued: Set<Int32> = []

    mutating func due(_ left: [ProcessEntry]) -> [ProcessEntry] {
      if left.contains(where: { awaited.contains($0.pid) }) { return [] }
      let pids = Set(left.map(\.pid))
      let heads = left.filter { !pids.contains($0.parent) && !asked.contains($0.pid) }
      let groups = Set(heads.map(\.group))
      let due = left.filter { groups.contains($0.group) && !asked.contains($0.pid) }
      awaited = Set(heads.map(\.pid))
      asked.formUnion(due.map(\.pid))
      return due
    }

    /// Whom to continue, whoever is asked to end: a pause that its keeper did not survive ends here,
    /// since one may wait for another in order to save. Each once: what a program stops itself is
    /// its own affair.
    mutating func paused(_ left: [ProcessEntry]) -> [ProcessEntry] {
      left.filter { $0.isStopped && continued.insert($0.pid).inserted }
    }
  }

  /// Takes the place of a killed keeper for what its program says.
  private func survivorsLog() -> KeeperLog? {
    guard Files.exists(folder.output), let spec = try? JSON.read(GenerationSpec.self, folder.spec)
    else { return nil }
    let log = GenerationLog(home, generation.application.id, generation.token)
    return try? KeeperLog(path: log.path, limit: spec.logLimit, pipe: folder.output)
  }

  private func identity() throws(RuntimeFailure) -> KeeperIdentity? {
    try mapping(.unknown) { () throws(RollbookError) in
      try JSON.read(KeeperIdentity.self, folder.identity)
    }
  }

  /// The keeper, if it was one of this boot: sessions of an earlier one mean nothing now.
  private func currentIdentity() throws(RuntimeFailure) -> KeeperIdentity? {
    let identity = try identity()
    let boot = try mapping(.unknown) { () throws(RollbookError) in try Boot.id() }
    return identity?.bootID == boot ? identity : nil
  }

  /// The state as it was left becomes the snapshot, unless the program had to be killed while it
  /// may have been writing: then the copy that was taken before.
  private func adopt(_ snapshot: SnapshotFolder) throws(RuntimeFailure) -> SnapshotFacts {
    try mapping(.ended) { () throws(RollbookError) in
      let outcome = try JSON.read(GenerationOutcome.self, folder.outcome)
      let wasStopped = outcome?.isRequested ?? true
      if Files.exists(folder.killed) && wasStopped,
        let facts = try snapshot.publishPausedCopy()
      {
        try snapshot.removeRest()
        return facts
      }
      let facts = try copyAsLeft(snapshot)
      try snapshot.removeRest()
      return facts
    }
  }

  private func copyAsLeft(_ snapshot: SnapshotFolder) throws(RollbookError) -> SnapshotFacts {
    do throws(RollbookError) {
      try snapshot.copy(folder.state, checkpoint: {})
      return try snapshot.publishCopy(checkpoint: {})
    } catch {
      // Such as a full disk: what was copied before the stop is better than nothing.
      guard let facts = try snapshot.publishPausedCopy() else { throw error }
      return facts
    }
  }
}
