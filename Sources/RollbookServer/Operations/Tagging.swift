#if Server
internal import Rollbook

// Tags and maintenance windows are no operations: they are journalled as changes of the application.

extension API {
  func tagResource(_ call: Call) async throws(WireError) -> JSONValue {
    let added = try Tags.read(call.input["Tags"]?.array ?? [])
    try await changeTags(call) { $0.merging(added) { $1 } }
    return .object([:])
  }

  func untagResource(_ call: Call) async throws(WireError) -> JSONValue {
    let removed = Set(call.input["TagKeys"]?.texts ?? [])
    try await changeTags(call) { $0.filter { !removed.contains($0.key) } }
    return .object([:])
  }

  func listTagsForResource(_ call: Call) async throws(WireError) -> JSONValue {
    let name = try resourceName(call)
    let tags = try await mapping(call) { () throws(RollbookError) in
      let application = try await engine.application(named: name)
      return try await journal.read { (reader) throws(RollbookError) in
        try reader.tags(of: application.id)
      }
    }
    return .object([
      "Tags": .array(
        tags.sorted { $0.key < $1.key }.map { (key, value) in
          .object(["Key": .string(key), "Value": .string(value)])
        })
    ])
  }

  private func changeTags(
    _ call: Call, _ change: @escaping @Sendable ([String: String]) -> [String: String]
  ) async throws(WireError) {
    let name = try resourceName(call)
    let actor = call.actor
    let isDone = try await mapping(call) { () throws(RollbookError) in
      let application = try await engine.application(named: name)
      return try await journal.write { (writer) throws(RollbookError) -> Bool in
        let before = try writer.reader.tags(of: application.id)
        let after = change(before)
        if after.count > Tags.limit { return false }
        if after != before { try writer.record(.tags(after), of: application.id, actor: actor) }
        return true
      }
    }
    guard isDone else { throw Tags.tooMany }
  }

  /// The name of the application that an ARN is of.
  private func resourceName(_ call: Call) throws(WireError) -> String {
    let arn = call.input["ResourceARN"]?.string ?? ""
    let prefix = settings.arn(of: "")
    guard arn.hasPrefix(prefix), arn.count > prefix.count else {
      throw WireError(
        .invalidArgument, "\(arn.prefix(256)) is not the ARN of an application: \(prefix)NAME.")
    }
    return String(arn.dropFirst(prefix.count))
  }

  func updateMaintenance(_ call: Call) async throws(WireError) -> JSONValue {
    let application = try await application(call)
    let update = call.input["ApplicationMaintenanceConfigurationUpdate"]
    let start = update?["ApplicationMaintenanceWindowStartTimeUpdate"]?.string ?? ""
    let actor = call.actor
    let status = try await mapping(call) { () throws(RollbookError) in
      try await journal.write { (writer) throws(RollbookError) -> ApplicationStatus in
        let status = try writer.reader.livingState(of: application).status
        if status == .ready || status == .running {
          try writer.record(.maintenanceWindow(start: start), of: application.id, actor: actor)
        }
        return status
      }
    }
    guard status == .ready || status == .running else {
      throw WireError(
        .resourceInUse, "\(application.name) is \(status.name); this needs it READY or RUNNING.")
    }
    return .object([
      "ApplicationARN": .string(settings.arn(of: application.name)),
      "ApplicationMaintenanceConfigurationDescription": MaintenanceWindow(
        start: start, region: settings.region
      ).json,
    ])
  }
}

enum Tags {
  /// As many as an application may have; source: the service's documentation.
  static let limit = 50

  static let tooMany = WireError(
    .tooManyTags, "An application can have at most \(limit) tags.")

  /// - Throws: `InvalidArgumentException`, `TooManyTagsException`.
  static func read(_ tags: [JSONValue]) throws(WireError) -> [String: String] {
    var read: [String: String] = [:]
    for tag in tags {
      let key = tag["Key"]?.string ?? ""
      guard !key.hasPrefix("aws:") else {
        throw WireError(
          .invalidArgument, "Tags that begin with aws: are the service's own: \(key).")
      }
      guard read.updateValue(tag["Value"]?.string ?? "", forKey: key) == nil else {
        throw WireError(.invalidArgument, "The tag \(key) is given twice.")
      }
    }
    guard read.count <= limit else { throw tooMany }
    return read
  }
}
#endif
