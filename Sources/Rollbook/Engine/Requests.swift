/// Who asks, and why.
public struct Requester: Sendable, Equatable {
  public var actor: String
  public var reason: String?

  public init(actor: String, reason: String? = nil) {
    self.actor = actor
    self.reason = reason
  }
}

/// A new application.
public struct CreateRequest: Sendable {
  public var name: String
  public var runtime: String
  /// The code: a file or a folder, an absolute path; nil for an application that cannot be started
  /// before an update has given it some.
  public var codePath: String?
  public var configuration: VersionConfiguration
  public var parallelism: Int
  /// Refused where it would run on another one, such as `FLINK-1_19`; nil for whatever it is.
  public var runtimeEnvironment: String?
  /// The tags that it has from the start.
  public var tags: [String: String]?

  public init(
    name: String, runtime: String, codePath: String?, configuration: VersionConfiguration,
    parallelism: Int = 1
  ) {
    self.name = name
    self.runtime = runtime
    self.codePath = codePath
    self.configuration = configuration
    self.parallelism = parallelism
  }
}

/// What is asked of an existing application.
public enum ChangeRequest: Sendable {
  case start(restore: RestoreSource?, allowNonRestoredState: Bool)
  case stop(force: Bool)
  case update(UpdateRequest)
  case scale(parallelism: Int, ifVersion: Int64?, force: Bool)
  case rollback(RollbackRequest)
  case createSnapshot(name: String?)
  case deleteSnapshot(name: String)
  case delete
  case abandon

  var command: Command {
    switch self {
    case .start: .start
    case .stop(let force): force ? .forceStop : .stop
    case .update: .update
    case .scale: .scale
    case .rollback: .rollback
    case .createSnapshot: .createSnapshot
    case .deleteSnapshot: .deleteSnapshot
    case .delete: .delete
    case .abandon: .abandon
    }
  }
}

/// A new version: what is not changed stays as in the current one.
public struct UpdateRequest: Sendable {
  /// Makes the new version's configuration out of the current one's.
  public var change: @Sendable (VersionConfiguration) throws(RollbookError) -> VersionConfiguration
  /// New code; nil keeps it.
  public var codePath: String?
  /// New parallelism; nil keeps it.
  public var parallelism: Int?
  /// Refused where the current version is another.
  public var ifVersion: Int64?
  /// Refused where anything has begun since this operation.
  public var ifNewest: OperationID?
  /// The name under which it is asked for, where that is not UpdateApplication.
  public var name: UpdateName?
  /// Accepted although nothing changes.
  public var redeploy = false
  /// Refused where it would run on another one; nil for whatever it is.
  public var runtimeEnvironment: String?
  public var restore: RestoreSource?
  public var allowNonRestoredState = false

  public init(
    change: @escaping @Sendable (VersionConfiguration) throws(RollbookError) -> VersionConfiguration
  ) {
    self.change = change
  }
}

/// A rollback by request.
public struct RollbackRequest: Sendable {
  public var ifVersion: Int64?
  /// A version to go back to; nil for the newest good state below the current one.
  public var toVersion: Int64?
  /// Nil for the newest snapshot that the target can read.
  public var restore: RestoreSource?

  public init(
    ifVersion: Int64? = nil, toVersion: Int64? = nil, restore: RestoreSource? = nil
  ) {
    self.ifVersion = ifVersion
    self.toVersion = toVersion
    self.restore = restore
  }
}

/// Something that the engine did, as it happens.
public enum ProgressEvent: Sendable {
  case began(Operation, Application)
  case step(Operation, Step.Name, StepDetail)
  case ended(Operation, Outcome, Failure?)
  /// What is in flight of an application is not driven here any more: the error that is thrown says
  /// why.
  case left(Application)
  /// Waiting for somebody else who drives the application's operation.
  case waiting(String)
}

/// What came of a request: its operation, those that followed it, and what stands now.
public struct OperationReport: Sendable {
  public let record: OperationRecord
  /// What was asked for stands already, whatever became of the operation.
  public internal(set) var goalIsReached: Bool
  public let failure: Failure?
  /// The operations that its outcome began, in their order.
  public let following: [OperationRecord]
  public let state: ApplicationState
}
