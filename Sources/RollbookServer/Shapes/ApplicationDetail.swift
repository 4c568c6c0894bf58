#if Server
internal import Rollbook

/// ApplicationDetail: an application as it stands, or one of its versions.
struct ApplicationDetail {
  private let state: ApplicationState
  private let version: ApplicationVersion
  private let settings: ServerSettings
  /// What the newest deployment was started with; nil while nothing runs.
  private let run: OperationParameters?
  private let maintenanceWindow: String?
  /// Nil for the version that is the application's own now.
  private let past: Past?

  /// What was true of a version that is not the application's own any more.
  private struct Past {
    let status: String
    let parallelism: Int
    let updatedFrom: Int64?
  }

  /// - Parameter version: nil for the current one.
  init(
    reading state: ApplicationState, at version: ApplicationVersion? = nil,
    _ reader: borrowing JournalReader, settings: ServerSettings
  ) throws(RollbookError) {
    let id = state.application.id
    let found = version == nil ? try reader.version(state.version, of: id) : version
    guard let current = found else {
      throw RollbookError(
        .journalDamaged, "Version \(state.version) of \(state.application.name) is not there.")
    }
    self.state = state
    self.version = current
    self.settings = settings
    run = version == nil ? try reader.runParameters(of: state) : nil
    maintenanceWindow = try reader.maintenanceWindow(of: id)
    if current.version == state.version {
      past = nil
    } else {
      let maker = try reader.operation(current.operation)
      past = Past(
        status: try reader.status(of: current, in: state),
        parallelism: maker?.parallelismTo ?? maker?.parallelismFrom ?? 1,
        updatedFrom: maker?.versionFrom)
    }
  }

  private var rolledBack: (from: Int64?, to: Int64?)? {
    past == nil ? (state.shown.rolledBackFrom, state.shown.rolledBackTo) : nil
  }

  var json: JSONValue {
    let application = state.application
    let configuration = version.configuration
    let service = configuration.service
    return .object([
      "ApplicationARN": .string(settings.arn(of: application.name)),
      "ApplicationDescription": configuration.description.isEmpty
        ? nil : .string(configuration.description),
      "ApplicationName": .string(application.name),
      "RuntimeEnvironment": .string(version.shownEnvironment),
      "ServiceExecutionRole": service?.executionRole.map(JSONValue.string),
      "ApplicationStatus": .string(past?.status ?? state.status.name),
      "ApplicationVersionId": .integer(version.version),
      "CreateTimestamp": .time(application.createdAt),
      "LastUpdateTimestamp": .time(
        past == nil ? state.outcome?.endedAt ?? state.newest.startedAt : version.createdAt),
      "ApplicationConfigurationDescription": ConfigurationDescription(
        version, parallelism: past?.parallelism ?? state.parallelism, run: run
      ).json,
      "CloudWatchLoggingOptionDescriptions": service?.logStreams.map(JSONValue.logStreams),
      "ApplicationMaintenanceConfigurationDescription": MaintenanceWindow(
        start: maintenanceWindow, region: settings.region
      ).json,
      "ApplicationVersionUpdatedFrom": (past == nil ? state.shown.updatedFrom : past?.updatedFrom)
        .map(JSONValue.integer),
      "ApplicationVersionRolledBackFrom": rolledBack?.from.map(JSONValue.integer),
      "ApplicationVersionCreateTimestamp": .time(version.createdAt),
      "ConditionalToken": .string(ConditionalToken.text(for: state)),
      "ApplicationVersionRolledBackTo": rolledBack?.to.map(JSONValue.integer),
      "ApplicationMode": .string("STREAMING"),
    ])
  }
}

extension ApplicationVersion {
  /// The environment that was asked for at the endpoint, where processes stand in for Flink; else what
  /// it runs on.
  var shownEnvironment: String {
    configuration.service?.runtimeEnvironment ?? runtimeEnvironment
  }
}

extension ServerSettings {
  /// An application's name in the terms of the API.
  func arn(of name: String) -> String {
    "arn:aws:kinesisanalytics:\(region):\(account):application/\(name)"
  }

  /// ApplicationSummary.
  func summary(of state: ApplicationState, _ version: ApplicationVersion?) -> JSONValue {
    .object([
      "ApplicationName": .string(state.application.name),
      "ApplicationARN": .string(arn(of: state.application.name)),
      "ApplicationStatus": .string(state.status.name),
      "ApplicationVersionId": .integer(state.version),
      "RuntimeEnvironment": .string(version?.shownEnvironment ?? ""),
      "ApplicationMode": .string("STREAMING"),
    ])
  }
}

extension JournalReader {
  /// What the newest deployment of an application was started with; nil while it is READY.
  ///
  /// An update that says nothing about it sets it back to the default, as in the service.
  fileprivate borrowing func runParameters(
    of state: ApplicationState
  ) throws(RollbookError) -> OperationParameters? {
    if let operation = state.inFlight {
      switch operation.kind {
      case .start, .update, .scale, .rollback, .systemRollback: return operation.parameters
      case .stop, .delete, .createSnapshot, .deleteSnapshot, .create, .ended: break
      }
    }
    guard let running = try running(state.application.id) else { return nil }
    return try operation(running.operation)?.parameters
  }
}

extension JSONValue {
  /// Epoch seconds, with a fraction.
  static func time(_ time: Timestamp) -> JSONValue { .number(Double(time.rawValue) / 1_000_000) }

  static func strings(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

  /// CloudWatchLoggingOptionDescriptions.
  static func logStreams(_ streams: [ServiceSettings.LogStream]) -> JSONValue {
    .array(
      streams.map { stream in
        .object([
          "CloudWatchLoggingOptionId": .string(stream.id), "LogStreamARN": .string(stream.name),
        ])
      })
  }

  /// VpcConfigurationDescription.
  static func network(_ network: ServiceSettings.Network) -> JSONValue {
    .object([
      "VpcConfigurationId": .string(network.id),
      // The service finds it by the subnets; here there is none to be found.
      "VpcId": .string("vpc-00000000"),
      "SubnetIds": .strings(network.subnets),
      "SecurityGroupIds": .strings(network.securityGroups),
    ])
  }
}

/// The token by which a change is tied to what its caller has seen: another for each operation.
enum ConditionalToken {
  static func text(for state: ApplicationState) -> String {
    ListToken.text(after: state.newest.id.rawValue, of: list(state.application.id))
  }

  /// The operation that was the newest when a token was given out; nil for a text that is no token of
  /// this application.
  static func newest(in token: String, of application: ApplicationID) -> OperationID? {
    ListToken.place(in: token, of: list(application)).map { OperationID($0) }
  }

  private static func list(_ application: ApplicationID) -> String { "conditional \(application)" }
}

/// When the service would maintain an application: eight hours a day, by region where nobody has said.
struct MaintenanceWindow {
  let start: String

  /// Source: the service's documentation, "Manage maintenance".
  private static let starts = [
    "us-east-1": "03:00", "us-west-2": "06:00", "eu-central-1": "06:00", "eu-west-1": "22:00",
  ]

  init(start: String?, region: String) {
    self.start = start ?? MaintenanceWindow.starts[region] ?? "03:00"
  }

  private var end: String {
    let hour = ((Int(start.prefix(2)) ?? 0) + 8) % 24
    return (hour < 10 ? "0\(hour)" : "\(hour)") + start.dropFirst(2)
  }

  var json: JSONValue {
    .object([
      "ApplicationMaintenanceWindowStartTime": .string(start),
      "ApplicationMaintenanceWindowEndTime": .string(end),
    ])
  }
}
#endif
