extension Driver {
  /// Records that a generation may still start although nobody could make sure.
  func suspect(_ generation: Generation) async throws(RollbookError) {
    let operation = operation
    try await engine.journal.write { (writer) throws(RollbookError) in
      // Ended once more by whoever takes the operation up: it is known already.
      let known = try writer.reader.unresolvedSuspects(of: operation.application)
      if known.contains(where: { $0.token == generation.token }) { return }
      try writer.insertSuspect(
        generation.token, place: generation.place,
        cluster: generation.version.configuration.clusterAddress, of: operation)
    }
  }

  /// Ends generations that may still run: never two at once.
  ///
  /// Those of this application, and those of any other on the cluster that is deployed to: the other
  /// may have been deleted since, and nobody else would look. One of another that cannot be ended now
  /// stays a suspect: its trouble is not this application's.
  ///
  /// Whoever gives the operation up does not wait for it.
  func sweepSuspects(_ progress: Progress) async throws {
    let id = application.id
    let cluster = situation.targetVersion?.configuration.clusterAddress
    let suspects = try await engine.journal.read { (reader) throws(RollbookError) in
      let own = try reader.unresolvedSuspects(of: id)
      guard let cluster else { return own }
      return own + (try reader.unresolvedSuspects(on: cluster)).filter { $0.application != id }
    }
    for suspect in suspects {
      let sweep = try await interruptibly(progress) { [engine] in try await engine.sweep(suspect) }
      try Task.checkCancellation()
      if try await isCancelled() { return }
      try leaveIfAsked(progress)
      guard suspect.application == id, case .left(let failure?) = sweep,
        // Whether it comes is not waited for.
        failure.effect != .mayStartLater
      else { continue }
      try await runtimeIsUnreachable("while ending what may still run: \(failure.rootCause)")
    }
  }
}
