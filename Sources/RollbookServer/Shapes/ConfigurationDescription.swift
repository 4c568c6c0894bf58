#if Server
internal import Rollbook

/// ApplicationConfigurationDescription.
struct ConfigurationDescription {
  private let version: ApplicationVersion
  private let parallelism: Int
  private let run: OperationParameters?

  private var configuration: VersionConfiguration { version.configuration }
  private var service: ServiceSettings? { configuration.service }

  init(_ version: ApplicationVersion, parallelism: Int, run: OperationParameters?) {
    self.version = version
    self.parallelism = parallelism
    self.run = run
  }

  var json: JSONValue {
    .object([
      "ApplicationCodeConfigurationDescription": code,
      "RunConfigurationDescription": run.map(Self.description),
      "FlinkApplicationConfigurationDescription": .object([
        "CheckpointConfigurationDescription": checkpoints,
        "MonitoringConfigurationDescription": monitoring,
        "ParallelismConfigurationDescription": parallelismDescription,
      ]),
      "EnvironmentPropertyDescriptions": properties,
      "ApplicationSnapshotConfigurationDescription": .object([
        "SnapshotsEnabled": .bool(configuration.snapshotsEnabled)
      ]),
      "ApplicationSystemRollbackConfigurationDescription": .object([
        "RollbackEnabled": .bool(configuration.rollbackEnabled)
      ]),
      "VpcConfigurationDescriptions": service?.networks.map { .array($0.map(JSONValue.network)) },
      "ApplicationEncryptionConfigurationDescription": service?.encryption.map { encryption in
        .object([
          "KeyId": encryption.keyID.map(JSONValue.string), "KeyType": .string(encryption.keyType),
        ])
      },
    ])
  }

  private var code: JSONValue? {
    if !version.hasCode { return nil }
    guard let source = service?.code else {
      // Given on the command line: the API has words for where code lies, not for what it is.
      return .object(["CodeContentType": .string("ZIPFILE")])
    }
    let location = source.bucket.map { bucket in
      JSONValue.object([
        "BucketARN": .string(bucket), "FileKey": .string(source.key ?? ""),
        "ObjectVersion": source.objectVersion.map(JSONValue.string),
      ])
    }
    return .object([
      "CodeContentType": .string(source.contentType),
      "CodeContentDescription": .object([
        "CodeMD5": .string(source.md5), "CodeSize": .integer(source.size),
        "S3ApplicationCodeLocationDescription": location,
      ]),
    ])
  }

  private static func description(_ run: OperationParameters) -> JSONValue {
    let type: String
    var name: String?
    switch run.restore {
    case RestoreSource.none?: type = "SKIP_RESTORE_FROM_SNAPSHOT"
    case .latest?, nil: type = "RESTORE_FROM_LATEST_SNAPSHOT"
    case .snapshot(let snapshot)?:
      type = "RESTORE_FROM_CUSTOM_SNAPSHOT"
      name = snapshot
    }
    return .object([
      "ApplicationRestoreConfigurationDescription": .object([
        "ApplicationRestoreType": .string(type), "SnapshotName": name.map(JSONValue.string),
      ]),
      "FlinkRunConfigurationDescription": .object([
        "AllowNonRestoredState": .bool(run.allowNonRestoredState ?? false)
      ]),
    ])
  }

  private var checkpoints: JSONValue {
    let settings = service?.checkpoints ?? .standard
    return .object([
      "ConfigurationType": .string(settings.configurationType),
      "CheckpointingEnabled": .bool(settings.isEnabled),
      "CheckpointInterval": .integer(settings.intervalMilliseconds),
      "MinPauseBetweenCheckpoints": .integer(settings.minPauseMilliseconds),
    ])
  }

  private var monitoring: JSONValue {
    let settings = service?.monitoring ?? .standard
    return .object([
      "ConfigurationType": .string(settings.configurationType),
      "MetricsLevel": .string(settings.metricsLevel), "LogLevel": .string(settings.logLevel),
    ])
  }

  private var parallelismDescription: JSONValue {
    let settings = service?.parallelism ?? .chosen
    return .object([
      "ConfigurationType": .string(settings.configurationType),
      "Parallelism": .integer(Int64(parallelism)),
      "ParallelismPerKPU": .integer(Int64(settings.perUnit)),
      "CurrentParallelism": .integer(Int64(parallelism)),
      "AutoScalingEnabled": .bool(settings.isAutoScaled),
    ])
  }

  private var properties: JSONValue? {
    let groups = configuration.allPropertyGroups
    if groups.isEmpty { return nil }
    return .object([
      "PropertyGroupDescriptions": .array(
        groups.sorted { $0.key < $1.key }.map { (name, properties) in
          .object([
            "PropertyGroupId": .string(name),
            "PropertyMap": .object(
              properties.sorted { $0.key < $1.key }
                .map { JSONValue.Member(name: $0.key, value: .string($0.value)) }),
          ])
        })
    ])
  }
}

// What the service uses where nothing is said; source: the published model's documentation.

extension ServiceSettings.Checkpoints {
  static let standard = ServiceSettings.Checkpoints(
    configurationType: "DEFAULT", isEnabled: true, intervalMilliseconds: 60000,
    minPauseMilliseconds: 5000)
}

extension ServiceSettings.Monitoring {
  static let standard = ServiceSettings.Monitoring(
    configurationType: "DEFAULT", metricsLevel: "APPLICATION", logLevel: "INFO")
}

extension ServiceSettings.Parallelism {
  static let standard = ServiceSettings.Parallelism(
    configurationType: "DEFAULT", perUnit: 1, isAutoScaled: true)

  /// Of an application that was made on the command line, where it is always somebody's choice.
  static let chosen = ServiceSettings.Parallelism(
    configurationType: "CUSTOM", perUnit: 1, isAutoScaled: false)
}
#endif
