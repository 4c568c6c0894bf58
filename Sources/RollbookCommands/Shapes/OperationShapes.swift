#if CommandLine
internal import Rollbook

/// An operation in a list: the API's ApplicationOperationInfo, and more.
struct OperationInfo: ListingRow {
  var operation: String
  var operationId: String
  var startTime: String
  /// Missing while the operation is in progress.
  var endTime: String?
  var operationStatus: String
  /// True where its holder died: `rollbook settle` carries it on. Missing where it has not.
  var isInterrupted: Bool?
  var applicationVersionChangeDetails: VersionChange?
  var parallelismChangeDetails: ParallelismChange?
  var actor: String
  var reason: String?
  var causedByOperationId: String?
  var rollbackOperationId: String?
  var rollbackDecision: DecisionShape?
  var phase: String?
  var rootCause: String?

  init(_ record: OperationRecord, failure: Failure?, isInterrupted: Bool = false) {
    let operation = record.operation
    if isInterrupted { self.isInterrupted = true }
    self.operation = operation.name
    operationId = operation.id.description
    startTime = operation.startedAt.description
    endTime = record.outcome?.endedAt.description
    operationStatus = record.status.name
    applicationVersionChangeDetails = VersionChange(operation)
    parallelismChangeDetails = ParallelismChange(operation)
    actor = operation.actor
    reason = operation.reason
    causedByOperationId = operation.causedBy?.description
    rollbackOperationId = record.outcome?.rollbackOperation?.description
    rollbackDecision = record.outcome?.decision.map(DecisionShape.init)
    phase = failure?.phase.rawValue
    rootCause = failure?.rootCause
  }

  static let fieldNames = [
    "OperationId", "Operation", "OperationStatus", "StartTime", "EndTime",
    "ApplicationVersionUpdatedFrom", "ApplicationVersionUpdatedTo", "ParallelismUpdatedFrom",
    "ParallelismUpdatedTo", "Actor", "Reason", "RollbackDecision", "RollbackOperationId",
    "CausedByOperationId", "Phase", "RootCause", "IsInterrupted",
  ]

  var fields: [String] {
    let versions = applicationVersionChangeDetails
    let parallelisms = parallelismChangeDetails
    return [
      operationId, operation, operationStatus, startTime, endTime ?? "",
      versions.map { String($0.applicationVersionUpdatedFrom) } ?? "",
      versions.map { String($0.applicationVersionUpdatedTo) } ?? "",
      parallelisms.map { String($0.parallelismUpdatedFrom) } ?? "",
      parallelisms.map { String($0.parallelismUpdatedTo) } ?? "",
      actor, reason ?? "", rollbackDecision?.code ?? "", rollbackOperationId ?? "",
      causedByOperationId ?? "", phase ?? "", rootCause ?? "",
      isInterrupted.map { String($0) } ?? "",
    ]
  }
}

/// One operation: the API's ApplicationOperationInfoDetails, and more.
struct OperationDetails: ListingRow {
  var operation: String
  var operationId: String
  var startTime: String
  /// While the operation is in progress its start, as the API's shape wants one.
  var endTime: String
  var operationStatus: String
  /// True where its holder died: `rollbook settle` carries it on. Missing where it has not.
  var isInterrupted: Bool?
  var applicationVersionChangeDetails: VersionChange?
  var parallelismChangeDetails: ParallelismChange?
  var operationFailureDetails: FailureDetails?
  var actor: String
  var reason: String?
  var causedByOperationId: String?
  var rollbackDecision: DecisionShape?
  var parameters: ParametersShape?
  var cancellations: [CancellationShape]?
  var steps: [StepShape]

  init(_ facts: OperationFacts) {
    let operation = facts.record.operation
    let outcome = facts.record.outcome
    self.operation = operation.name
    operationId = operation.id.description
    startTime = operation.startedAt.description
    endTime = (outcome?.endedAt ?? operation.startedAt).description
    operationStatus = facts.record.status.name
    if facts.isInterrupted { isInterrupted = true }
    applicationVersionChangeDetails = VersionChange(operation)
    parallelismChangeDetails = ParallelismChange(operation)
    operationFailureDetails = FailureDetails(facts.failure, outcome)
    actor = operation.actor
    reason = operation.reason
    causedByOperationId = operation.causedBy?.description
    rollbackDecision = outcome?.decision.map(DecisionShape.init)
    parameters = ParametersShape(operation.parameters)
    cancellations =
      facts.cancellations.isEmpty ? nil : facts.cancellations.map(CancellationShape.init)
    steps = facts.steps.map(StepShape.init)
  }

  static let fieldNames = OperationInfo.fieldNames + ["Text"]

  var fields: [String] {
    let versions = applicationVersionChangeDetails
    let parallelisms = parallelismChangeDetails
    let failure = operationFailureDetails
    return [
      operationId, operation, operationStatus, startTime,
      operationStatus == OperationStatus.inProgress.name ? "" : endTime,
      versions.map { String($0.applicationVersionUpdatedFrom) } ?? "",
      versions.map { String($0.applicationVersionUpdatedTo) } ?? "",
      parallelisms.map { String($0.parallelismUpdatedFrom) } ?? "",
      parallelisms.map { String($0.parallelismUpdatedTo) } ?? "",
      actor, reason ?? "", rollbackDecision?.code ?? "", failure?.rollbackOperationId ?? "",
      causedByOperationId ?? "", failure?.phase ?? "", failure?.rootCause ?? "",
      isInterrupted.map { String($0) } ?? "", failure?.text ?? "",
    ]
  }
}

/// Everything that the journal holds of one operation.
struct OperationFacts: Sendable {
  let record: OperationRecord
  let failure: Failure?
  let steps: [Step]
  let cancellations: [Cancellation]
  /// The rollback that its outcome began.
  let rollback: OperationRecord?
  /// Its holder died: it is to be settled.
  var isInterrupted = false
}

struct VersionChange: Encodable {
  var applicationVersionUpdatedFrom: Int64
  var applicationVersionUpdatedTo: Int64

  init?(_ operation: Operation) {
    guard let from = operation.versionFrom, let to = operation.versionTo else { return nil }
    applicationVersionUpdatedFrom = from
    applicationVersionUpdatedTo = to
  }
}

struct ParallelismChange: Encodable {
  var parallelismUpdatedFrom: Int
  var parallelismUpdatedTo: Int

  init?(_ operation: Operation) {
    guard let from = operation.parallelismFrom, let to = operation.parallelismTo, from != to
    else {
      return nil
    }
    parallelismUpdatedFrom = from
    parallelismUpdatedTo = to
  }
}

struct DecisionShape: Encodable {
  var code: String
  var reason: String

  init(_ decision: RollbackDecision) {
    code = decision.code.rawValue
    reason = decision.reason
  }
}

struct FailureDetails: Encodable {
  struct ErrorInfo: Encodable {
    /// As the API gives it: the root cause and the text, at most 512 characters.
    var errorString: String
  }

  var rollbackOperationId: String?
  var errorInfo: ErrorInfo?
  var phase: String?
  var rootCause: String?
  var text: String?
  var evidence: Evidence?
  var logTail: String?

  init?(_ failure: Failure?, _ outcome: Outcome?) {
    guard failure != nil || outcome?.rollbackOperation != nil else { return nil }
    rollbackOperationId = outcome?.rollbackOperation?.description
    guard let failure else { return }
    errorInfo = ErrorInfo(errorString: failure.errorString)
    phase = failure.phase.rawValue
    rootCause = failure.rootCause
    text = failure.text
    evidence = failure.evidence
    logTail = failure.logTail
  }
}

struct ParametersShape: Encodable {
  var restore: RestoreSource?
  var allowNonRestoredState: Bool?
  var force: Bool?
  var abandon: Bool?
  var snapshotName: String?
  var targetVersionId: Int64?
  var targetParallelism: Int?
  var targetReason: String?
  var cause: String?

  init?(_ parameters: OperationParameters) {
    guard parameters != OperationParameters() else { return nil }
    restore = parameters.restore
    allowNonRestoredState = parameters.allowNonRestoredState
    force = parameters.force
    abandon = parameters.abandon
    snapshotName = parameters.snapshotName
    targetVersionId = parameters.target?.version
    targetParallelism = parameters.target?.parallelism
    targetReason = parameters.targetReason
    cause = parameters.cause
  }
}

struct CancellationShape: Encodable {
  var actor: String
  var reason: String?
  var follows: String

  init(_ cancellation: Cancellation) {
    actor = cancellation.actor
    reason = cancellation.reason
    follows = cancellation.follows.text
  }
}

struct StepShape: Encodable {
  var step: String
  var time: String
  var applicationVersionId: Int64?
  var parallelism: Int?
  var generation: String?
  var place: Place?
  var secretDigests: [String: String]?
  var snapshotName: String?
  var snapshotReason: String?
  var rootCause: String?
  var holder: String?
  var observed: String?
  var verdict: String?
  var message: String?

  init(_ step: Step) {
    self.step = step.name.rawValue
    time = step.at.description
    applicationVersionId = step.detail.version
    parallelism = step.detail.parallelism
    generation = step.detail.generation?.rawValue
    place = step.detail.place
    secretDigests = step.detail.secretDigests
    snapshotName = step.detail.snapshot
    snapshotReason = step.detail.snapshotReason
    rootCause = step.detail.failure?.rootCause
    holder = step.detail.holder
    observed = step.detail.observed
    verdict = step.detail.verdict
    message = step.detail.message
  }
}

extension Cancellation.Successor {
  /// What follows, for people.
  var text: String {
    switch self {
    case .forcedStop: "a forced stop"
    case .rollback: "a rollback"
    case .nothing: "nothing"
    }
  }
}
#endif
