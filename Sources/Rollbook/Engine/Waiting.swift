extension Engine {
  /// Waits for what is in flight, and what follows from it; settles it where its holder has died.
  ///
  /// - Returns: what came of it; nil where nothing was in flight.
  public func waitForOperation(
    of name: String, control: EngineControl = EngineControl()
  ) async throws(RollbookError) -> OperationReport? {
    try await onOwnThread { () async throws(RollbookError) -> OperationReport? in
      let application = try await application(named: name)
      guard let operation = try await state(of: application).inFlight else { return nil }
      control.report(.waiting("waiting for \(operation.name) \(operation.id)"))
      try await wait(for: application, control: control)
      return try await report(on: operation.id)
    }
  }

  /// Whether the operation in flight has lost its holder.
  package func isInterrupted(_ state: ApplicationState) async throws(RollbookError) -> Bool {
    if state.inFlight == nil { return false }
    return try await offPool(on: checks) { [home, journal] () throws(RollbookError) in
      try state.isInterrupted(in: home, journal: journal)
    }
  }
}

extension ApplicationState {
  /// Whether the operation in flight has lost its holder: nobody drives it, and it is to be settled.
  public func isInterrupted(
    in home: Home, journal: Journal
  ) throws(RollbookError) -> Bool {
    guard let operation = inFlight, try !FileLock.isHeld(home.lock(of: application.id)) else {
      return false
    }
    // A holder has the lock until the outcome is written: it may have ended meanwhile.
    let application = application
    let again = try journal.blockingRead { (reader) throws(RollbookError) in
      try reader.state(of: application)
    }
    return again.inFlight?.id == operation.id
  }
}
