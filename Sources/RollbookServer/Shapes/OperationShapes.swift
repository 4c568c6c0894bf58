#if Server
internal import Rollbook

extension OperationRecord {
  /// ApplicationOperationInfo.
  var info: JSONValue {
    .object([
      "Operation": .string(operation.name),
      "OperationId": .string(operation.id.description),
      "StartTime": .time(operation.startedAt),
      "EndTime": outcome.map { .time($0.endedAt) },
      "OperationStatus": .string(status.name),
    ])
  }

  /// ApplicationOperationInfoDetails.
  func details(_ failure: Failure?) -> JSONValue {
    .object([
      "Operation": .string(operation.name),
      "StartTime": .time(operation.startedAt),
      // The shape wants one: while the operation is in progress its start.
      "EndTime": .time(outcome?.endedAt ?? operation.startedAt),
      "OperationStatus": .string(status.name),
      "ApplicationVersionChangeDetails": versionChange,
      "OperationFailureDetails": failureDetails(failure),
    ])
  }

  private var versionChange: JSONValue? {
    guard let from = operation.versionFrom, let to = operation.versionTo else { return nil }
    return .object([
      "ApplicationVersionUpdatedFrom": .integer(from), "ApplicationVersionUpdatedTo": .integer(to),
    ])
  }

  private func failureDetails(_ failure: Failure?) -> JSONValue? {
    let rollback = outcome?.rollbackOperation
    if failure == nil && rollback == nil { return nil }
    return .object([
      "RollbackOperationId": rollback.map { .string($0.description) },
      "ErrorInfo": failure.map { .object(["ErrorString": .string($0.errorString)]) },
    ])
  }
}

extension Snapshot {
  /// SnapshotDetails.
  ///
  /// - Parameter isBeingDeleted: its deletion is in flight.
  func details(runtimeEnvironment: String, isBeingDeleted: Bool) -> JSONValue {
    .object([
      "SnapshotName": .string(name),
      "SnapshotStatus": .string(isBeingDeleted ? "DELETING" : status.rawValue),
      "ApplicationVersionId": .integer(version),
      "SnapshotCreationTimestamp": .time(startedAt),
      "RuntimeEnvironment": .string(runtimeEnvironment),
    ])
  }
}
#endif
