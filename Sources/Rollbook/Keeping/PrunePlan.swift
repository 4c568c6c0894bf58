/// What pruning would remove, or has removed.
public struct PrunePlan: Sendable, Equatable {
  /// What is left as it is, and why.
  public struct Left: Sendable, Equatable {
    /// Whose it is; nil for code.
    public let application: Application?
    public let reason: String
  }

  public var removals: [Pruning] = []
  public var left: [Left] = []

  /// In bytes.
  public var size: Int64 { removals.reduce(0) { $0 + $1.size } }
}

extension Engine {
  /// What pruning would remove now; nothing is changed.
  ///
  /// - Throws: an error of the journal.
  public func planPruning(_ retention: Retention) async throws(RollbookError) -> PrunePlan {
    var plan = PrunePlan()
    for application in try await applications(deleted: false) {
      do throws(RollbookError) {
        plan.removals += try await prunableSnapshots(of: application, retention)
        plan.removals += try await prunableGenerations(of: application, retention)
      } catch {
        try plan.leave(application, error)
      }
    }
    for application in try await applications(deleted: true) {
      do throws(RollbookError) {
        plan.removals += try await prunableSnapshots(ofDeleted: application)
        plan.removals += try await prunableGenerations(ofDeleted: application)
      } catch {
        try plan.leave(application, error)
      }
    }
    plan.removals += try await prunableCode(retention)
    return plan
  }

  func applications(deleted: Bool) async throws(RollbookError) -> [Application] {
    try await journal.read { (reader) throws(RollbookError) in
      try reader.applications(deleted: deleted)
    }
  }

  // MARK: Of a living application

  /// - Throws: `operationInFlight`: what is in flight may need anything.
  func prunableSnapshots(
    of application: Application, _ retention: Retention
  ) async throws(RollbookError) -> [Pruning] {
    let removable = retention.snapshotsToRemove(of: try await holdings(of: application, retention))
    return try await journal.read { (reader) throws(RollbookError) in
      // Snapshots are removed by their names: one that is hidden by a newer one stays.
      var found: [Pruning] = []
      for snapshot in removable
      where try reader.snapshot(named: snapshot.name, of: application.id)?.id == snapshot.id {
        found.append(Self.pruning(snapshot, of: application))
      }
      return found
    }
  }

  func prunableGenerations(
    of application: Application, _ retention: Retention
  ) async throws(RollbookError) -> [Pruning] {
    let kept = retention.generations(of: try await holdings(of: application, retention))
    return try await keptGenerations(of: application).filter { !kept.contains($0.key) }
      .map { Self.pruning($0.key, $0.value, of: application) }
      .sorted { $0.name < $1.name }
  }

  private func holdings(
    of application: Application, _ retention: Retention
  ) async throws(RollbookError) -> Retention.Holdings {
    let state = try await state(of: application)
    if let operation = state.inFlight { throw busy(application, operation) }
    return try await journal.read { (reader) throws(RollbookError) in
      try reader.holdings(of: state, keeping: retention.count)
    }
  }

  // MARK: Of a deleted one

  /// - Throws: `wrongStatus` where something of it may still run.
  func prunableSnapshots(
    ofDeleted application: Application
  ) async throws(RollbookError) -> [Pruning] {
    let (snapshots, hasSuspects) = try await journal.read { (reader) throws(RollbookError) in
      (
        try reader.readySnapshots(of: application.id, limit: Int.max),
        try !reader.unresolvedSuspects(of: application.id).isEmpty
      )
    }
    if hasSuspects {
      throw RollbookError(
        .wrongStatus, "Something of \(application.name) may still run.",
        hint: "`rollbook settle` ends it.")
    }
    return snapshots.map { Self.pruning($0, of: application) }
  }

  func prunableGenerations(
    ofDeleted application: Application
  ) async throws(RollbookError) -> [Pruning] {
    try await keptGenerations(of: application)
      .map { Self.pruning($0.key, $0.value, of: application) }
      .sorted { $0.name < $1.name }
  }

  private func keptGenerations(
    of application: Application
  ) async throws(RollbookError) -> [GenerationToken: Int64] {
    let runtime = try runtime(of: application)
    do throws(RuntimeFailure) {
      return try await runtime.keptGenerations(of: application)
    } catch {
      throw RollbookError(.runtimeFailed, error.rootCause)
    }
  }

  // MARK: Code

  /// The stored code that no kept version of any application needs.
  func prunableCode(_ retention: Retention) async throws(RollbookError) -> [Pruning] {
    let needed = try await neededCode(retention)
    return try await offPool(on: checks) { [home] () throws(RollbookError) in
      try Files.names(in: home.artifacts)
        .filter { !$0.hasPrefix(".") && !needed.contains($0) }
        .map { name in
          Pruning(
            kind: .code, application: nil, name: name, snapshot: nil,
            size: FileTree.size(of: "\(home.artifacts)/\(name)"))
        }
    }
  }

  private func neededCode(_ retention: Retention) async throws(RollbookError) -> Set<String> {
    try await journal.read { (reader) throws(RollbookError) in
      var needed: Set<String> = []
      for application in try reader.applications(deleted: false) {
        let state = try reader.state(of: application)
        let holdings = try reader.holdings(of: state, keeping: retention.count)
        let kept = retention.versions(of: holdings)
        // What is in flight may go to any version.
        for version in try reader.versions(of: application.id, limit: Int.max)
        where state.inFlight != nil || kept.contains(version.version) {
          needed.insert(version.artifact)
        }
      }
      return needed
    }
  }

  private static func pruning(_ snapshot: Snapshot, of application: Application) -> Pruning {
    Pruning(
      kind: .snapshot, application: application, name: snapshot.name, snapshot: snapshot.id,
      size: snapshot.outcome?.facts?.size ?? 0)
  }

  private static func pruning(
    _ token: GenerationToken, _ size: Int64, of application: Application
  ) -> Pruning {
    Pruning(
      kind: .generation, application: application, name: token.rawValue, snapshot: nil, size: size)
  }
}

extension PrunePlan {
  /// Leaves an application as it is; an error of the journal is no reason of one application's.
  mutating func leave(_ application: Application?, _ error: RollbookError) throws(RollbookError) {
    switch error.code {
    case .journalMissing, .notAJournal, .journalTooNew, .journalDamaged, .journalReadOnly,
      .journalReplaced, .journalFailed, .diskFull, .diskFailed, .outcomeUnknown:
      throw error
    default: left.append(Left(application: application, reason: error.message))
    }
  }
}
