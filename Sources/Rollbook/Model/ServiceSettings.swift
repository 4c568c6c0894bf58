/// What an application says in the words of the AWS API that means nothing off AWS: kept, versioned,
/// shown, and told apart in `diff`; nothing acts by it.
///
/// Source: the service's published model.
public struct ServiceSettings: Sendable, Codable, Equatable {
  public var executionRole: String?
  /// The runtime environment that was asked for; what the version runs on says the version.
  public var runtimeEnvironment: String?
  public var code: CodeSource?
  public var checkpoints: Checkpoints?
  public var monitoring: Monitoring?
  public var parallelism: Parallelism?
  public var encryption: Encryption?
  public var networks: [Network]?
  public var logStreams: [LogStream]?
  /// How many networks and log streams there ever were: their ids are not used again.
  public var partCount: Int?

  public init() {}

  /// Where the code came from.
  public struct CodeSource: Sendable, Codable, Equatable {
    /// `PLAINTEXT` or `ZIPFILE`
    public var contentType: String
    public var bucket: String?
    public var key: String?
    public var objectVersion: String?
    /// In hexadecimal digits.
    public var md5: String
    /// In bytes.
    public var size: Int64

    public init(contentType: String, md5: String, size: Int64) {
      self.contentType = contentType
      self.md5 = md5
      self.size = size
    }
  }

  public struct Checkpoints: Sendable, Codable, Equatable {
    /// `DEFAULT` or `CUSTOM`
    public var configurationType: String
    public var isEnabled: Bool
    public var intervalMilliseconds: Int64
    public var minPauseMilliseconds: Int64

    public init(
      configurationType: String, isEnabled: Bool, intervalMilliseconds: Int64,
      minPauseMilliseconds: Int64
    ) {
      self.configurationType = configurationType
      self.isEnabled = isEnabled
      self.intervalMilliseconds = intervalMilliseconds
      self.minPauseMilliseconds = minPauseMilliseconds
    }
  }

  public struct Monitoring: Sendable, Codable, Equatable {
    /// `DEFAULT` or `CUSTOM`
    public var configurationType: String
    public var metricsLevel: String
    public var logLevel: String

    public init(configurationType: String, metricsLevel: String, logLevel: String) {
      self.configurationType = configurationType
      self.metricsLevel = metricsLevel
      self.logLevel = logLevel
    }
  }

  /// The parallelism itself is the application's current state.
  public struct Parallelism: Sendable, Codable, Equatable {
    /// `DEFAULT` or `CUSTOM`
    public var configurationType: String
    public var perUnit: Int
    public var isAutoScaled: Bool

    public init(configurationType: String, perUnit: Int, isAutoScaled: Bool) {
      self.configurationType = configurationType
      self.perUnit = perUnit
      self.isAutoScaled = isAutoScaled
    }
  }

  public struct Encryption: Sendable, Codable, Equatable {
    public var keyType: String
    public var keyID: String?

    public init(keyType: String, keyID: String? = nil) {
      self.keyType = keyType
      self.keyID = keyID
    }
  }

  /// A VPC configuration.
  public struct Network: Sendable, Codable, Equatable {
    public var id: String
    public var subnets: [String]
    public var securityGroups: [String]

    public init(id: String, subnets: [String], securityGroups: [String]) {
      self.id = id
      self.subnets = subnets
      self.securityGroups = securityGroups
    }
  }

  /// A CloudWatch logging option.
  public struct LogStream: Sendable, Codable, Equatable {
    public var id: String
    public var name: String

    public init(id: String, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// An id for a network or a log stream that none of this application has had: `1.1`, `2.1`, …
  public mutating func nextPartID() -> String {
    let number = (partCount ?? 0) + 1
    partCount = number
    return "\(number).1"
  }
}
