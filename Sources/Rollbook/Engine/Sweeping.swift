/// What a sweep made of a suspect.
public struct SweptSuspect: Sendable {
  public let suspect: Suspect
  /// The version that it runs; nil where the journal does not say.
  public let version: Int64?
  /// Why it is a suspect still; nil where it is none any more.
  public let leftBecause: String?
  /// What became of it; nil where it is a suspect still.
  public let resolution: String?
  /// It is a suspect still only because its start was asked for and may come late: nobody has ever
  /// seen anything of it.
  public let isUnseen: Bool
}

extension Engine {
  enum Sweep: Sendable {
    case resolved(String)
    /// It may still run: why it could not be ended; nil where its version is not known.
    case left(RuntimeFailure?)
  }

  /// Ends the suspects of an application whose lock the caller holds, as far as its runtime answers.
  func sweepSuspects(
    of application: Application
  ) async throws(RollbookError) -> [SweptSuspect] {
    let suspects = try await journal.read { (reader) throws(RollbookError) in
      var found: [(Suspect, Int64?)] = []
      for suspect in try reader.unresolvedSuspects(of: application.id) {
        found.append((suspect, try reader.generation(of: suspect)?.version.version))
      }
      return found
    }
    var swept: [SweptSuspect] = []
    for (suspect, version) in suspects {
      switch try await sweep(suspect) {
      case .resolved(let resolution):
        swept.append(
          SweptSuspect(
            suspect: suspect, version: version, leftBecause: nil, resolution: resolution,
            isUnseen: false))
      case .left(let failure):
        let why = failure?.rootCause ?? "its version is not in the journal"
        swept.append(
          SweptSuspect(
            suspect: suspect, version: version, leftBecause: why, resolution: nil,
            isUnseen: failure?.effect == .mayStartLater))
      }
    }
    return swept
  }

  /// Ends one suspect, and records what became of it.
  func sweep(_ suspect: Suspect) async throws(RollbookError) -> Sweep {
    let (generation, hasRun) = try await journal.read { (reader) throws(RollbookError) in
      (try reader.generation(of: suspect), try reader.hasRun(suspect))
    }
    guard let generation else { return .left(nil) }
    let runtime = try runtime(of: generation.application)
    do throws(RuntimeFailure) {
      _ = try await runtime.stop(generation, taking: nil)
    } catch {
      guard error.effect == .mayStartLater else { return .left(error) }
      return try await unseen(suspect, generation)
    }
    switch await runtime.observe(generation) {
    case .ended: return try await resolve(suspect, "ended")
    case .absent: return try await resolve(suspect, "never started")
    // Stopping has made sure that nothing of it is left.
    case .missing where hasRun: return try await resolve(suspect, "gone")
    case .missing: return try await unseen(suspect, generation)
    case .running, .failing:
      return .left(RuntimeFailure(.unknown, rootCause: "it was told to end and still runs"))
    case .unreachable(let why): return .left(RuntimeFailure(.unreachable, rootCause: why))
    }
  }

  /// The runtime does not know it, which is no answer at once: it may have been asked for and come
  /// later. Whether it was asked for was a matter of one grace; whether it comes, is of another.
  private func unseen(
    _ suspect: Suspect, _ generation: Generation
  ) async throws(RollbookError) -> Sweep {
    let grace = generation.version.configuration.submitGraceSeconds
    guard Timestamp.now().seconds(since: suspect.since) > grace else {
      return .left(
        RuntimeFailure(.mayStartLater, rootCause: "it has not been seen, and may still start"))
    }
    return try await resolve(suspect, "never appeared")
  }

  private func resolve(
    _ suspect: Suspect, _ resolution: String
  ) async throws(RollbookError) -> Sweep {
    try await journal.write { (writer) throws(RollbookError) in
      // Somebody else may have swept it too.
      let left = try writer.reader.unresolvedSuspects(of: suspect.application)
      if left.contains(where: { $0.id == suspect.id }) {
        try writer.resolve(suspect, resolution)
      }
    }
    return .resolved(resolution)
  }
}

extension JournalReader {
  /// A suspect as a runtime wants it; nil where the version that was deployed is not known.
  package borrowing func generation(of suspect: Suspect) throws(RollbookError) -> Generation? {
    let situation = try situation(of: suspect.operation)
    // What the operation deployed says so in its steps; anything else ran before it.
    let deployed = situation.steps.last {
      $0.name == .deploying && $0.detail.generation == suspect.token
    }
    let number =
      deployed.map { $0.detail.version ?? situation.targetVersion?.version }
      ?? situation.operation.versionFrom
    guard let number,
      let version = try version(number, of: situation.application.id)
    else { return nil }
    let parallelism =
      deployed == nil
      ? situation.operation.parallelismFrom
      : deployed?.detail.parallelism ?? situation.targetParallelism
    return Generation(
      application: situation.application, token: suspect.token, version: version,
      parallelism: parallelism ?? 1, place: suspect.place)
  }
}

extension JournalReader {
  /// Whether a suspect has run for certain: it ran before its operation began, or reached RUNNING in it.
  fileprivate borrowing func hasRun(_ suspect: Suspect) throws(RollbookError) -> Bool {
    let since = try steps(of: suspect.operation).following(suspect.token)
    return since?.contains { $0.name == .running } ?? true
  }
}
