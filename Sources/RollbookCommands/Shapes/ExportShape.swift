#if CommandLine
internal import Rollbook

/// One operation as `export` writes it: everything that the journal holds of it.
struct ExportedOperation: Encodable {
  var applicationName: String
  /// The journal's number of it: a name can be used again.
  var applicationId: Int64
  var runtime: String
  var applicationOperationInfoDetails: OperationDetails
  /// The version that it made.
  var applicationVersionDetail: ExportedVersion?
  /// The snapshots that it took.
  var snapshotSummaries: [SnapshotDetails]?

  init(
    _ facts: OperationFacts, of application: Application, version: ApplicationVersion?,
    snapshots: [Snapshot]
  ) {
    applicationName = application.name
    applicationId = application.id.rawValue
    runtime = application.runtime
    applicationOperationInfoDetails = OperationDetails(facts)
    let operation = facts.record.operation
    applicationVersionDetail = version.map {
      ExportedVersion($0, parallelism: operation.parallelismTo ?? operation.parallelismFrom ?? 1)
    }
    snapshotSummaries = snapshots.isEmpty ? nil : snapshots.map(SnapshotDetails.init)
  }

  static let fieldNames = ["ApplicationName", "ApplicationId"] + OperationDetails.fieldNames

  var fields: [String] {
    [applicationName, String(applicationId)] + applicationOperationInfoDetails.fields
  }
}

/// A version as it was made.
struct ExportedVersion: Encodable {
  var applicationVersionId: Int64
  var createTimestamp: String
  var runtimeEnvironment: String
  var applicationDescription: String?
  var applicationConfigurationDescription: ConfigurationDescription

  init(_ version: ApplicationVersion, parallelism: Int) {
    applicationVersionId = version.version
    createTimestamp = version.createdAt.description
    runtimeEnvironment = version.runtimeEnvironment
    let description = version.configuration.description
    applicationDescription = description.isEmpty ? nil : description
    applicationConfigurationDescription = ConfigurationDescription(
      version, parallelism: parallelism)
  }
}
#endif
