/// Everything about a version but its code: what `create` and `update` set.
///
/// Seconds are fractions of seconds. Parallelism is not here: it is the application's current
/// state, which scaling changes without making a version.
public struct VersionConfiguration: Sendable, Codable, Equatable {
  /// The name of the file or folder that was given as code, for display.
  public var codeName: String
  public var arguments: [String] = []
  public var properties: [String: String] = [:]
  /// Properties in groups of a name: to a process a file, to Flink arguments.
  public var propertyGroups: [String: [String: String]]?
  /// Properties whose value is read from a file at each deployment and never kept.
  public var secretProperties: [String: SecretReference] = [:]
  public var maxParallelism: Int?
  public var entryClass: String?
  /// The address of the cluster, for a runtime that has one.
  public var clusterAddress: String?
  /// A file with the certificates that a cluster's address is trusted by; nil for the system's.
  public var clusterTrust: String?
  /// Headers of every request to the cluster, by name; their values are secrets.
  public var clusterHeaders: [String: SecretReference]?
  /// Where snapshots go, as the cluster sees it; nil for the cluster's own default.
  public var snapshotDirectory: String?
  public var readyCheck: String?
  public var settleSeconds: Double = 2
  public var timeoutSeconds: Double = 300
  public var bakeSeconds: Double = 0
  public var submitGraceSeconds: Double = 60
  public var stopGraceSeconds: Double = 10
  public var snapshotTimeoutSeconds: Double = 300
  /// Opts in to the automatic rollback of a failed update or scaling.
  public var rollbackEnabled: Bool = false
  public var snapshotsEnabled: Bool = true
  public var description: String = ""
  /// PATH, HOME, … of the program, fixed when the application was created.
  public var environment: [String: String] = [:]
  /// What the AWS API was told and Rollbook only keeps.
  public var service: ServiceSettings?

  public init(codeName: String) { self.codeName = codeName }
}

extension VersionConfiguration {
  /// The group of the properties that a program finds in its environment.
  package static let environmentGroup = "environment"

  /// All properties in groups, as the AWS API has them.
  package var allPropertyGroups: [String: [String: String]] {
    var groups = propertyGroups ?? [:]
    if !properties.isEmpty { groups[VersionConfiguration.environmentGroup] = properties }
    return groups
  }
}

/// Where a secret's value is read from, and what it was when the version was made.
public struct SecretReference: Sendable, Codable, Equatable {
  /// The file's absolute path.
  public var path: String
  /// The value's SHA-256 in hexadecimal digits.
  public var digest: String

  public init(path: String, digest: String) {
    self.path = path
    self.digest = digest
  }
}

/// One immutable version of an application.
public struct ApplicationVersion: Sendable, Equatable {
  public let application: ApplicationID
  /// 1…999,999,999; never used again within an application.
  public let version: Int64
  /// The operation that made it.
  public let operation: OperationID
  public let createdAt: Timestamp
  /// The SHA-256 under which the artifact store keeps the code.
  public let artifact: String
  /// What it runs on: `PROCESS-1`, `FLINK-1_19`, …
  public let runtimeEnvironment: String
  public let configuration: VersionConfiguration

  /// False where the application was created without code and no update has given it any.
  package var hasCode: Bool { !configuration.codeName.isEmpty }

  public static let validNumbers: ClosedRange<Int64> = 1...999_999_999

  public init(
    application: ApplicationID, version: Int64, operation: OperationID, createdAt: Timestamp,
    artifact: String, runtimeEnvironment: String, configuration: VersionConfiguration
  ) {
    self.application = application
    self.version = version
    self.operation = operation
    self.createdAt = createdAt
    self.artifact = artifact
    self.runtimeEnvironment = runtimeEnvironment
    self.configuration = configuration
  }
}
