/// One change that was asked of an application.
public struct Operation: Sendable, Equatable {
  public let id: OperationID
  public let application: ApplicationID
  public let kind: OperationKind
  public let startedAt: Timestamp
  public let actor: String
  public let reason: String?
  /// The request, whole.
  public let parameters: OperationParameters
  public let versionFrom: Int64?
  /// The version that the operation changes to; nil where it changes none.
  public let versionTo: Int64?
  public let parallelismFrom: Int?
  /// The parallelism that the operation changes to; nil where it changes none.
  public let parallelismTo: Int?
  /// The operation whose outcome began this one.
  public let causedBy: OperationID?
  package let links: OperationLinks

  package init(
    id: OperationID, application: ApplicationID, kind: OperationKind, startedAt: Timestamp,
    actor: String, reason: String?, parameters: OperationParameters, versionFrom: Int64?,
    versionTo: Int64?, parallelismFrom: Int?, parallelismTo: Int?, causedBy: OperationID?,
    links: OperationLinks
  ) {
    self.id = id
    self.application = application
    self.kind = kind
    self.startedAt = startedAt
    self.actor = actor
    self.reason = reason
    self.parameters = parameters
    self.versionFrom = versionFrom
    self.versionTo = versionTo
    self.parallelismFrom = parallelismFrom
    self.parallelismTo = parallelismTo
    self.causedBy = causedBy
    self.links = links
  }

  /// What the application shows while this operation is in flight (BEHAVIOUR 1.10).
  public func shown(after last: StandingState) -> StandingState {
    var shown = last
    switch kind {
    case .start: shown.status = .starting
    case .stop: shown.status = parameters.force == true ? .forceStopping : .stopping
    case .update:
      shown.status = .updating
      shown.version = versionTo ?? last.version
      shown.parallelism = parallelismTo ?? last.parallelism
      shown.updatedFrom = versionFrom
      shown.rolledBackFrom = nil
      shown.rolledBackTo = nil
    case .scale:
      shown.status = .autoscaling
      shown.parallelism = parallelismTo ?? last.parallelism
    case .rollback, .systemRollback: shown.status = .rollingBack
    case .delete: shown.status = .deleting
    case .create, .createSnapshot, .deleteSnapshot, .ended: break
    }
    return shown
  }
}

/// The back pointers of an operation, by which lists walk primary keys.
package struct OperationLinks: Sendable, Equatable {
  package var previous: OperationID?
  /// The newest earlier one that is FAILED or CANCELLED.
  package var previousFailed: OperationID?
  package var previousSuccessful: OperationID?
  package var previousStart: OperationID?
  package var previousStop: OperationID?
  package var previousUpdate: OperationID?
  package var previousScale: OperationID?
  package var previousSnapshot: OperationID?

  package init() {}

  /// The newest earlier operation of a frequent kind.
  package subscript(kind: OperationKind) -> OperationID? {
    get {
      switch kind {
      case .start: previousStart
      case .stop: previousStop
      case .update: previousUpdate
      case .scale: previousScale
      case .createSnapshot: previousSnapshot
      default: nil
      }
    }
    set {
      switch kind {
      case .start: previousStart = newValue
      case .stop: previousStop = newValue
      case .update: previousUpdate = newValue
      case .scale: previousScale = newValue
      case .createSnapshot: previousSnapshot = newValue
      default: break
      }
    }
  }

  /// The pointers of the operation that follows one with these pointers.
  package static func following(_ operation: Operation, status: OperationStatus) -> OperationLinks {
    var links = operation.links
    links.previous = operation.id
    switch status {
    case .failed, .cancelled: links.previousFailed = operation.id
    case .successful: links.previousSuccessful = operation.id
    case .inProgress: break
    }
    links[operation.kind] = operation.id
    return links
  }
}

/// What a request said; members that a kind does not have are nil.
public struct OperationParameters: Sendable, Codable, Equatable {
  public var restore: RestoreSource?
  public var allowNonRestoredState: Bool?
  /// A forced stop, or a scaling to a parallelism that failed before.
  public var force: Bool?
  public var snapshotName: String?
  /// The snapshot that a deletion is about.
  public var snapshot: SnapshotID?
  /// What a rollback returns to.
  public var target: RollbackTarget?
  /// Why this target.
  public var targetReason: String?
  /// How an application ended: `exited`, `failed`, `reboot`, `lost`.
  public var cause: String?
  public var abandon: Bool?

  public init() {}

  package var isEmpty: Bool { self == OperationParameters() }
}

/// Where a deployment takes its state from.
public enum RestoreSource: Sendable, Codable, Equatable {
  /// The newest snapshot that the version can read; none where there is none.
  case latest
  case none
  case snapshot(name: String)
}

/// The good state that a rollback returns to, and what the stack becomes when it gets there.
public struct RollbackTarget: Sendable, Codable, Equatable {
  public var version: Int64
  public var parallelism: Int
  /// The stack entry that is on top afterwards; nil where the rollback pushes a new one.
  public var entry: OperationID?

  public init(version: Int64, parallelism: Int, entry: OperationID?) {
    self.version = version
    self.parallelism = parallelism
    self.entry = entry
  }
}

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

  /// The stable codes (BEHAVIOUR 2).
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
