#if CommandLine
internal import Rollbook

/// The API's ApplicationConfigurationDescription, and what it has no words for.
struct ConfigurationDescription: Encodable {
  var applicationCodeConfigurationDescription: CodeConfiguration
  var flinkApplicationConfigurationDescription: FlinkConfiguration
  var environmentPropertyDescriptions: Properties?
  var applicationSnapshotConfigurationDescription: Snapshots
  var applicationSystemRollbackConfigurationDescription: SystemRollback
  var deploymentConfigurationDescription: DeploymentConfiguration

  init(_ version: ApplicationVersion, parallelism: Int) {
    let configuration = version.configuration
    applicationCodeConfigurationDescription = CodeConfiguration(
      codeContentDescription: CodeContent(
        codeName: configuration.codeName, codeSHA256: version.artifact))
    flinkApplicationConfigurationDescription = FlinkConfiguration(
      parallelismConfigurationDescription: Parallelism(
        parallelism: parallelism, currentParallelism: parallelism,
        maxParallelism: configuration.maxParallelism))
    let groups = configuration.allPropertyGroups
    if !groups.isEmpty {
      environmentPropertyDescriptions = Properties(
        propertyGroupDescriptions: groups.sorted { $0.key < $1.key }
          .map { PropertyGroup(propertyGroupId: $0.key, propertyMap: $0.value) })
    }
    applicationSnapshotConfigurationDescription = Snapshots(
      snapshotsEnabled: configuration.snapshotsEnabled)
    applicationSystemRollbackConfigurationDescription = SystemRollback(
      rollbackEnabled: configuration.rollbackEnabled)
    deploymentConfigurationDescription = DeploymentConfiguration(configuration)
  }

  struct CodeConfiguration: Encodable {
    var codeContentType = "ZIPFILE"
    var codeContentDescription: CodeContent
  }

  struct CodeContent: Encodable {
    var codeName: String
    var codeSHA256: String
  }

  struct FlinkConfiguration: Encodable {
    var parallelismConfigurationDescription: Parallelism
  }

  struct Parallelism: Encodable {
    var configurationType = "CUSTOM"
    var parallelism: Int
    var parallelismPerKPU = 1
    var currentParallelism: Int
    var autoScalingEnabled = false
    var maxParallelism: Int?
  }

  struct Properties: Encodable {
    var propertyGroupDescriptions: [PropertyGroup]
  }

  struct PropertyGroup: Encodable {
    var propertyGroupId: String
    var propertyMap: [String: String]
  }

  struct Snapshots: Encodable { var snapshotsEnabled: Bool }
  struct SystemRollback: Encodable { var rollbackEnabled: Bool }
}

/// What Rollbook knows of a deployment beyond the API's words.
struct DeploymentConfiguration: Encodable {
  var arguments: [String]
  /// Where the values are read from, and the digests of what they were; never the values.
  var secretProperties: [String: Secret]?
  var environment: [String: String]
  var entryClass: String?
  var clusterAddress: String?
  var clusterTrust: String?
  /// As with secret properties, never the values.
  var clusterHeaders: [String: Secret]?
  var snapshotDirectory: String?
  var readyCheck: String?
  var settleSeconds: Double
  var timeoutSeconds: Double
  var bakeSeconds: Double
  var submitGraceSeconds: Double
  var stopGraceSeconds: Double
  var snapshotTimeoutSeconds: Double

  init(_ configuration: VersionConfiguration) {
    arguments = configuration.arguments
    if !configuration.secretProperties.isEmpty {
      secretProperties = configuration.secretProperties.mapValues(Secret.init)
    }
    environment = configuration.environment
    entryClass = configuration.entryClass
    clusterAddress = configuration.clusterAddress
    clusterTrust = configuration.clusterTrust
    clusterHeaders = configuration.clusterHeaders?.mapValues(Secret.init)
    snapshotDirectory = configuration.snapshotDirectory
    readyCheck = configuration.readyCheck
    settleSeconds = configuration.settleSeconds
    timeoutSeconds = configuration.timeoutSeconds
    bakeSeconds = configuration.bakeSeconds
    submitGraceSeconds = configuration.submitGraceSeconds
    stopGraceSeconds = configuration.stopGraceSeconds
    snapshotTimeoutSeconds = configuration.snapshotTimeoutSeconds
  }

  struct Secret: Encodable {
    var path: String
    var sHA256: String

    init(_ reference: SecretReference) {
      path = reference.path
      sHA256 = reference.digest
    }
  }
}
#endif
