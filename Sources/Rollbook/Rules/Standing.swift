/// What stands after an operation.
public enum Standing {
  /// How an operation ended, as far as it matters for what stands afterwards.
  public struct End: Sendable, Equatable {
    public var status: OperationStatus
    /// Whether a generation runs now.
    public var somethingRuns: Bool
    /// The old generation was never stopped, and was seen running.
    public var oldIsUntouched: Bool

    public init(status: OperationStatus, somethingRuns: Bool, oldIsUntouched: Bool) {
      self.status = status
      self.somethingRuns = somethingRuns
      self.oldIsUntouched = oldIsUntouched
    }
  }

  /// - Parameters:
  ///   - before: what the operation's predecessor left.
  ///   - top: the good state on top of the stack before.
  /// - Returns: what stands, and whether a good state is pushed. `goodState` is then what was on top.
  public static func after(
    _ operation: Operation, _ end: End, before: StandingState, top: GoodState?
  ) -> (standing: StandingState, pushes: Bool) {
    if end.status == .successful { return succeeded(operation, end, before: before, top: top) }
    if end.oldIsUntouched { return (before, false) }
    var standing = before
    switch operation.kind {
    case .update, .scale:
      standing = operation.shown(after: before)
      standing.status = end.somethingRuns ? .running : .ready
    case .start, .rollback, .systemRollback, .stop, .delete, .ended:
      standing.status = end.somethingRuns ? .running : .ready
    case .create, .createSnapshot, .deleteSnapshot: break
    }
    return (standing, false)
  }

  private static func succeeded(
    _ operation: Operation, _ end: End, before: StandingState, top: GoodState?
  ) -> (standing: StandingState, pushes: Bool) {
    var standing = before
    switch operation.kind {
    case .start, .update, .scale:
      standing = operation.shown(after: before)
      standing.status = end.somethingRuns ? .running : .ready
      let pushes =
        end.somethingRuns
        && RollbackPlanning.pushes(
          version: standing.version, parallelism: standing.parallelism, top: top)
      return (standing, pushes)
    case .rollback, .systemRollback:
      guard let target = operation.parameters.target else { return (standing, false) }
      standing.status = .running
      standing.version = target.version
      standing.parallelism = target.parallelism
      standing.rolledBackFrom = operation.versionFrom
      standing.rolledBackTo = target.version
      if let entry = target.entry { standing.goodState = entry }
      return (standing, target.entry == nil)
    case .stop, .ended: standing.status = .ready
    case .delete: standing.status = .deleted
    case .create, .createSnapshot, .deleteSnapshot: break
    }
    return (standing, false)
  }
}
