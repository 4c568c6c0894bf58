internal import Rollbook

/// Copies the state of a paused generation; the keeper continues it should the copier die.
struct Snapshotter {
  let folder: GenerationFolder
  let target: SnapshotTarget
  let snapshot: SnapshotFolder
  let cancellation: Cancellation

  /// What came of asking for a pause.
  enum Pause {
    case paused
    /// It is ending already.
    case ending
    /// It has ended.
    case gone
  }

  /// Makes a snapshot of a generation that goes on; nothing is left behind where it fails.
  func takeRunning() throws(RuntimeFailure) -> SnapshotFacts {
    if let facts = try mapping(.untouched, { () throws(RollbookError) in try snapshot.facts() }) {
      return facts
    }
    let control = try mapping(.untouched) { () throws(RollbookError) in
      try LineSocket.connect(to: folder)
    }
    let deadline = Monotonic.now() + target.timeoutSeconds
    guard let control, case .paused = try pause(control, deadline) else {
      throw RuntimeFailure(.ended, "the program does not run")
    }
    defer { control.close() }
    do throws(RollbookError) {
      try snapshot.copy(folder.state, checkpoint: checkpoint(deadline))
      try resume(control, deadline)
      return try snapshot.publishCopy(checkpoint: checkpoint(deadline))
    } catch {
      control.close()
      try? snapshot.removeAll()
      throw RuntimeFailure(.untouched, error)
    }
  }

  /// Makes the copy that proves that a snapshot can be had, and leaves the generation paused.
  ///
  /// - Throws: `.untouched`, and then it goes on.
  func takePaused(_ control: LineSocket) throws(RuntimeFailure) -> Pause {
    let deadline = Monotonic.now() + target.timeoutSeconds
    do throws(RuntimeFailure) {
      let pause = try pause(control, deadline)
      guard case .paused = pause else { return pause }
      try mapping(.untouched) { () throws(RollbookError) in
        // One that is left of an earlier attempt is older than what runs.
        try snapshot.removePausedCopy()
        try snapshot.copy(folder.state, checkpoint: checkpoint(deadline))
        try snapshot.keepPausedCopy(checkpoint: checkpoint(deadline))
        try checkpoint(deadline)()
      }
      return .paused
    } catch {
      // The keeper continues the program when this end is gone.
      control.close()
      try? snapshot.removeRest()
      throw error
    }
  }

  private func pause(_ control: LineSocket, _ deadline: Double) throws(RuntimeFailure) -> Pause {
    guard control.send("pause \(target.timeoutSeconds)") else { return .gone }
    switch control.receive(until: deadline, isCancelled: { cancellation.isCancelled }) {
    case .line("ok"): return .paused
    case .line("ending"): return .ending
    case .closed: return .gone
    case .cancelled: throw RuntimeFailure(.untouched, "cancelled")
    case .timedOut: throw RuntimeFailure(.untouched, "the program could not be paused in time")
    case .line(let text):
      throw RuntimeFailure(.untouched, "the program could not be paused: \(text)")
    }
  }

  /// - Throws: where the program went on before the copy was complete.
  private func resume(_ control: LineSocket, _ deadline: Double) throws(RollbookError) {
    guard control.send("continue"), control.receive(until: deadline) == .line("ok") else {
      throw RollbookError(.runtimeFailed, "the program went on before its state was copied")
    }
  }

  private func checkpoint(_ deadline: Double) -> FileTree.Checkpoint {
    { () throws(RollbookError) in
      if cancellation.isCancelled { throw RollbookError(.interrupted, "cancelled") }
      if Monotonic.now() >= deadline {
        throw RollbookError(
          .runtimeFailed, "the snapshot took longer than \(target.timeoutSeconds) s")
      }
    }
  }
}
