/// What pruning would remove, or has removed.
public struct PrunePlan: Sendable, Equatable {
  /// What is left as it is, and why.
  public struct Left: Sendable, Equatable {
    /// Whose it is; nil for code.
    public let application: Application?
    public let reason: String
    /// Whether it could not be removed; else it was kept on purpose.
    public let isFailure: Bool
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
    retention.snapshotsToRemove(of: try await holdings(of: application, retention))
      .map { Self.pruning($0, of: application) }
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
      // The store may be a link to another disk; what else lies there is nobody's code.
      let store = Files.realPath(home.artifacts) ?? home.artifacts
      return try Files.names(in: store)
        .filter { Hex.isDigest($0) && !needed.contains($0) }
        .map { name in
          Pruning(
            kind: .code, application: nil, name: name, snapshot: nil,
            size: FileTree.size(of: "\(store)/\(name)"))
        }
    }
  }

  private func neededCode(_ retention: Retention) async throws(RollbookError) -> Set<String> {
    try await journal.read { (reader) throws(RollbookError) in
      var needed: Set<String> = []
      let living = try reader.applications(deleted: false)
      for application in try living + reader.applications(deleted: true) {
        let state = try reader.state(of: application)
        let hasSuspects = try !reader.unresolvedSuspects(of: application.id).isEmpty
        if application.deletedAt != nil && !hasSuspects { continue }
        // What is in flight may go to any version, and programs run from where their code is kept.
        let needsAll = state.inFlight != nil || hasSuspects
        let kept = retention.versions(
          good: try reader.goodStates(of: state, limit: retention.count), shown: state.version)
        for version in try reader.versions(of: application.id, limit: Int.max)
        where needsAll || kept.contains(version.version) {
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
  mutating func fail(_ removal: Pruning, _ reason: String) {
    left.append(
      Left(
        application: removal.application,
        reason: "\(removal.kind.rawValue) \(removal.name): \(reason)",
        isFailure: true))
  }

  /// Leaves an application as it is; an error of the journal is no reason of one application's.
  mutating func leave(_ application: Application?, _ error: RollbookError) throws(RollbookError) {
    switch error.code {
    case .journalMissing, .notAJournal, .journalTooNew, .journalDamaged, .journalReadOnly,
      .journalReplaced, .journalFailed, .diskFull, .diskFailed, .outcomeUnknown:
      throw error
    case .operationInFlight, .wrongStatus, .settledFirst, .interrupted:
      left.append(Left(application: application, reason: error.message, isFailure: false))
    default:
      let hint = error.hint.map { " (\($0))" } ?? ""
      left.append(Left(application: application, reason: error.message + hint, isFailure: true))
    }
  }
}
