#if Server
internal import Rollbook

/// Takes over what a request says of a configuration.
enum ConfigurationReading {
  /// ApplicationConfiguration, of a new application.
  static func create(
    _ given: JSONValue?, _ configuration: inout VersionConfiguration,
    _ service: inout ServiceSettings, _ parallelism: inout Int
  ) throws(WireError) {
    service.parallelism = .standard
    guard let given else { return }
    try checkKind(of: given, suffix: "")
    let flink = given["FlinkApplicationConfiguration"]
    if let settings = flink?["CheckpointConfiguration"] {
      service.checkpoints = ServiceSettings.Checkpoints.standard.changed(by: settings, suffix: "")
    }
    if let settings = flink?["MonitoringConfiguration"] {
      service.monitoring = ServiceSettings.Monitoring.standard.changed(by: settings, suffix: "")
    }
    if let settings = flink?["ParallelismConfiguration"] {
      let changed = ServiceSettings.Parallelism.standard.changed(by: settings, suffix: "")
      service.parallelism = changed
      if changed.configurationType == "CUSTOM" {
        parallelism = Int(settings["Parallelism"]?.integer ?? 1)
      }
    }
    if let groups = given["EnvironmentProperties"]?["PropertyGroups"]?.array {
      try EnvironmentProperties.set(groups, in: &configuration)
    }
    configuration.snapshotsEnabled =
      given["ApplicationSnapshotConfiguration"]?["SnapshotsEnabled"]?.bool ?? true
    configuration.rollbackEnabled =
      given["ApplicationSystemRollbackConfiguration"]?["RollbackEnabled"]?.bool ?? false
    service.networks = given["VpcConfigurations"]?.array.map { networks in
      networks.map { network in
        ServiceSettings.Network(
          id: service.nextPartID(), subnets: network["SubnetIds"]?.texts ?? [],
          securityGroups: network["SecurityGroupIds"]?.texts ?? [])
      }
    }
    if let encryption = given["ApplicationEncryptionConfiguration"] {
      service.encryption = ServiceSettings.Encryption(
        keyType: encryption["KeyType"]?.string ?? "", keyID: encryption["KeyId"]?.string)
    }
  }

  /// - Throws: `UnsupportedOperationException` for parts of SQL and Studio applications.
  static func checkKind(of given: JSONValue?, suffix: String) throws(WireError) {
    for member in ["SqlApplicationConfiguration", "ZeppelinApplicationConfiguration"]
    where given?[member + suffix] != nil {
      throw WireError(.unsupportedOperation, "\(member + suffix) is not supported.")
    }
  }

  /// ApplicationConfigurationUpdate: what it does not name stays.
  static func update(
    _ given: JSONValue?, _ configuration: inout VersionConfiguration,
    _ service: inout ServiceSettings
  ) throws(RollbookError) {
    guard let given else { return }
    let flink = given["FlinkApplicationConfigurationUpdate"]
    if let settings = flink?["CheckpointConfigurationUpdate"] {
      service.checkpoints = (service.checkpoints ?? .standard)
        .changed(by: settings, suffix: "Update")
    }
    if let settings = flink?["MonitoringConfigurationUpdate"] {
      service.monitoring = (service.monitoring ?? .standard)
        .changed(by: settings, suffix: "Update")
    }
    if let settings = flink?["ParallelismConfigurationUpdate"] {
      service.parallelism = (service.parallelism ?? .chosen)
        .changed(by: settings, suffix: "Update")
    }
    if let groups = given["EnvironmentPropertyUpdates"]?["PropertyGroups"]?.array {
      do throws(WireError) {
        try EnvironmentProperties.set(groups, in: &configuration)
      } catch {
        throw RollbookError(.invalidArgument, error.message)
      }
    }
    if let setting = given["ApplicationSnapshotConfigurationUpdate"]?["SnapshotsEnabledUpdate"] {
      configuration.snapshotsEnabled = setting.bool ?? true
    }
    if let setting = given["ApplicationSystemRollbackConfigurationUpdate"]?["RollbackEnabledUpdate"]
    {
      configuration.rollbackEnabled = setting.bool ?? false
    }
    try updateNetworks(given["VpcConfigurationUpdates"], &service)
    if let encryption = given["ApplicationEncryptionConfigurationUpdate"] {
      service.encryption = ServiceSettings.Encryption(
        keyType: encryption["KeyTypeUpdate"]?.string ?? "",
        keyID: encryption["KeyIdUpdate"]?.string ?? service.encryption?.keyID)
    }
  }

  /// The parallelism that an update asks for; nil where it says nothing of it.
  static func parallelism(
    of update: JSONValue?, current: ServiceSettings?
  ) throws(WireError) -> Int? {
    guard
      let settings = update?["FlinkApplicationConfigurationUpdate"]?[
        "ParallelismConfigurationUpdate"]
    else { return nil }
    let changed = (current?.parallelism ?? .chosen).changed(by: settings, suffix: "Update")
    if changed.configurationType == "DEFAULT" { return 1 }
    return settings["ParallelismUpdate"]?.integer.map { Int($0) }
  }

  private static func updateNetworks(
    _ updates: JSONValue?, _ service: inout ServiceSettings
  ) throws(RollbookError) {
    for update in updates?.array ?? [] {
      let id = update["VpcConfigurationId"]?.string ?? ""
      guard let index = service.networks?.firstIndex(where: { $0.id == id }) else {
        throw RollbookError(.invalidArgument, "There is no VPC configuration \(id).")
      }
      if let subnets = update["SubnetIdUpdates"]?.texts {
        service.networks?[index].subnets = subnets
      }
      if let groups = update["SecurityGroupIdUpdates"]?.texts {
        service.networks?[index].securityGroups = groups
      }
    }
  }

  static func updateLogStreams(
    _ updates: JSONValue?, _ service: inout ServiceSettings
  ) throws(RollbookError) {
    for update in updates?.array ?? [] {
      let id = update["CloudWatchLoggingOptionId"]?.string ?? ""
      guard let index = service.logStreams?.firstIndex(where: { $0.id == id }) else {
        throw RollbookError(.invalidArgument, "There is no CloudWatch logging option \(id).")
      }
      if let name = update["LogStreamARNUpdate"]?.string { service.logStreams?[index].name = name }
    }
  }
}

// Settings whose type is DEFAULT are the default, whatever else is said of them.

extension ServiceSettings.Checkpoints {
  fileprivate func changed(by given: JSONValue, suffix: String) -> Self {
    var new = self
    new.configurationType = given["ConfigurationType" + suffix]?.string ?? configurationType
    if new.configurationType == "DEFAULT" { return .standard }
    new.isEnabled = given["CheckpointingEnabled" + suffix]?.bool ?? isEnabled
    new.intervalMilliseconds =
      given["CheckpointInterval" + suffix]?.integer ?? intervalMilliseconds
    new.minPauseMilliseconds =
      given["MinPauseBetweenCheckpoints" + suffix]?.integer ?? minPauseMilliseconds
    return new
  }
}

extension ServiceSettings.Monitoring {
  fileprivate func changed(by given: JSONValue, suffix: String) -> Self {
    var new = self
    new.configurationType = given["ConfigurationType" + suffix]?.string ?? configurationType
    if new.configurationType == "DEFAULT" { return .standard }
    new.metricsLevel = given["MetricsLevel" + suffix]?.string ?? metricsLevel
    new.logLevel = given["LogLevel" + suffix]?.string ?? logLevel
    return new
  }
}

extension ServiceSettings.Parallelism {
  fileprivate func changed(by given: JSONValue, suffix: String) -> Self {
    var new = self
    new.configurationType = given["ConfigurationType" + suffix]?.string ?? configurationType
    if new.configurationType == "DEFAULT" { return .standard }
    new.perUnit = given["ParallelismPerKPU" + suffix]?.integer.map { Int($0) } ?? perUnit
    new.isAutoScaled = given["AutoScalingEnabled" + suffix]?.bool ?? isAutoScaled
    return new
  }
}

/// Property groups: one of them is the program's environment, the others are given to it as they are.
enum EnvironmentProperties {
  /// Replaces all groups.
  ///
  /// - Throws: `InvalidArgumentException` where two groups have one name.
  static func set(
    _ groups: [JSONValue], in configuration: inout VersionConfiguration
  ) throws(WireError) {
    var named: [String: [String: String]] = [:]
    for group in groups {
      let name = group["PropertyGroupId"]?.string ?? ""
      let members = group["PropertyMap"]?.members ?? []
      let properties = Dictionary(
        members.map { ($0.name, $0.value.string ?? "") }, uniquingKeysWith: { $1 })
      guard named.updateValue(properties, forKey: name) == nil else {
        throw WireError(.invalidArgument, "There are two property groups named \(name).")
      }
    }
    configuration.properties =
      named.removeValue(forKey: VersionConfiguration.environmentGroup) ?? [:]
    configuration.propertyGroups = named.isEmpty ? nil : named
  }
}
#endif
