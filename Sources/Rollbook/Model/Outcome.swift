/// How an operation ended, and what it left behind.
public struct Outcome: Sendable, Equatable {
  public let operation: OperationID
  public let status: OperationStatus
  public let endedAt: Timestamp
  public let standing: StandingState
  /// Where this outcome pushed a good state: whether it did, and what was on top before.
  public let pushedGoodState: Bool
  public let goodStateBelow: OperationID?
  public let decision: RollbackDecision?
  public let rollbackOperation: OperationID?

  public init(
    operation: OperationID, status: OperationStatus, endedAt: Timestamp, standing: StandingState,
    pushedGoodState: Bool, goodStateBelow: OperationID?, decision: RollbackDecision?,
    rollbackOperation: OperationID?
  ) {
    self.operation = operation
    self.status = status
    self.endedAt = endedAt
    self.standing = standing
    self.pushedGoodState = pushedGoodState
    self.goodStateBelow = goodStateBelow
    self.decision = decision
    self.rollbackOperation = rollbackOperation
  }
}

/// What was decided about a rollback when a change failed, and why.
public struct RollbackDecision: Sendable, Equatable, Codable {
  public let code: Code
  public let reason: String

  public init(_ code: Code, reason: String) {
    self.code = code
    self.reason = reason
  }

  /// The stable codes.
  public enum Code: String, Sendable, CaseIterable, Codable {
    case rollbackStarted = "ROLLBACK_STARTED"
    case oldVersionUntouched = "OLD_VERSION_UNTOUCHED"
    case notEnabled = "NOT_ENABLED"
    case nothingToReturnTo = "NOTHING_TO_RETURN_TO"
    case noUsableSnapshot = "NO_USABLE_SNAPSHOT"
    case startIsNotRolledBack = "START_IS_NOT_ROLLED_BACK"
    case cancelledByRequest = "CANCELLED_BY_REQUEST"
    case rollbackFailed = "ROLLBACK_FAILED"
  }
}

/// A request that an operation in flight be given up, and what is to follow it.
public struct Cancellation: Sendable, Equatable {
  public let operation: OperationID
  public let actor: String
  public let reason: String?
  public let follows: Successor

  public init(operation: OperationID, actor: String, reason: String?, follows: Successor) {
    self.operation = operation
    self.actor = actor
    self.reason = reason
    self.follows = follows
  }

  /// What follows a cancelled operation.
  public enum Successor: Sendable, Codable, Equatable {
    case forcedStop
    case rollback(restore: RestoreSource?)
    /// Nothing: the operation is only given up.
    case nothing
  }
}
