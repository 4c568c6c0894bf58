#if CommandLine
internal import Rollbook

/// A snapshot: the API's SnapshotDetails, and more.
struct SnapshotDetails: ListingRow {
  var snapshotName: String
  var snapshotStatus: String
  var applicationVersionId: Int64
  var snapshotCreationTimestamp: String
  var runtimeEnvironment: String
  var endTimestamp: String?
  var deleteTimestamp: String?
  var operationId: String
  var size: Int64?
  var location: String?
  var sHA256: String?
  var failure: String?

  init(_ snapshot: Snapshot) {
    snapshotName = snapshot.name
    snapshotStatus = snapshot.status.rawValue
    applicationVersionId = snapshot.version
    snapshotCreationTimestamp = snapshot.startedAt.description
    runtimeEnvironment = snapshot.runtimeEnvironment
    endTimestamp = snapshot.outcome?.endedAt.description
    deleteTimestamp = snapshot.deletedAt?.description
    operationId = snapshot.operation.description
    size = snapshot.outcome?.facts?.size
    location = snapshot.outcome?.facts?.location
    sHA256 = snapshot.outcome?.facts?.digest
    failure = snapshot.outcome?.failure
  }

  static let fieldNames = [
    "SnapshotName", "SnapshotStatus", "ApplicationVersionId", "SnapshotCreationTimestamp",
    "RuntimeEnvironment", "EndTimestamp", "DeleteTimestamp", "OperationId", "Size", "Location",
    "SHA256", "Failure",
  ]

  var fields: [String] {
    [
      snapshotName, snapshotStatus, String(applicationVersionId), snapshotCreationTimestamp,
      runtimeEnvironment, endTimestamp ?? "", deleteTimestamp ?? "", operationId,
      size.map(String.init) ?? "", location ?? "", sHA256 ?? "", failure ?? "",
    ]
  }
}
#endif
