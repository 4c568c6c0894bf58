#if Server
internal import Rollbook

extension API {
  func startApplication(_ call: Call) async throws(WireError) -> JSONValue {
    let run = try RunConfiguration(call.input["RunConfiguration"])
    let begun = try await begin(
      .start(restore: run.restore, allowNonRestoredState: run.allowNonRestoredState),
      on: application(call), call)
    return .object(["OperationId": .string(begun.operation.description)])
  }

  func stopApplication(_ call: Call) async throws(WireError) -> JSONValue {
    let begun = try await begin(
      .stop(force: call.input["Force"]?.bool ?? false), on: application(call), call)
    return .object(["OperationId": .string(begun.operation.description)])
  }

  func rollbackApplication(_ call: Call) async throws(WireError) -> JSONValue {
    let begun = try await begin(
      .rollback(RollbackRequest(ifVersion: call.input["CurrentApplicationVersionId"]?.integer)),
      on: application(call), call)
    return .object([
      "ApplicationDetail": try await detail(begun),
      "OperationId": .string(begun.operation.description),
    ])
  }

  func deleteApplication(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    try Self.check(call.input["CreateTimestamp"], against: application.createdAt)
    _ = try await begin(.delete, on: application, call)
    return .object([:])
  }

  /// The tools send whole seconds of what they were given.
  static func check(_ given: JSONValue?, against time: Timestamp) throws(WireError) {
    guard let seconds = given?.seconds, let whole = Int64(exactly: seconds.rounded(.down)),
      whole == time.rawValue / 1_000_000
    else {
      throw WireError(
        .invalidArgument,
        "The creation time \(given?.seconds.map { "\($0)" } ?? "given") is not the one on record: "
          + "\(time).")
    }
  }

  func createPresignedURL(_ call: Call) async throws(WireError) -> JSONValue {
    guard call.input["UrlType"]?.string == "FLINK_DASHBOARD_URL" else {
      throw WireError(
        .unsupportedOperation, "Studio applications are not supported: no Zeppelin UI.")
    }
    let application = try await application(call)
    let found = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        let state = try reader.livingState(of: application)
        let version = try reader.version(state.version, of: application.id)
        let running = try reader.running(application.id)
        return (state.status, version?.configuration.clusterAddress, running?.token)
      }
    }
    guard found.0 == .running, let token = found.2 else {
      throw WireError(
        .resourceInUse, "\(application.name) is \(found.0.name): it has a dashboard while RUNNING.")
    }
    guard let cluster = found.1 else {
      throw WireError(.invalidArgument, "\(application.name) does not run on Flink: no dashboard.")
    }
    // A job's id is the token of its generation.
    let address = cluster.hasSuffix("/") ? String(cluster.dropLast()) : cluster
    return .object(["AuthorizedUrl": .string("\(address)/#/job/running/\(token)")])
  }
}

/// With which state a deployment begins.
struct RunConfiguration {
  var restore: RestoreSource?
  var allowNonRestoredState = false

  /// - Throws: `InvalidArgumentException`, `UnsupportedOperationException`.
  init(_ input: JSONValue?) throws(WireError) {
    guard let input else { return }
    if input["SqlRunConfigurations"] != nil {
      throw WireError(.unsupportedOperation, "SQL applications are not supported.")
    }
    allowNonRestoredState =
      input["FlinkRunConfiguration"]?["AllowNonRestoredState"]?.bool ?? false
    guard let source = input["ApplicationRestoreConfiguration"] else { return }
    let name = source["SnapshotName"]?.string
    switch source["ApplicationRestoreType"]?.string {
    case "SKIP_RESTORE_FROM_SNAPSHOT": restore = RestoreSource.none
    case "RESTORE_FROM_CUSTOM_SNAPSHOT":
      guard let name else {
        throw WireError(
          .invalidArgument, "RESTORE_FROM_CUSTOM_SNAPSHOT wants the SnapshotName to restore from.")
      }
      restore = .snapshot(name: name)
    default: restore = .latest
    }
    if name != nil, source["ApplicationRestoreType"]?.string != "RESTORE_FROM_CUSTOM_SNAPSHOT" {
      throw WireError(
        .invalidArgument, "A SnapshotName goes with RESTORE_FROM_CUSTOM_SNAPSHOT only.")
    }
  }
}
#endif
