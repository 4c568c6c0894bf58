#if Server
internal import Rollbook

extension API {
  /// As many as an application may have before no more are taken by hand; source: the service's
  /// documentation.
  private static let snapshotLimit = 1000

  func createApplicationSnapshot(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let name = call.input["SnapshotName"]?.string ?? ""
    let limit = Self.snapshotLimit
    let count = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        try reader.snapshots(of: application.id, limit: limit).count
      }
    }
    guard count < limit else {
      throw WireError(
        .limitExceeded, "\(application.name) has \(count) snapshots: delete some first.")
    }
    _ = try await begin(.createSnapshot(name: name), on: application, call)
    return .object([:])
  }

  func describeApplicationSnapshot(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let name = call.input["SnapshotName"]?.string ?? ""
    let details = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) -> JSONValue? in
        guard let snapshot = try reader.snapshot(named: name, of: application.id),
          snapshot.status != .deleted
        else { return nil }
        return try reader.details(of: snapshot, in: try reader.state(of: application))
      }
    }
    guard let details else { throw Self.noSnapshot(name, application) }
    return .object(["SnapshotDetails": details])
  }

  func listApplicationSnapshots(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let list = "snapshots \(application.id)"
    let before = try call.token(of: list).map { SnapshotID($0) }
    let limit = call.limit
    let found = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        let state = try reader.state(of: application)
        let page = try reader.snapshots(of: application.id, before: before, limit: limit + 1)
        var details: [JSONValue] = []
        for snapshot in page.prefix(limit) {
          details.append(try reader.details(of: snapshot, in: state))
        }
        return (details, page.count > limit ? page[limit - 1].id : nil)
      }
    }
    return .object([
      "SnapshotSummaries": .array(found.0),
      "NextToken": found.1.map { .string(ListToken.text(after: $0.rawValue, of: list)) },
    ])
  }

  func deleteApplicationSnapshot(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let name = call.input["SnapshotName"]?.string ?? ""
    let found = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        try reader.snapshot(named: name, of: application.id)
      }
    }
    guard let snapshot = found, snapshot.status != .deleted else {
      throw Self.noSnapshot(name, application)
    }
    try Self.check(call.input["SnapshotCreationTimestamp"], against: snapshot.startedAt)
    _ = try await begin(.deleteSnapshot(name: name), on: application, call)
    return .object([:])
  }

  /// The words by which Terraform knows that there is none.
  private static func noSnapshot(_ name: String, _ application: Application) -> WireError {
    WireError(.invalidArgument, "Snapshot \(name) of \(application.name) does not exist.")
  }
}

extension JournalReader {
  fileprivate borrowing func details(
    of snapshot: Snapshot, in state: ApplicationState
  ) throws(RollbookError) -> JSONValue {
    let version = try version(snapshot.version, of: snapshot.application)
    let isBeingDeleted =
      state.inFlight?.kind == .deleteSnapshot
      && state.inFlight?.parameters.snapshot == snapshot.id
    return snapshot.details(
      runtimeEnvironment: version?.shownEnvironment ?? snapshot.runtimeEnvironment,
      isBeingDeleted: isBeingDeleted)
  }
}
#endif
