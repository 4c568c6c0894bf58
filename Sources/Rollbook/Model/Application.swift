/// An application: a name among the living, and a runtime.
public struct Application: Sendable, Equatable {
  public let id: ApplicationID
  public let name: String
  /// The name of its runtime adapter: `process`, `flink`, …
  public let runtime: String
  public let createdAt: Timestamp
  public let deletedAt: Timestamp?

  public init(
    id: ApplicationID, name: String, runtime: String, createdAt: Timestamp, deletedAt: Timestamp?
  ) {
    self.id = id
    self.name = name
    self.runtime = runtime
    self.createdAt = createdAt
    self.deletedAt = deletedAt
  }
}

/// What an application shows: what its newest operation leaves behind, or shows while in flight.
public struct ApplicationState: Sendable, Equatable {
  public let application: Application
  public let newest: Operation
  /// The outcome of the newest operation; nil while it is in flight.
  public let outcome: Outcome?
  /// The state after the newest operation that has an outcome; nil only while version 1 is created.
  public let settled: StandingState?

  public init(
    application: Application, newest: Operation, outcome: Outcome?, settled: StandingState?
  ) {
    self.application = application
    self.newest = newest
    self.outcome = outcome
    self.settled = settled
  }

  public var inFlight: Operation? { outcome == nil ? newest : nil }

  /// What is shown: the in-flight status of the newest operation's kind, or what
  /// its outcome left.
  public var shown: StandingState {
    let last = settled ?? StandingState(status: .ready, version: 1, parallelism: 1)
    guard let operation = inFlight else { return last }
    return operation.shown(after: last)
  }

  public var status: ApplicationStatus { shown.status }
  public var version: Int64 { shown.version }
  public var parallelism: Int { shown.parallelism }
}

/// What stands after an operation: the members that every outcome carries, copied on where unchanged.
public struct StandingState: Sendable, Equatable {
  public var status: ApplicationStatus
  public var version: Int64
  public var parallelism: Int
  public var updatedFrom: Int64?
  public var rolledBackFrom: Int64?
  public var rolledBackTo: Int64?
  /// The operation that pushed the good state now on top of the stack.
  public var goodState: OperationID?

  public init(
    status: ApplicationStatus, version: Int64, parallelism: Int, updatedFrom: Int64? = nil,
    rolledBackFrom: Int64? = nil, rolledBackTo: Int64? = nil, goodState: OperationID? = nil
  ) {
    self.status = status
    self.version = version
    self.parallelism = parallelism
    self.updatedFrom = updatedFrom
    self.rolledBackFrom = rolledBackFrom
    self.rolledBackTo = rolledBackTo
    self.goodState = goodState
  }
}

/// A version and parallelism that reached RUNNING: an entry of the stack of good states.
public struct GoodState: Sendable, Equatable {
  /// The operation whose outcome pushed it.
  public let id: OperationID
  public let version: Int64
  public let parallelism: Int
  /// The entry below it on the stack.
  public let below: OperationID?

  public init(id: OperationID, version: Int64, parallelism: Int, below: OperationID?) {
    self.id = id
    self.version = version
    self.parallelism = parallelism
    self.below = below
  }
}

/// The deployment that runs, as the journal knows it.
public struct RunningGeneration: Sendable, Equatable {
  public let application: ApplicationID
  public let token: GenerationToken
  /// The operation that deployed it.
  public let operation: OperationID
  public let version: Int64
  public let parallelism: Int
  /// What the runtime needs to find it again.
  public let place: Place?

  public init(
    application: ApplicationID, token: GenerationToken, operation: OperationID, version: Int64,
    parallelism: Int, place: Place?
  ) {
    self.application = application
    self.token = token
    self.operation = operation
    self.version = version
    self.parallelism = parallelism
    self.place = place
  }
}

/// Where a generation runs, in its runtime's own words: a process's identity, a cluster's address.
public typealias Place = [String: String]
