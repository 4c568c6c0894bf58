#if CommandLine
internal import Rollbook

/// What `verify` found.
struct VerificationShape: ListingRow {
  struct FindingShape: Encodable {
    var part: String
    var text: String
  }

  var isSound: Bool
  var applicationCount: Int
  var operationCount: Int
  var throughOperationId: String
  var programCount: Int
  var programBytes: Int64
  var snapshotCount: Int
  var snapshotBytes: Int64
  var snapshotsElsewhere: Int
  var findings: [FindingShape]

  init(_ report: Verification.Report) {
    isSound = report.isSound
    applicationCount = report.applicationCount
    operationCount = report.operationCount
    throughOperationId = report.newestOperation.description
    programCount = report.artifactCount
    programBytes = report.artifactBytes
    snapshotCount = report.snapshotCount
    snapshotBytes = report.snapshotBytes
    snapshotsElsewhere = report.snapshotsElsewhere
    findings = report.findings.map { FindingShape(part: $0.part.rawValue, text: $0.text) }
  }

  static let fieldNames = [
    "IsSound", "ApplicationCount", "OperationCount", "ThroughOperationId", "ProgramCount",
    "ProgramBytes", "SnapshotCount", "SnapshotBytes", "SnapshotsElsewhere", "Findings",
  ]

  var fields: [String] {
    [
      String(isSound), String(applicationCount), String(operationCount), throughOperationId,
      String(programCount), String(programBytes), String(snapshotCount), String(snapshotBytes),
      String(snapshotsElsewhere),
      findings.map { "\($0.part): \($0.text)" }.joined(separator: "\n"),
    ]
  }
}
#endif
