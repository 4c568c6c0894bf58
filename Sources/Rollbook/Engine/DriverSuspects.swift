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
  /// may have been deleted since, and nobody else would look.
  func sweepSuspects() async throws {
    let id = application.id
    let cluster = situation.targetVersion?.configuration.clusterAddress
    let suspects = try await engine.journal.read { (reader) throws(RollbookError) in
      let own = try reader.unresolvedSuspects(of: id)
      guard let cluster else { return own }
      return own + (try reader.unresolvedSuspects(on: cluster)).filter { $0.application != id }
    }
    for suspect in suspects { try await sweep(suspect) }
  }

  private func sweep(_ suspect: Suspect) async throws {
    let generation = try await engine.journal.read { (reader) throws(RollbookError) in
      try reader.generation(of: suspect)
    }
    guard let generation else { return }
    do throws(RuntimeFailure) {
      _ = try await runtime.stop(generation, taking: nil)
    } catch {
      let failure = error
      let grace = generation.version.configuration.submitGraceSeconds
      if failure.effect == .mayStartLater {
        // Whether it was asked for is a matter of one grace; whether it comes, of another.
        guard Timestamp.now().seconds(since: suspect.since) > grace else { return }
        return try await resolve(suspect, "never appeared")
      }
      try await runtimeIsUnreachable("while ending what was abandoned: \(failure.rootCause)")
    }
    try await resolve(suspect, "ended")
  }

  private func resolve(_ suspect: Suspect, _ resolution: String) async throws(RollbookError) {
    try await engine.journal.write { (writer) throws(RollbookError) in
      // Somebody else may have swept it too.
      let left = try writer.reader.unresolvedSuspects(of: suspect.application)
      if left.contains(where: { $0.id == suspect.id }) {
        try writer.resolve(suspect, resolution)
      }
    }
  }
}

extension JournalReader {
  /// A suspect as a runtime wants it; nil where the version that was deployed is not known.
  fileprivate borrowing func generation(
    of suspect: Suspect
  ) throws(RollbookError) -> Generation? {
    let situation = try situation(of: suspect.operation)
    let isOld = situation.running?.token == suspect.token
    guard
      let version = isOld
        ? situation.runningVersion : situation.targetVersion ?? situation.runningVersion
    else { return nil }
    return Generation(
      application: situation.application, token: suspect.token, version: version,
      parallelism: situation.targetParallelism, place: suspect.place)
  }
}
