#if Server
internal import Rollbook

extension API {
  func updateApplication(_ call: Call) async throws(WireError) -> JSONValue {
    let input = call.input
    let update = input["ApplicationConfigurationUpdate"]
    let (application, current, request) = try await updateRequest(call)
    let environment = input["RuntimeEnvironmentUpdate"]?.string
    if let environment { try checkKind(environment, nil) }
    try ConfigurationReading.checkKind(of: update, suffix: "Update")
    var asked = request
    let run = try RunConfiguration(input["RunConfigurationUpdate"])
    asked.restore = run.restore
    asked.allowNonRestoredState = run.allowNonRestoredState
    if application.runtime == "flink" { asked.runtimeEnvironment = environment }
    asked.parallelism = try ConfigurationReading.parallelism(
      of: update, current: current.configuration.service)
    let location = try CodeLocation(
      updating: update?["ApplicationCodeConfigurationUpdate"],
      current: current.configuration.service?.code, settings: settings)
    let code = try await staged(location, for: application.runtime, call)
    defer { code?.remove() }
    asked.codePath = code?.path
    let source = code?.source
    let codeName = code?.name
    asked.change = { (old) throws(RollbookError) in
      var new = old
      var service = old.service ?? ServiceSettings()
      if let role = input["ServiceExecutionRoleUpdate"]?.string { service.executionRole = role }
      if let environment { service.runtimeEnvironment = environment }
      if let source, let codeName {
        service.code = source
        new.codeName = codeName
      }
      try ConfigurationReading.update(update, &new, &service)
      try ConfigurationReading.updateLogStreams(input["CloudWatchLoggingOptionUpdates"], &service)
      new.service = service
      return new
    }
    let begun = try await begin(.update(asked), on: application, call)
    return .object([
      "ApplicationDetail": try await detail(begun),
      "OperationId": .string(begun.operation.description),
    ])
  }

  /// What all updates have in common: the version or the token that they are tied to.
  ///
  /// The version is looked at before the content is, and again when the update is written.
  func updateRequest(
    _ call: Call
  ) async throws(WireError) -> (Application, current: ApplicationVersion, UpdateRequest) {
    let application = try await application(call)
    let version = call.input["CurrentApplicationVersionId"]?.integer
    let token = call.input["ConditionalToken"]?.string
    guard version != nil || token != nil else {
      throw WireError(
        .invalidArgument,
        "CurrentApplicationVersionId or ConditionalToken must be given: an update is tied to what its "
          + "caller has seen.")
    }
    let (state, current) = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        let state = try reader.state(of: application)
        return (state, try reader.version(state.version, of: application.id))
      }
    }
    if let inFlight = state.inFlight {
      throw WireError(
        .resourceInUse,
        "\(application.name) is \(state.status.name): \(inFlight.name) \(inFlight.id) is in flight."
      )
    }
    var request = UpdateRequest { (configuration) throws(RollbookError) in configuration }
    request.redeploy = true
    request.ifVersion = version
    if let token {
      guard let newest = ConditionalToken.newest(in: token, of: application.id),
        newest == state.newest.id
      else {
        throw WireError(
          .concurrentModification,
          "\(application.name) has changed since ConditionalToken was given.")
      }
      request.ifNewest = newest
    }
    guard let current, version == nil || version == state.version else {
      throw WireError(
        .concurrentModification,
        "\(application.name) is at version \(state.version), not \(version ?? 0).")
    }
    return (application, current, request)
  }

  // MARK: Updates under another name

  func addNetwork(_ call: Call) async throws(WireError) -> JSONValue {
    let given = call.input["VpcConfiguration"]
    let (begun, version) = try await updateParts(call, as: .addNetwork) { (service) in
      let network = ServiceSettings.Network(
        id: service.nextPartID(), subnets: given?["SubnetIds"]?.texts ?? [],
        securityGroups: given?["SecurityGroupIds"]?.texts ?? [])
      service.networks = (service.networks ?? []) + [network]
    }
    return .object(
      answer(begun, call) + [
        JSONValue.Member(
          name: "VpcConfigurationDescription",
          value: version.configuration.service?.networks?.last.map(JSONValue.network) ?? .null)
      ])
  }

  func deleteNetwork(_ call: Call) async throws(WireError) -> JSONValue {
    let id = call.input["VpcConfigurationId"]?.string ?? ""
    let (begun, _) = try await updateParts(call, as: .deleteNetwork) {
      (service) throws(RollbookError) in
      guard service.networks?.contains(where: { $0.id == id }) == true else {
        throw RollbookError(.invalidArgument, "There is no VPC configuration \(id).")
      }
      service.networks?.removeAll { $0.id == id }
    }
    return .object(answer(begun, call))
  }

  func addLogStream(_ call: Call) async throws(WireError) -> JSONValue {
    let name = call.input["CloudWatchLoggingOption"]?["LogStreamARN"]?.string ?? ""
    let (begun, version) = try await updateParts(call, as: .addLogStream) { (service) in
      let stream = ServiceSettings.LogStream(id: service.nextPartID(), name: name)
      service.logStreams = (service.logStreams ?? []) + [stream]
    }
    return .object(answer(begun, call) + logStreams(of: version))
  }

  func deleteLogStream(_ call: Call) async throws(WireError) -> JSONValue {
    let id = call.input["CloudWatchLoggingOptionId"]?.string ?? ""
    let (begun, version) = try await updateParts(call, as: .deleteLogStream) {
      (service) throws(RollbookError) in
      guard service.logStreams?.contains(where: { $0.id == id }) == true else {
        throw RollbookError(.invalidArgument, "There is no CloudWatch logging option \(id).")
      }
      service.logStreams?.removeAll { $0.id == id }
    }
    return .object(answer(begun, call) + logStreams(of: version))
  }

  private typealias Begun = (operation: OperationID, state: ApplicationState)

  private func updateParts(
    _ call: Call, as name: UpdateName,
    _ change: @escaping @Sendable (inout ServiceSettings) throws(RollbookError) -> Void
  ) async throws(WireError) -> (Begun, ApplicationVersion) {
    var (application, _, request) = try await updateRequest(call)
    request.name = name
    request.change = { (old) throws(RollbookError) in
      var new = old
      var service = old.service ?? ServiceSettings()
      try change(&service)
      new.service = service
      return new
    }
    let begun = try await begin(.update(request), on: application, call)
    let state = begun.state
    let version = try await telling(begun.operation) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        try reader.version(state.version, of: state.application.id)
      }
    }
    guard let version else {
      throw WireError(.internalFailure, "The version that was made is not there.")
    }
    return (begun, version)
  }

  private func answer(_ begun: Begun, _ call: Call) -> [JSONValue.Member] {
    [
      JSONValue.Member(name: "ApplicationARN", value: .string(settings.arn(of: call.name))),
      JSONValue.Member(name: "ApplicationVersionId", value: .integer(begun.state.version)),
      JSONValue.Member(name: "OperationId", value: .string(begun.operation.description)),
    ]
  }

  private func logStreams(of version: ApplicationVersion) -> [JSONValue.Member] {
    [
      JSONValue.Member(
        name: "CloudWatchLoggingOptionDescriptions",
        value: .logStreams(version.configuration.service?.logStreams ?? []))
    ]
  }
}

extension JSONValue {
  /// A list's texts.
  var texts: [String]? { array?.compactMap(\.string) }
}
#endif
