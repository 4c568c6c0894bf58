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

  /// What was asked, in the words of the AWS API.
  public var name: String { parameters.name?.rawValue ?? kind.name }

  /// What the application shows while this operation is in flight.
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
