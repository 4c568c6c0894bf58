/// What an application is doing; the words are those of the AWS API.
///
/// `.deleted` is Rollbook's own: the history of a deleted application stays readable.
public enum ApplicationStatus: Int64, CaseIterable, Sendable, Codable {
  case ready = 1
  case running = 2
  case starting = 3
  case stopping = 4
  case forceStopping = 5
  case updating = 6
  case autoscaling = 7
  case rollingBack = 8
  case deleting = 9
  case deleted = 10

  public var name: String {
    switch self {
    case .ready: "READY"
    case .running: "RUNNING"
    case .starting: "STARTING"
    case .stopping: "STOPPING"
    case .forceStopping: "FORCE_STOPPING"
    case .updating: "UPDATING"
    case .autoscaling: "AUTOSCALING"
    case .rollingBack: "ROLLING_BACK"
    case .deleting: "DELETING"
    case .deleted: "DELETED"
    }
  }
}

/// How far an operation is.
public enum OperationStatus: Int64, CaseIterable, Sendable, Codable {
  case inProgress = 1
  case successful = 2
  case failed = 3
  case cancelled = 4

  public var name: String {
    switch self {
    case .inProgress: "IN_PROGRESS"
    case .successful: "SUCCESSFUL"
    case .failed: "FAILED"
    case .cancelled: "CANCELLED"
    }
  }

  public init?(name: String) {
    guard let match = OperationStatus.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}

/// What was asked of an application.
///
/// Kinds below 10 are frequent: operations point to the newest earlier one of each such kind. Those
/// from 10 on are found by a partial index (migrations/V0001).
public enum OperationKind: Int64, CaseIterable, Sendable, Codable {
  case start = 1
  case stop = 2
  case update = 3
  case scale = 4
  case createSnapshot = 5
  case create = 10
  case delete = 11
  case rollback = 12
  case systemRollback = 13
  case deleteSnapshot = 14
  case ended = 15

  public var name: String {
    switch self {
    case .start: "StartApplication"
    case .stop: "StopApplication"
    case .update: "UpdateApplication"
    case .scale: "ScaleApplication"
    case .createSnapshot: "CreateApplicationSnapshot"
    case .create: "CreateApplication"
    case .delete: "DeleteApplication"
    case .rollback: "RollbackApplication"
    case .systemRollback: "SystemRollbackApplication"
    case .deleteSnapshot: "DeleteApplicationSnapshot"
    case .ended: "ApplicationEnded"
    }
  }

  public init?(name: String) {
    guard let match = OperationKind.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }

  package var isFrequent: Bool { rawValue < 10 }
}
