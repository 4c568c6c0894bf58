#if Server
internal import Rollbook

extension API {
  func describeApplication(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let settings = settings
    let detail = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        try ApplicationDetail(
          reading: try reader.livingState(of: application), reader, settings: settings
        ).json
      }
    }
    return .object(["ApplicationDetail": detail])
  }

  func listApplications(_ call: Call) async throws(WireError) -> JSONValue {
    let limit = call.limit
    let after = call.input["NextToken"]?.string
    let settings = settings
    let found = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        var summaries: [JSONValue] = []
        // One more, to know whether there is a next page.
        let page = try reader.applications(after: after, limit: limit + 1)
        for application in page.prefix(limit) {
          let state = try reader.state(of: application)
          let version = try reader.version(state.version, of: application.id)
          summaries.append(settings.summary(of: state, version))
        }
        return (summaries, page.count > limit ? page[limit - 1].name : nil)
      }
    }
    return .object([
      "ApplicationSummaries": .array(found.0), "NextToken": found.1.map(JSONValue.string),
    ])
  }

  func describeApplicationVersion(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let number = call.input["ApplicationVersionId"]?.integer ?? 0
    let settings = settings
    let detail = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) -> JSONValue? in
        guard let version = try reader.version(number, of: application.id) else { return nil }
        return try ApplicationDetail(
          reading: try reader.livingState(of: application), at: version, reader, settings: settings
        ).json
      }
    }
    guard let detail else {
      throw WireError(
        .resourceNotFound, "\(application.name) has no version \(number).")
    }
    return .object(["ApplicationVersionDetail": detail])
  }

  func listApplicationVersions(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let list = "versions \(application.id)"
    let before = try call.token(of: list)
    let limit = call.limit
    let found = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        let state = try reader.livingState(of: application)
        var summaries: [JSONValue] = []
        let page = try reader.versions(of: application.id, before: before, limit: limit + 1)
        for version in page.prefix(limit) {
          let status = try reader.status(of: version, in: state)
          summaries.append(
            .object([
              "ApplicationVersionId": .integer(version.version),
              "ApplicationStatus": .string(status),
            ]))
        }
        return (summaries, page.count > limit ? page[limit - 1].version : nil)
      }
    }
    return .object([
      "ApplicationVersionSummaries": .array(found.0),
      "NextToken": found.1.map { .string(ListToken.text(after: $0, of: list)) },
    ])
  }

  func listApplicationOperations(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let name = call.input["Operation"]?.string
    let status = call.input["OperationStatus"]?.string.flatMap(OperationStatus.init(name:))
    let list = "operations \(application.id) \(name ?? "*") \(status?.name ?? "*")"
    let before = try call.token(of: list).map { OperationID($0) }
    // A name that nothing is called is no error: nothing was done under it.
    guard
      let filter = name.map({ OperationFilter(name: $0, status: status) })
        ?? OperationFilter(status: status)
    else { return .object(["ApplicationOperationInfoList": .array([])]) }
    let limit = call.limit
    let page = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) in
        try reader.operations(of: application.id, filter: filter, before: before, limit: limit)
      }
    }
    return .object([
      "ApplicationOperationInfoList": .array(page.records.map(\.info)),
      "NextToken": page.next.map { .string(ListToken.text(after: $0.rawValue, of: list)) },
    ])
  }

  func describeApplicationOperation(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let text = call.input["OperationId"]?.string ?? ""
    let missing = WireError(
      .resourceNotFound, "\(application.name) has no operation \(text.prefix(64)).")
    guard let number = Int64(text), String(number) == text else { throw missing }
    let details = try await mapping(call) { () throws(RollbookError) in
      try await journal.read { (reader) throws(RollbookError) -> JSONValue? in
        guard let record = try reader.record(OperationID(number)),
          record.operation.application == application.id
        else { return nil }
        return record.details(try reader.failure(of: record.operation.id))
      }
    }
    guard let details else { throw missing }
    return .object(["ApplicationOperationInfoDetails": details])
  }
}

extension Call {
  /// As many as a page has at most where nothing is said; source: our choice, the service's own is
  /// not documented.
  private static let pageLimit = 50

  var limit: Int { Int(input["Limit"]?.integer ?? Int64(Call.pageLimit)) }

  /// Where a page begins.
  func token(of list: String) throws(WireError) -> Int64? {
    guard let text = input["NextToken"]?.string else { return nil }
    guard let place = ListToken.place(in: text, of: list) else {
      throw WireError(.invalidArgument, "NextToken is not one of this list.")
    }
    return place
  }
}
#endif
