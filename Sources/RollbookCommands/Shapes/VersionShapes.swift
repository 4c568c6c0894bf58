#if CommandLine
internal import Rollbook

/// A version in a list: the API's ApplicationVersionSummary, and more.
struct VersionSummary: ListingRow {
  var applicationVersionId: Int64
  /// The application's status for the current version, ROLLED_BACK or READY for others.
  var applicationStatus: String
  var isCurrent: Bool
  var reachedRunning: Bool
  var createTimestamp: String
  var operationId: String
  var actor: String?
  var reason: String?
  var runtimeEnvironment: String
  var codeName: String
  var codeSHA256: String

  init(
    _ version: ApplicationVersion, of state: ApplicationState, status: String,
    operation: Operation?, reachedRunning: Bool
  ) {
    applicationVersionId = version.version
    isCurrent = version.version == state.version
    applicationStatus = status
    self.reachedRunning = reachedRunning
    createTimestamp = version.createdAt.description
    operationId = version.operation.description
    actor = operation?.actor
    reason = operation?.reason
    runtimeEnvironment = version.runtimeEnvironment
    codeName = version.configuration.codeName
    codeSHA256 = version.artifact
  }

  static let fieldNames = [
    "ApplicationVersionId", "ApplicationStatus", "IsCurrent", "ReachedRunning", "CreateTimestamp",
    "OperationId", "Actor", "Reason", "RuntimeEnvironment", "CodeName", "CodeSHA256",
  ]

  var fields: [String] {
    [
      String(applicationVersionId), applicationStatus, String(isCurrent), String(reachedRunning),
      createTimestamp, operationId, actor ?? "", reason ?? "", runtimeEnvironment, codeName,
      codeSHA256,
    ]
  }
}

/// One version: in JSON the API's ApplicationDetail, in CSV its settings.
struct VersionDetail: ListingRow {
  private let detail: ApplicationDetail
  private let version: ApplicationVersion

  init(_ state: ApplicationState, _ version: ApplicationVersion) {
    detail = ApplicationDetail(state, version)
    self.version = version
  }

  func encode(to encoder: any Encoder) throws { try detail.encode(to: encoder) }

  static let fieldNames = [
    "ApplicationName", "ApplicationVersionId", "CreateTimestamp", "OperationId",
    "RuntimeEnvironment", "CodeName", "CodeSHA256", "Arguments", "Properties", "SecretProperties",
    "MaxParallelism", "EntryClass", "ClusterAddress", "SavepointDirectory", "ReadyCheck",
    "SettleSeconds", "TimeoutSeconds", "BakeSeconds", "SubmitGraceSeconds", "StopGraceSeconds",
    "SnapshotTimeoutSeconds", "RollbackEnabled", "SnapshotsEnabled", "Description",
  ]

  var fields: [String] {
    let settings = version.configuration
    func words(_ pairs: [String: String]) -> String {
      argumentsText(pairs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) ?? ""
    }
    return [
      detail.applicationName, String(version.version), version.createdAt.description,
      version.operation.description, version.runtimeEnvironment, settings.codeName,
      version.artifact, argumentsText(settings.arguments) ?? "", words(settings.properties),
      words(settings.secretProperties.mapValues { "@\($0.path)" }),
      settings.maxParallelism.map(String.init) ?? "", settings.entryClass ?? "",
      settings.clusterAddress ?? "", settings.snapshotDirectory ?? "", settings.readyCheck ?? "",
      settings.settleSeconds.formatted, settings.timeoutSeconds.formatted,
      settings.bakeSeconds.formatted, settings.submitGraceSeconds.formatted,
      settings.stopGraceSeconds.formatted, settings.snapshotTimeoutSeconds.formatted,
      String(settings.rollbackEnabled), String(settings.snapshotsEnabled), settings.description,
    ]
  }
}

/// One setting that two versions have differently.
struct VersionDifference: ListingRow, Equatable {
  var setting: String
  /// Missing where the version does not have it.
  var from: String?
  var to: String?

  static let fieldNames = ["Setting", "From", "To"]
  var fields: [String] { [setting, from ?? "", to ?? ""] }

  /// What changed between two versions, in a stable order.
  static func between(
    _ a: ApplicationVersion, _ b: ApplicationVersion
  ) -> [VersionDifference] {
    let before = settings(of: a)
    let after = settings(of: b)
    var values: [String: (String?, String?)] = [:]
    for (name, value) in before { values[name] = (value, nil) }
    for (name, value) in after { values[name] = (values[name]?.0, value) }
    // The order of the settings, properties by their names.
    var names = before.map(\.0)
    names += after.map(\.0).filter { name in !before.contains { $0.0 == name } }
    return names.compactMap { name in
      guard let (from, to) = values[name], from != to else { return nil }
      return VersionDifference(setting: name, from: from, to: to)
    }
  }

  private static func settings(of version: ApplicationVersion) -> [(String, String)] {
    let configuration = version.configuration
    var all: [(String, String?)] = [
      ("code", configuration.codeName),
      ("artifact", version.artifact),
      ("runtime environment", version.runtimeEnvironment),
      ("arguments", argumentsText(configuration.arguments)),
    ]
    for (key, value) in configuration.properties.sorted(by: { $0.key < $1.key }) {
      all.append(("property \(key)", value))
    }
    for (group, members) in (configuration.propertyGroups ?? [:]).sorted(by: { $0.key < $1.key }) {
      for (key, value) in members.sorted(by: { $0.key < $1.key }) {
        all.append(("property \(group).\(key)", value))
      }
    }
    for (key, secret) in configuration.secretProperties.sorted(by: { $0.key < $1.key }) {
      all.append(("secret property \(key)", "@\(secret.path) (SHA-256 \(secret.digest))"))
    }
    for (name, secret) in (configuration.clusterHeaders ?? [:]).sorted(by: { $0.key < $1.key }) {
      all.append(("cluster header \(name)", "@\(secret.path) (SHA-256 \(secret.digest))"))
    }
    all += [
      ("max parallelism", configuration.maxParallelism.map(String.init)),
      ("entry class", configuration.entryClass),
      ("cluster", configuration.clusterAddress),
      ("cluster trust", configuration.clusterTrust),
      ("savepoint directory", configuration.snapshotDirectory),
      ("ready check", configuration.readyCheck),
      ("settle seconds", configuration.settleSeconds.formatted),
      ("timeout seconds", configuration.timeoutSeconds.formatted),
      ("bake seconds", configuration.bakeSeconds.formatted),
      ("submit grace seconds", configuration.submitGraceSeconds.formatted),
      ("stop grace seconds", configuration.stopGraceSeconds.formatted),
      ("snapshot timeout seconds", configuration.snapshotTimeoutSeconds.formatted),
      ("rollback", configuration.rollbackEnabled ? "enabled" : "disabled"),
      ("snapshots", configuration.snapshotsEnabled ? "enabled" : "disabled"),
      ("description", configuration.description.isEmpty ? nil : configuration.description),
    ]
    all += configuration.service?.listed ?? []
    for (key, value) in configuration.environment.sorted(by: { $0.key < $1.key }) {
      all.append(("environment \(key)", value))
    }
    return all.compactMap { name, value in value.map { (name, $0) } }
  }
}

/// Arguments as a shell would be given them.
func argumentsText(_ arguments: [String]) -> String? {
  if arguments.isEmpty { return nil }
  return arguments.map(shellQuoted).joined(separator: " ")
}

private func shellQuoted(_ text: String) -> String {
  let isPlain =
    !text.isEmpty
    && text.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "-_./:=,@%+".unicodeScalars.contains($0)
    }
  if isPlain { return text }
  var quoted = "'"
  for scalar in text.unicodeScalars {
    if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
  }
  return quoted + "'"
}
#endif
