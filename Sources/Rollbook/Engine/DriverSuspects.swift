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
  func sweepSuspects() async throws {
    let id = application.id
    let cluster = situation.targetVersion?.configuration.clusterAddress
    let suspects = try await engine.journal.read { (reader) throws(RollbookError) in
      let own = try reader.unresolvedSuspects(of: id)
      guard let cluster else { return own }
      return own + (try reader.unresolvedSuspects(on: cluster)).filter { $0.application != id }
    }
    for suspect in suspects {
      if suspect.application == id {
        try await sweep(suspect)
      } else {
        _ = try await engine.sweep(suspect)
      }
    }
  }

  private func sweep(_ suspect: Suspect) async throws {
    guard case .left(let failure?) = try await engine.sweep(suspect),
      // Whether it comes is not waited for.
      failure.effect != .mayStartLater
    else { return }
    try await runtimeIsUnreachable("while ending what may still run: \(failure.rootCause)")
  }
}
