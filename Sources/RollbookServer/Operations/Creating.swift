#if Server
internal import Rollbook

extension API {
  func createApplication(_ call: Call) async throws(WireError) -> JSONValue {
    try runner.checkAccepts()
    let input = call.input
    let environment = input["RuntimeEnvironment"]?.string ?? ""
    try checkKind(environment, input["ApplicationMode"]?.string)
    let given = input["ApplicationConfiguration"]
    var configuration = VersionConfiguration(codeName: "")
    configuration.description = input["ApplicationDescription"]?.string ?? ""
    settings.apply(to: &configuration)
    var service = ServiceSettings()
    service.executionRole = input["ServiceExecutionRole"]?.string
    service.runtimeEnvironment = environment
    var parallelism = 1
    try ConfigurationReading.create(given, &configuration, &service, &parallelism)
    service.logStreams = input["CloudWatchLoggingOptions"]?.array.map { options in
      options.map { option in
        ServiceSettings.LogStream(
          id: service.nextPartID(), name: option["LogStreamARN"]?.string ?? "")
      }
    }
    let tags = try input["Tags"]?.array.map { (tags) throws(WireError) in try Tags.read(tags) }
    let location = try CodeLocation(
      creating: given?["ApplicationCodeConfiguration"], settings: settings)
    // Whoever would be refused for it need not have code copied first.
    let isTaken = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        try reader.livingApplication(named: call.name) != nil
      }
    }
    if isTaken { throw WireError(JournalWriter.nameTaken(call.name), in: call.operation) }
    let code = try await staged(location, for: settings.runtime, call)
    defer { code?.remove() }
    configuration.codeName = code?.name ?? ""
    service.code = code?.source
    configuration.service = service
    var request = CreateRequest(
      name: call.name, runtime: settings.runtime, codePath: code?.path,
      configuration: configuration, parallelism: parallelism)
    request.runtimeEnvironment = settings.runtime == "flink" ? environment : nil
    request.tags = tags
    let asked = request
    let report = try await mapping(call) { () throws(RollbookError) in
      try await engine.create(asked, by: call.requester)
    }
    runner.metrics.count(report.record)
    return .object([
      "ApplicationDetail": try await detail((report.record.operation.id, report.state))
    ])
  }

  /// - Throws: `UnsupportedOperationException` for what is no streaming application.
  func checkKind(_ environment: String, _ mode: String?) throws(WireError) {
    if environment.hasPrefix("SQL-") {
      throw WireError(.unsupportedOperation, "SQL applications are not supported.")
    }
    if environment.hasPrefix("ZEPPELIN-") || mode == "INTERACTIVE" {
      throw WireError(.unsupportedOperation, "Studio applications are not supported.")
    }
  }

  /// Code as a file or a folder of its own, until it is in the store; nil where none is given.
  func staged(
    _ location: CodeLocation?, for runtime: String, _ call: Call
  ) async throws(WireError) -> StagedCode? {
    guard let location else { return nil }
    let staging = CodeStaging(folder: staging, unpacks: runtime == "process")
    return try await mapping(call) { () throws(RollbookError) in
      try await staging.stage(location)
    }
  }
}
#endif
