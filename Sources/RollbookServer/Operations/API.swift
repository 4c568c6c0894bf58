#if Server
internal import Rollbook

/// The operations of the service, on an engine.
struct API: Sendable {
  let engine: Engine
  let settings: ServerSettings
  let model: ServiceModel
  /// Where code is until it is in the artifact store.
  let staging: String
  let runner: OperationRunner
  let settler: Settler

  var journal: Journal { engine.journal }

  /// Answers one call.
  ///
  /// - Parameter input: the request, brought to its types and checked against its constraints.
  func answer(_ call: Call) async throws(WireError) -> JSONValue {
    switch call.operation {
    case "CreateApplication": return try await createApplication(call)
    case "DescribeApplication": return try await describeApplication(call)
    case "ListApplications": return try await listApplications(call)
    case "UpdateApplication": return try await updateApplication(call)
    case "StartApplication": return try await startApplication(call)
    case "StopApplication": return try await stopApplication(call)
    case "RollbackApplication": return try await rollbackApplication(call)
    case "DeleteApplication": return try await deleteApplication(call)
    case "DescribeApplicationVersion": return try await describeApplicationVersion(call)
    case "ListApplicationVersions": return try await listApplicationVersions(call)
    case "CreateApplicationSnapshot": return try await createApplicationSnapshot(call)
    case "DescribeApplicationSnapshot": return try await describeApplicationSnapshot(call)
    case "ListApplicationSnapshots": return try await listApplicationSnapshots(call)
    case "DeleteApplicationSnapshot": return try await deleteApplicationSnapshot(call)
    case "ListApplicationOperations": return try await listApplicationOperations(call)
    case "DescribeApplicationOperation": return try await describeApplicationOperation(call)
    case "UpdateApplicationMaintenanceConfiguration": return try await updateMaintenance(call)
    case "TagResource": return try await tagResource(call)
    case "UntagResource": return try await untagResource(call)
    case "ListTagsForResource": return try await listTagsForResource(call)
    case "CreateApplicationPresignedUrl": return try await createPresignedURL(call)
    case "AddApplicationVpcConfiguration": return try await addNetwork(call)
    case "DeleteApplicationVpcConfiguration": return try await deleteNetwork(call)
    case "AddApplicationCloudWatchLoggingOption": return try await addLogStream(call)
    case "DeleteApplicationCloudWatchLoggingOption": return try await deleteLogStream(call)
    default:
      throw WireError(
        .unsupportedOperation,
        "\(call.operation) is for SQL and Studio applications; Rollbook runs streaming applications."
      )
    }
  }
}

/// One call: what was asked, and by whom.
struct Call: Sendable {
  let operation: String
  let input: JSONValue
  let actor: String

  var requester: Requester { Requester(actor: actor) }

  /// The name of the application that the call is about: required wherever it is asked for.
  var name: String { input["ApplicationName"]?.string ?? "" }
}

extension API {
  // MARK: What handlers share

  func application(_ call: Call) async throws(WireError) -> Application {
    try await mapping(call) { () throws(RollbookError) in
      try await engine.application(named: call.name)
    }
  }

  /// Runs a part of the engine; its errors as the service's.
  func mapping<Value>(
    _ call: Call, _ body: () async throws(RollbookError) -> Value
  ) async throws(WireError) -> Value {
    do throws(RollbookError) {
      return try await body()
    } catch {
      throw WireError(error, in: call.operation)
    }
  }

  /// Writes an operation's intent, and leaves it to be carried out; answers with what then stands.
  ///
  /// - Parameter application: what the request was checked against; its name may be another's by now.
  func begin(
    _ request: ChangeRequest, on application: Application, _ call: Call
  ) async throws(WireError) -> (operation: OperationID, state: ApplicationState) {
    try runner.checkAccepts()
    let prepared: PreparedOperation
    do throws(RollbookError) {
      prepared = try await prepare(request, on: application, call)
    } catch {
      // It may be a snapshot that is not there, which the service has other words for.
      let isOfSnapshot =
        error.code == .notFound && error.message.contains(" has no snapshot named ")
      throw isOfSnapshot
        ? WireError(.invalidArgument, error.message) : WireError(error, in: call.operation)
    }
    // What was begun is carried out, whatever becomes of the answer.
    defer { runner.perform(prepared) }
    let state = try await telling(prepared.operation.id) { () throws(RollbookError) in
      try await engine.state(of: prepared.application)
    }
    return (prepared.operation.id, state)
  }

  /// Writes an intent without waiting for what takes as long as a deployment: what has lost its driver,
  /// or is looked for, is the settler's.
  private func prepare(
    _ request: ChangeRequest, on application: Application, _ call: Call
  ) async throws(RollbookError) -> PreparedOperation {
    let state = try await engine.state(of: application)
    guard let operation = state.inFlight else {
      if case .missing(let why) = try await engine.observe(application) {
        settler.wake(for: application)
        throw RollbookError(
          .operationInFlight,
          "What runs of \(application.name) is looked for (\(why)): ask again in a minute.")
      }
      return try await engine.prepare(
        request, on: application, by: call.requester, control: runner.control)
    }
    switch request {
    case .rollback, .stop(force: true):
      return try await engine.giveUp(
        operation, in: state, for: request, by: call.requester, control: runner.control
      ) { settler.wake(for: application) }
    default:
      if try await engine.isInterrupted(state) {
        settler.wake(for: application)
        throw RollbookError(
          .operationInFlight,
          "\(operation.name) \(operation.id) of \(application.name) was interrupted, and is being "
            + "settled.")
      }
      // Refused, unless it has ended meanwhile.
      return try await engine.prepare(
        request, on: application, by: call.requester, control: runner.control)
    }
  }

  /// Reads what an answer tells of an operation that was written: where that fails, nothing says that it
  /// can be asked again.
  func telling<Value>(
    _ operation: OperationID, _ body: () async throws(RollbookError) -> Value
  ) async throws(WireError) -> Value {
    do throws(RollbookError) {
      return try await body()
    } catch {
      throw WireError(
        .internalFailure,
        "Operation \(operation) was begun, and cannot be shown now: \(error.message)")
    }
  }

  func detail(
    _ begun: (operation: OperationID, state: ApplicationState)
  ) async throws(WireError) -> JSONValue {
    try await telling(begun.operation) { () throws(RollbookError) in
      try await detail(begun.state)
    }
  }

  func detail(_ state: ApplicationState) async throws(RollbookError) -> JSONValue {
    let settings = settings
    return try await journal.read { (reader) throws(RollbookError) in
      try ApplicationDetail(reading: state, reader, settings: settings).json
    }
  }
}

extension JournalReader {
  /// The state of an application that was looked up before.
  ///
  /// - Throws: `notFound` where it was deleted meanwhile.
  borrowing func livingState(
    of application: Application
  ) throws(RollbookError) -> ApplicationState {
    let state = try state(of: application)
    guard state.status != .deleted else { throw Engine.noApplication(named: application.name) }
    return state
  }
}
#endif
