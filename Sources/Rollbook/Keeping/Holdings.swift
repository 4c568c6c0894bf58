extension JournalReader {
  /// What a living application holds.
  ///
  /// - Parameter count: how many good states and generations are looked for.
  borrowing func holdings(
    of state: ApplicationState, keeping count: Int
  ) throws(RollbookError) -> Retention.Holdings {
    let id = state.application.id
    let goodStates = try goodStates(of: state, limit: count)
    let automatic = try automaticSnapshots(of: id)
    var chosen: [Int64: Set<SnapshotID>] = [:]
    for number in Set(goodStates.map(\.version) + [state.version]) {
      guard let version = try version(number, of: id) else { continue }
      if let usable = try newestUsableSnapshot(for: version) {
        chosen[number, default: []].insert(usable.id)
      }
      if let own = automatic.first(where: { $0.version == number }) {
        chosen[number, default: []].insert(own.id)
      }
    }
    return Retention.Holdings(
      version: state.version, goodStates: goodStates,
      automaticSnapshots: automatic, chosenSnapshots: chosen,
      generations: try newestGenerations(of: id, limit: count),
      generationsInUse: try generationsInUse(of: id))
  }

  /// The newest good states, from the top of the stack.
  borrowing func goodStates(
    of state: ApplicationState, limit: Int
  ) throws(RollbookError) -> [GoodState] {
    var found: [GoodState] = []
    var next = state.settled?.goodState
    while found.count < limit, let entry = next, let good = try goodState(entry) {
      found.append(good)
      next = good.below
    }
    return found
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

  /// What runs, or may run.
  borrowing func generationsInUse(
    of application: ApplicationID
  ) throws(RollbookError) -> Set<GenerationToken> {
    var used = Set(try unresolvedSuspects(of: application).map(\.token))
    if let running = try running(application) { used.insert(running.token) }
    return used
  }
}
