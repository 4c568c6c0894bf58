extension Driver {
  /// A snapshot that was asked for by hand.
  func takeSnapshot() async throws -> Concluded {
    guard let generation = situation.old, let (id, name) = Progress(situation.steps).snapshot else {
      throw RollbookError.damaged("snapshot operation \(operation.id) does not say which snapshot")
    }
    let target = target(id: id, name: name, of: generation)
    if isResumed { return try await settleSnapshot(target) }
    do {
      let facts = try await interruptibly(Progress([])) { [runtime] in
        try await runtime.snapshot(generation, into: target)
      }
      var ending = OperationEnding(.successful)
      ending.snapshot = (target, facts)
      return try await conclude(ending)
    } catch let failure as RuntimeFailure {
      try Task.checkCancellation()
      if failure.effect == .unreachable {
        try await runtimeIsUnreachable("while taking a snapshot: \(failure.rootCause)")
      }
      if control.isLeaving, try await !isCancelled() { try leaveSnapshot() }
      return try await conclude(failed(failure))
    }
  }

  private func leaveSnapshot() throws(RollbookError) {
    throw RollbookError(
      .interrupted, "Left \(operation.name) \(operation.id) of \(application.name).",
      hint: "`rollbook settle` carries it on.")
  }

  private func failed(_ failure: RuntimeFailure) -> OperationEnding {
    OperationEnding(
      .failed,
      failure: Failure(
        phase: .snapshot, rootCause: failure.rootCause, text: failure.text,
        evidence: failure.evidence))
  }

  /// Whoever took the snapshot died: it is complete, or it failed and leaves nothing behind.
  private func settleSnapshot(_ target: SnapshotTarget) async throws -> Concluded {
    var detail = StepDetail()
    detail.holder = "process \(Holder.current.pid)"
    do {
      let facts = try await runtime.findSnapshot(target)
      detail.observed = facts == nil ? "no complete snapshot" : "a complete snapshot"
      detail.verdict = facts == nil ? "failed" : "ready"
      var progress = Progress([])
      try await record(.settling, detail, &progress)
      if let facts {
        var ending = OperationEnding(.successful)
        ending.snapshot = (target, facts)
        return try await conclude(ending)
      }
      try await runtime.removeSnapshot(target)
    } catch let failure as RuntimeFailure {
      guard failure.effect != .unreachable else {
        try await runtimeIsUnreachable("while settling a snapshot: \(failure.rootCause)")
      }
      return try await concludeAbandoned("Its partial bytes are left: \(failure.rootCause).")
    }
    return try await concludeAbandoned("Its partial bytes were removed; the application goes on.")
  }

  private func concludeAbandoned(_ text: String) async throws -> Concluded {
    try await conclude(
      failed(
        RuntimeFailure(
          .untouched, rootCause: "whoever took the snapshot died before it was complete",
          text: text)))
  }

  /// Removes a snapshot's bytes; what was removed in part is removed whole.
  func deleteSnapshot() async throws -> Concluded {
    guard let id = operation.parameters.snapshot else {
      throw RollbookError.damaged("operation \(operation.id) does not say which snapshot to delete")
    }
    let application = application
    let target = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.target(of: id, in: application)
    }
    // A backup that names the snapshot is to hold it.
    let removing = try await KeepingLock.removing(for: engine)
    defer { removing.release() }
    do throws(RuntimeFailure) {
      try await runtime.removeSnapshot(target)
    } catch {
      let failure = error
      if failure.effect == .unreachable {
        try await runtimeIsUnreachable("while deleting a snapshot: \(failure.rootCause)")
      }
      return try await conclude(failed(failure))
    }
    var ending = OperationEnding(.successful)
    ending.deletedSnapshot = id
    return try await conclude(ending)
  }
}

extension JournalReader {
  /// A snapshot that was taken at some time, with the generation whose state it holds.
  borrowing func target(
    of id: SnapshotID, in application: Application
  ) throws(RollbookError) -> SnapshotTarget {
    guard let snapshot = try snapshot(id),
      let version = try version(snapshot.version, of: application.id)
    else { throw .damaged("snapshot \(id) or its version is not there") }
    // The generation has ended: at which parallelism it ran means nothing any more.
    let generation = Generation(
      application: application, token: snapshot.generation, version: version, parallelism: 1,
      place: nil)
    return SnapshotTarget(
      id: id, name: snapshot.name,
      timeoutSeconds: version.configuration.snapshotTimeoutSeconds, generation: generation,
      facts: snapshot.outcome?.facts)
  }
}
