extension Engine {
  /// Removes bytes that no kept good state needs: snapshots that operations took by themselves, folders
  /// and logs of old deployments, code; all bytes of deleted applications. No row is removed, and what is
  /// removed is recorded before.
  ///
  /// Snapshots of living applications are removed by an operation each.
  /// - Returns: what was removed, and what was left although it might have gone.
  /// - Throws: an error of the journal; what was removed until then stays recorded.
  public func prune(
    _ retention: Retention, by requester: Requester, control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> PrunePlan {
    var done = PrunePlan()
    for application in try await applications(deleted: false) {
      try control.checkMayBegin("Pruning", hint: "Run it again.")
      do throws(RollbookError) {
        try await pruneSnapshots(of: application, retention, requester, control, &done)
        try await pruneGenerations(of: application, requester, &done) {
          () async throws(RollbookError) in
          try await self.prunableGenerations(of: application, retention)
        }
      } catch {
        try done.leave(application, error)
      }
    }
    for application in try await applications(deleted: true) {
      try control.checkMayBegin("Pruning", hint: "Run it again.")
      do throws(RollbookError) {
        try await pruneSnapshots(ofDeleted: application, requester, &done)
        try await pruneGenerations(of: application, requester, &done) {
          () async throws(RollbookError) in
          try await self.prunableGenerations(ofDeleted: application)
        }
      } catch {
        try done.leave(application, error)
      }
    }
    do throws(RollbookError) {
      try await pruneCode(retention, requester, &done)
    } catch {
      try done.leave(nil, error)
    }
    return done
  }

  private func pruneSnapshots(
    of application: Application, _ retention: Retention, _ requester: Requester,
    _ control: EngineControl, _ done: inout PrunePlan
  ) async throws(RollbookError) {
    for removal in try await prunableSnapshots(of: application, retention) {
      let prepared = try await prepare(
        .deleteSnapshot(name: removal.name), on: application, by: requester, control: control)
      let report = try await perform(prepared, control: control)
      if report.record.status == .successful {
        done.removals.append(removal)
      } else {
        let why = report.failure?.rootCause ?? report.record.status.name
        done.left.append(
          PrunePlan.Left(application: application, reason: "snapshot \(removal.name): \(why)"))
      }
    }
  }

  /// Under the application's lock: nobody deploys anything meanwhile.
  private func pruneGenerations(
    of application: Application, _ requester: Requester, _ done: inout PrunePlan,
    _ plan: () async throws(RollbookError) -> [Pruning]
  ) async throws(RollbookError) {
    guard let lock = try HolderLock.tryAcquire(application.id, in: home) else {
      throw RollbookError(.operationInFlight, "Somebody changes \(application.name).")
    }
    defer { lock.release() }
    let runtime = try runtime(of: application)
    for removal in try await plan() {
      try await record(removal, requester)
      do throws(RuntimeFailure) {
        try await runtime.removeKept(GenerationToken(rawValue: removal.name), of: application)
        done.removals.append(removal)
      } catch {
        done.left.append(
          PrunePlan.Left(
            application: application, reason: "deployment \(removal.name): \(error.rootCause)"))
      }
    }
  }

  private func pruneSnapshots(
    ofDeleted application: Application, _ requester: Requester, _ done: inout PrunePlan
  ) async throws(RollbookError) {
    let runtime = try runtime(of: application)
    for removal in try await prunableSnapshots(ofDeleted: application) {
      guard let id = removal.snapshot else { continue }
      try await record(removal, requester)
      let (target, deletion) = try await journal.read { (reader) throws(RollbookError) in
        (
          try reader.target(of: id, in: application),
          try reader.newestOperation(of: application.id)?.id
        )
      }
      do throws(RuntimeFailure) {
        try await runtime.removeSnapshot(target)
      } catch {
        done.left.append(
          PrunePlan.Left(
            application: application, reason: "snapshot \(removal.name): \(error.rootCause)"))
        continue
      }
      if let deletion {
        // It went with its application.
        try await journal.write { (writer) throws(RollbookError) in
          try writer.markDeleted(id, by: deletion)
        }
      }
      done.removals.append(removal)
    }
  }

  /// Under the lock on the code: nobody writes a version into the journal meanwhile.
  private func pruneCode(
    _ retention: Retention, _ requester: Requester, _ done: inout PrunePlan
  ) async throws(RollbookError) {
    let lock = try await CodeLock.acquire(.alone, for: self)
    defer { lock.release() }
    for removal in try await prunableCode(retention) {
      try await record(removal, requester)
      try await offPool(on: checks) { [home] () throws(RollbookError) in
        try FileTree.remove("\(home.artifacts)/\(removal.name)")
      }
      done.removals.append(removal)
    }
    // Nobody stores anything now: what is not whole was left by somebody who died.
    try await offPool(on: checks) { [home] () throws(RollbookError) in
      for name in try Files.names(in: home.artifacts) where name.hasPrefix(".") {
        try FileTree.remove("\(home.artifacts)/\(name)")
      }
    }
  }

  private func record(_ removal: Pruning, _ requester: Requester) async throws(RollbookError) {
    try await journal.write { (writer) throws(RollbookError) in
      try writer.record(removal, by: requester)
    }
  }
}
