/// One durable step of an operation.
public struct Step: Sendable, Equatable {
  public let operation: OperationID
  public let sequence: Int64
  public let at: Timestamp
  public let name: Name
  public let detail: StepDetail

  public init(
    operation: OperationID, sequence: Int64, at: Timestamp, name: Name, detail: StepDetail
  ) {
    self.operation = operation
    self.sequence = sequence
    self.at = at
    self.name = name
    self.detail = detail
  }

  /// What a step says; a step before a side effect carries the ids that the effect will carry.
  public enum Name: String, Sendable, CaseIterable, Codable {
    /// About to take a snapshot of the old generation and stop it, or only stop it.
    case stopping
    /// The old generation has ended.
    case stopped
    /// About to take a snapshot of a generation that goes on.
    case snapshotting
    /// The snapshot could not be had; the operation goes on without it.
    case snapshotMissed = "snapshot missed"
    /// About to start a new generation.
    case deploying
    /// The new generation is about to run: this is where.
    case deployed
    /// The application reached RUNNING; the bake time begins.
    case running
    /// The operation will end FAILED for this cause, once what it started has been ended.
    case failing
    /// Somebody else took over what a dead holder left.
    case settling
    /// The runtime could not be asked.
    case unreachable
  }
}

extension [Step] {
  /// The steps that follow the deployment of a generation, up to the next deployment; nil where the
  /// operation deployed none under that token.
  func following(_ token: GenerationToken) -> ArraySlice<Step>? {
    firstIndex { $0.name == .deploying && $0.detail.generation == token }.map {
      self[($0 + 1)...].prefix { $0.name != .deploying }
    }
  }
}

/// What a step tells; members that a step does not have are nil.
public struct StepDetail: Sendable, Codable, Equatable {
  public var generation: GenerationToken?
  public var version: Int64?
  public var parallelism: Int?
  public var place: Place?
  /// The digests of the values that secret properties had when they were deployed, by name.
  public var secretDigests: [String: String]?
  /// The name of the snapshot that is taken or restored.
  public var snapshot: String?
  public var snapshotID: SnapshotID?
  public var snapshotReason: String?
  public var failure: Failure?
  /// Who settles: the process.
  public var holder: String?
  public var observed: String?
  public var verdict: String?
  public var message: String?

  public init() {}

  package var isEmpty: Bool { self == StepDetail() }
}
