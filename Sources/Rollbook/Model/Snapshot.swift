/// A snapshot of an application's state.
public struct Snapshot: Sendable, Equatable {
  public let id: SnapshotID
  public let application: ApplicationID
  public let name: String
  /// The operation that asked for it, or within which it was taken.
  public let operation: OperationID
  /// The version that ran when it was taken.
  public let version: Int64
  public let runtimeEnvironment: String
  public let generation: GenerationToken
  public let startedAt: Timestamp
  public let outcome: SnapshotOutcome?
  public let deletedAt: Timestamp?

  public init(
    id: SnapshotID, application: ApplicationID, name: String, operation: OperationID,
    version: Int64, runtimeEnvironment: String, generation: GenerationToken,
    startedAt: Timestamp, outcome: SnapshotOutcome?, deletedAt: Timestamp?
  ) {
    self.id = id
    self.application = application
    self.name = name
    self.operation = operation
    self.version = version
    self.runtimeEnvironment = runtimeEnvironment
    self.generation = generation
    self.startedAt = startedAt
    self.outcome = outcome
    self.deletedAt = deletedAt
  }

  public var status: SnapshotStatus {
    if deletedAt != nil { return .deleted }
    guard let outcome else { return .creating }
    return outcome.facts == nil ? .failed : .ready
  }

  /// Names of snapshots: `[a-zA-Z0-9_.-]{1,256}`.
  public static let nameLimit = 256
}

public enum SnapshotStatus: String, Sendable {
  case creating = "CREATING"
  case ready = "READY"
  case failed = "FAILED"
  case deleted = "DELETED"
}

/// How a snapshot ended: its facts, or why there is none.
public struct SnapshotOutcome: Sendable, Equatable {
  /// The place in the order of outcomes: the newest snapshot has the highest.
  public let sequence: Int64
  public let endedAt: Timestamp
  public let facts: SnapshotFacts?
  public let failure: String?

  public init(sequence: Int64, endedAt: Timestamp, facts: SnapshotFacts?, failure: String?) {
    self.sequence = sequence
    self.endedAt = endedAt
    self.facts = facts
    self.failure = failure
  }
}

/// A complete snapshot: where its bytes are, how many, and their digest.
public struct SnapshotFacts: Sendable, Codable, Equatable {
  public let location: String
  public let size: Int64?
  public let digest: String?

  public init(location: String, size: Int64? = nil, digest: String? = nil) {
    self.location = location
    self.size = size
    self.digest = digest
  }
}
