#if CommandLine
internal import Rollbook

/// The name of an application in the API's terms; region and account are the endpoint's defaults.
func applicationARN(_ name: String) -> String {
  "arn:aws:kinesisanalytics:us-east-1:000000000000:application/\(name)"
}

/// An application in a list: the API's ApplicationSummary, and more.
struct ApplicationSummary: ListingRow {
  var applicationName: String
  var applicationARN: String
  var applicationStatus: String
  var applicationVersionId: Int64
  var runtimeEnvironment: String
  var applicationMode = "STREAMING"
  var runtime: String
  var parallelism: Int
  var createTimestamp: String
  var deleteTimestamp: String?
  var operationInProgress: OperationInProgress?

  init(_ state: ApplicationState, runtimeEnvironment: String, isInterrupted: Bool) {
    let application = state.application
    applicationName = application.name
    applicationARN = RollbookCommands.applicationARN(application.name)
    applicationStatus = state.status.name
    applicationVersionId = state.version
    self.runtimeEnvironment = runtimeEnvironment
    runtime = application.runtime
    parallelism = state.parallelism
    createTimestamp = application.createdAt.description
    deleteTimestamp = application.deletedAt?.description
    operationInProgress = state.inFlight.map {
      OperationInProgress($0, isInterrupted: isInterrupted, holder: nil)
    }
  }

  static let fieldNames = [
    "ApplicationName", "ApplicationStatus", "ApplicationVersionId", "Parallelism", "Runtime",
    "RuntimeEnvironment", "OperationId", "IsInterrupted", "CreateTimestamp", "DeleteTimestamp",
  ]

  var fields: [String] {
    [
      applicationName, applicationStatus, String(applicationVersionId), String(parallelism),
      runtime, runtimeEnvironment, operationInProgress?.operationId ?? "",
      operationInProgress.map { String($0.isInterrupted) } ?? "", createTimestamp,
      deleteTimestamp ?? "",
    ]
  }
}

struct OperationInProgress: Encodable {
  var operation: String
  var operationId: String
  var startTime: String
  /// Its holder died: `rollbook settle` carries it on.
  var isInterrupted: Bool
  var holderProcessId: Int32?

  init(_ operation: Operation, isInterrupted: Bool, holder: Holder?) {
    self.operation = operation.name
    operationId = operation.id.description
    startTime = operation.startedAt.description
    self.isInterrupted = isInterrupted
    holderProcessId = isInterrupted ? nil : holder?.pid
  }
}

/// One application, or one version of one: the API's ApplicationDetail, and more.
struct ApplicationDetail: ListingRow {
  var applicationARN: String
  var applicationDescription: String?
  var applicationName: String
  var runtimeEnvironment: String
  var applicationStatus: String
  var applicationVersionId: Int64
  var createTimestamp: String
  var lastUpdateTimestamp: String
  var applicationConfigurationDescription: ConfigurationDescription
  var applicationVersionUpdatedFrom: Int64?
  var applicationVersionRolledBackFrom: Int64?
  var applicationVersionRolledBackTo: Int64?
  var applicationVersionCreateTimestamp: String
  var applicationMode = "STREAMING"
  var runtime: String
  var parallelism: Int
  var deleteTimestamp: String?
  var observed: ObservedShape?
  /// What may run although it should not: its operation was abandoned, or never answered.
  var suspects: [SuspectShape]?
  /// Why it is READY, where that is for a failure.
  var lastFailure: LastFailureShape?
  var operationInProgress: OperationInProgress?
  var snapshotCount: Int?
  var bytes: BytesHeld?

  init(_ state: ApplicationState, _ version: ApplicationVersion) {
    let application = state.application
    let configuration = version.configuration
    applicationARN = RollbookCommands.applicationARN(application.name)
    applicationDescription =
      configuration.description.isEmpty ? nil : configuration.description
    applicationName = application.name
    runtimeEnvironment = version.runtimeEnvironment
    applicationStatus = state.status.name
    applicationVersionId = version.version
    createTimestamp = application.createdAt.description
    lastUpdateTimestamp = (state.outcome?.endedAt ?? state.newest.startedAt).description
    applicationConfigurationDescription = ConfigurationDescription(
      version, parallelism: state.parallelism)
    applicationVersionUpdatedFrom = state.shown.updatedFrom
    applicationVersionRolledBackFrom = state.shown.rolledBackFrom
    applicationVersionRolledBackTo = state.shown.rolledBackTo
    applicationVersionCreateTimestamp = version.createdAt.description
    runtime = application.runtime
    parallelism = state.parallelism
    deleteTimestamp = application.deletedAt?.description
  }

  static let fieldNames = [
    "ApplicationName", "ApplicationStatus", "Observed", "ApplicationVersionId", "Parallelism",
    "Runtime", "RuntimeEnvironment", "OperationId", "IsInterrupted", "RolledBackFrom",
    "RolledBackTo", "SnapshotCount", "Bytes", "CreateTimestamp", "LastUpdateTimestamp",
  ]

  var fields: [String] {
    [
      applicationName, applicationStatus, observed?.state ?? "", String(applicationVersionId),
      String(parallelism), runtime, runtimeEnvironment, operationInProgress?.operationId ?? "",
      operationInProgress.map { String($0.isInterrupted) } ?? "",
      applicationVersionRolledBackFrom.map(String.init) ?? "",
      applicationVersionRolledBackTo.map(String.init) ?? "",
      snapshotCount.map(String.init) ?? "", bytes.map { String($0.total) } ?? "",
      createTimestamp, lastUpdateTimestamp,
    ]
  }
}

/// What is observed now.
struct ObservedShape: Encodable {
  /// `RUNNING`, `STARTING` (it runs and is not ready), `FAILING` (it runs, and has failed since it was
  /// deployed), `ENDED`, `ABSENT`, `MISSING`, `UNREACHABLE`, `NOTHING`.
  var state: String
  var applicationVersionId: Int64?
  var detail: String?

  init(_ observation: Observation?, version: Int64?) {
    applicationVersionId = version
    switch observation {
    case .running(let isReady, _): state = isReady ? "RUNNING" : "STARTING"
    case .ended(let ending):
      state = "ENDED"
      detail = ending.rootCause
    case .failing(let ending):
      state = "FAILING"
      detail = ending.rootCause
    case .absent: state = "ABSENT"
    case .missing(let why):
      state = "MISSING"
      detail = why
    case .unreachable(let why):
      state = "UNREACHABLE"
      detail = why
    case nil: state = "NOTHING"
    }
  }
}

/// What an application takes on the disk.
struct BytesHeld: Encodable {
  var artifacts: Int64
  var snapshots: Int64
  /// Working and state folders of its generations.
  var state: Int64
  var logs: Int64
  var total: Int64 { artifacts + snapshots + state + logs }

  private enum CodingKeys: String, CodingKey {
    case artifacts, snapshots, state, logs, total
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(artifacts, forKey: .artifacts)
    try container.encode(snapshots, forKey: .snapshots)
    try container.encode(state, forKey: .state)
    try container.encode(logs, forKey: .logs)
    try container.encode(total, forKey: .total)
  }
}
#endif
