/// What follows a failed or cancelled change, and what a rollback returns to.
public enum RollbackPlanning {
  /// What is known when a change has failed.
  public struct Circumstances: Sendable {
    public var kind: OperationKind
    /// The opt-in flag of the version that was being deployed.
    public var isEnabled: Bool
    /// The old generation was never stopped, and was seen running.
    public var oldIsUntouched: Bool
    public var top: GoodState?
    /// Whether the target version restores snapshots.
    public var targetWantsSnapshot: Bool
    public var hasUsableSnapshot: Bool

    public init(
      kind: OperationKind, isEnabled: Bool, oldIsUntouched: Bool, top: GoodState?,
      targetWantsSnapshot: Bool, hasUsableSnapshot: Bool
    ) {
      self.kind = kind
      self.isEnabled = isEnabled
      self.oldIsUntouched = oldIsUntouched
      self.top = top
      self.targetWantsSnapshot = targetWantsSnapshot
      self.hasUsableSnapshot = hasUsableSnapshot
    }
  }

  /// The decision after a change of these circumstances failed; nil for kinds that are never rolled
  /// back and leave nothing to decide.
  public static func decision(_ now: Circumstances) -> RollbackDecision.Code? {
    switch now.kind {
    case .update, .scale:
      if now.oldIsUntouched { return .oldVersionUntouched }
      if !now.isEnabled { return .notEnabled }
      if now.top == nil { return .nothingToReturnTo }
      return now.targetWantsSnapshot && !now.hasUsableSnapshot
        ? .noUsableSnapshot : .rollbackStarted
    case .start: return .startIsNotRolledBack
    case .rollback, .systemRollback: return .rollbackFailed
    case .stop, .createSnapshot, .create, .delete, .deleteSnapshot, .ended: return nil
    }
  }

  /// What a rollback asked for while nothing is in flight returns to; nil where there is nothing.
  public static func requestedTarget(
    status: ApplicationStatus, version: Int64, parallelism: Int, top: GoodState?, below: GoodState?
  ) -> RollbackTarget? {
    guard let top else { return nil }
    let currentIsTop = top.version == version && top.parallelism == parallelism
    let entry = status == .ready && !currentIsTop ? top : below
    return entry.map {
      RollbackTarget(version: $0.version, parallelism: $0.parallelism, entry: $0.id)
    }
  }

  /// Whether a state that reached RUNNING is pushed on the stack.
  public static func pushes(version: Int64, parallelism: Int, top: GoodState?) -> Bool {
    guard let top else { return true }
    return top.version != version || top.parallelism != parallelism
  }
}
