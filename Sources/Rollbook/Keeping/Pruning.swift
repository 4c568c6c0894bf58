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
      if !done.mayGoOn(control) { return done }
      do throws(RollbookError) {
        // Somebody who pruned may have died in the middle of a deletion.
        if try await state(of: application).inFlight != nil {
          _ = try await settle(application, control: control)
        }
        // What is deleted by now comes below.
        if try await state(of: application).status == .deleted { continue }
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
      if !done.mayGoOn(control) { return done }
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
    if !done.mayGoOn(control) { return done }
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
      // What came to be needed since is left; a snapshot's name is no other's while it lives.
      guard try await prunableSnapshots(of: application, retention).contains(removal) else {
        continue
      }
      let report = try await execute(
        .deleteSnapshot(name: removal.name), on: application, by: requester, control: control)
      if report.record.status == .successful {
        done.removals.append(removal)
      } else {
        done.fail(removal, report.failure?.rootCause ?? report.record.status.name)
      }
    }
  }

  private func pruneGenerations(
    of application: Application, _ requester: Requester, _ done: inout PrunePlan,
    _ plan: () async throws(RollbookError) -> [Pruning]
  ) async throws(RollbookError) {
    let runtime = try runtime(of: application)
    for removal in try await plan() {
      // One by one, so that whoever wants to change something waits for one at most.
      guard let lock = try HolderLock.tryAcquire(application.id, in: home) else {
        throw RollbookError(.operationInFlight, "Somebody changes \(application.name).")
      }
      defer { lock.release() }
      let token = GenerationToken(rawValue: removal.name)
      if try await isInUse(token, of: application) { continue }
      try await record(removal, requester)
      do throws(RuntimeFailure) {
        try await runtime.removeKept(token, of: application)
        done.removals.append(removal)
      } catch {
        done.fail(removal, error.rootCause)
      }
    }
  }

  /// Whether a generation runs or may run, or anything is in flight: asked under the application's lock.
  private func isInUse(
    _ token: GenerationToken, of application: Application
  ) async throws(RollbookError) -> Bool {
    try await journal.read { (reader) throws(RollbookError) in
      if try reader.state(of: application).inFlight != nil { return true }
      return try reader.generationsInUse(of: application.id).contains(token)
    }
  }

  private func pruneSnapshots(
    ofDeleted application: Application, _ requester: Requester, _ done: inout PrunePlan
  ) async throws(RollbookError) {
    let runtime = try runtime(of: application)
    guard let lock = try HolderLock.tryAcquire(application.id, in: home) else {
      throw RollbookError(.operationInFlight, "Somebody else prunes \(application.name).")
    }
    defer { lock.release() }
    let removing = try await KeepingLock.removing(for: self)
    defer { removing.release() }
    for removal in try await prunableSnapshots(ofDeleted: application) {
      guard let id = removal.snapshot else { continue }
      let (target, deletion) = try await journal.read { (reader) throws(RollbookError) in
        (
          try reader.target(of: id, in: application),
          try reader.newestOperation(of: application.id)?.id
        )
      }
      try await record(removal, requester)
      do throws(RuntimeFailure) {
        try await runtime.removeSnapshot(target)
      } catch {
        done.fail(removal, error.rootCause)
        continue
      }
      if let deletion {
        // The row wants an operation: the newest is the one that deleted the application.
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
    let removing = try await KeepingLock.removing(for: self)
    defer { removing.release() }
    let lock = try await KeepingLock.codeAlone(for: self)
    defer { lock.release() }
    for removal in try await prunableCode(retention) {
      try await record(removal, requester)
      do throws(RollbookError) {
        try await offPool(on: checks) { [artifacts] () throws(RollbookError) in
          try artifacts.remove(removal.name)
        }
        done.removals.append(removal)
      } catch {
        done.fail(removal, error.message)
      }
    }
    try await offPool(on: checks) { [artifacts] () throws(RollbookError) in
      try artifacts.removePartial()
    }
  }

  private func record(_ removal: Pruning, _ requester: Requester) async throws(RollbookError) {
    try await journal.write { (writer) throws(RollbookError) in
      try writer.record(removal, by: requester)
    }
  }
}

extension PrunePlan {
  /// Whether whoever is in charge has not asked to begin nothing more.
  fileprivate mutating func mayGoOn(_ control: EngineControl) -> Bool {
    do throws(RollbookError) {
      try control.checkMayBegin("The rest of the pruning", hint: "Run it again.")
      return true
    } catch {
      left.append(Left(application: nil, reason: error.message, isFailure: true))
      return false
    }
  }
}
