extension JournalReader {
  /// What a living application holds.
  ///
  /// - Parameter count: how many good states and generations are looked for.
  borrowing func holdings(
    of state: ApplicationState, keeping count: Int
  ) throws(RollbookError) -> Retention.Holdings {
    let id = state.application.id
    var goodStates: [GoodState] = []
    var next = state.settled?.goodState
    while goodStates.count < count, let entry = next, let found = try goodState(entry) {
      goodStates.append(found)
      next = found.below
    }
    var chosen: [Int64: SnapshotID] = [:]
    for number in Set(goodStates.map(\.version) + [state.version]) {
      guard let version = try version(number, of: id) else { continue }
      chosen[number] = try newestUsableSnapshot(for: version)?.id
    }
    return Retention.Holdings(
      version: state.version, goodStates: goodStates,
      automaticSnapshots: try automaticSnapshots(of: id), chosenSnapshots: chosen,
      generations: try newestGenerations(of: id, limit: count),
      generationsInUse: try generationsInUse(of: id))
  }

  private borrowing func automaticSnapshots(
    of application: ApplicationID
  ) throws(RollbookError) -> [Snapshot] {
    var found: [Snapshot] = []
    for snapshot in try readySnapshots(of: application, limit: Int.max) {
      if try operation(snapshot.operation)?.kind != .createSnapshot { found.append(snapshot) }
    }
    return found
  }

  /// The newest deployments, whatever came of them.
  private borrowing func newestGenerations(
    of application: ApplicationID, limit: Int
  ) throws(RollbookError) -> [GenerationToken] {
    var found: [GenerationToken] = []
    var next = try newestOperation(of: application)
    while let operation = next, found.count < limit {
      for step in try steps(of: operation.id).reversed() where step.name == .deploying {
        if let token = step.detail.generation { found.append(token) }
      }
      next =
        try operation.links.previous.map { (id) throws(RollbookError) in
          try self.operation(id)
        } ?? nil
    }
    return found
  }

  private borrowing func generationsInUse(
    of application: ApplicationID
  ) throws(RollbookError) -> Set<GenerationToken> {
    var used = Set(try unresolvedSuspects(of: application).map(\.token))
    if let running = try running(application) { used.insert(running.token) }
    return used
  }
}
