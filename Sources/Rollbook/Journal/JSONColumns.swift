// Columns that are read often: their JSON is plain nearly always.

extension OperationParameters {
  /// What a column holds; nothing where it is NULL.
  init(column text: String?) throws(RollbookError) {
    self.init()
    guard let text else { return }
    if let members = PlainJSON.members(of: text), takePlain(members) { return }
    self = try decodedJSON(text, as: OperationParameters.self)
  }

  /// Takes members that are plain; false where one is not, or is not known here.
  private mutating func takePlain(_ members: PlainJSON.Members) -> Bool {
    members.allSatisfy { (name, value) in
      switch name {
      case "name": set(&self.name, value.asText.flatMap(UpdateName.init(rawValue:)))
      case "restore": set(&restore, value.asText.map(RestoreSource.init(text:)))
      case "allowNonRestoredState": set(&allowNonRestoredState, value.asTruth)
      case "force": set(&force, value.asTruth)
      case "snapshotName": set(&snapshotName, value.asText)
      case "snapshot": set(&snapshot, value.asNumber.map { SnapshotID($0) })
      case "cause": set(&cause, value.asText)
      case "abandon": set(&abandon, value.asTruth)
      default: false
      }
    }
  }
}

extension StepDetail {
  /// What a column holds; nothing where it is NULL.
  init(column text: String?) throws(RollbookError) {
    self.init()
    guard let text else { return }
    if let members = PlainJSON.members(of: text), takePlain(members) { return }
    self = try decodedJSON(text, as: StepDetail.self)
  }

  /// Takes members that are plain; false where one is not, or is not known here.
  private mutating func takePlain(_ members: PlainJSON.Members) -> Bool {
    members.allSatisfy { (name, value) in
      switch name {
      case "generation": set(&generation, value.asText.map(GenerationToken.init(rawValue:)))
      case "version": set(&version, value.asNumber)
      case "parallelism": set(&parallelism, value.asNumber.map { Int($0) })
      case "place": set(&place, value.asTexts)
      case "secretDigests": set(&secretDigests, value.asTexts)
      case "snapshot": set(&snapshot, value.asText)
      case "snapshotID": set(&snapshotID, value.asNumber.map { SnapshotID($0) })
      case "snapshotReason": set(&snapshotReason, value.asText)
      case "holder": set(&holder, value.asText)
      case "observed": set(&observed, value.asText)
      case "verdict": set(&verdict, value.asText)
      case "message": set(&message, value.asText)
      default: false
      }
    }
  }
}

extension Query {
  /// A column that holds where a generation runs.
  borrowing func place(_ column: Int32) throws(RollbookError) -> Place? {
    guard let text = optionalText(column) else { return nil }
    if let plain = PlainJSON.members(of: text).flatMap({ PlainJSON.object($0).asTexts }) {
      return plain
    }
    return try decodedJSON(text, as: Place.self)
  }
}

extension VersionConfiguration {
  /// What a column holds.
  init(column text: String) throws(RollbookError) {
    if let members = PlainJSON.members(of: text), let plain = Self.plain(members) {
      self = plain
    } else {
      self = try decodedJSON(text, as: VersionConfiguration.self)
    }
  }

  /// Nil where a member is not plain, not known here, not in its order, or not there although it must be.
  static func plain(_ members: PlainJSON.Members) -> VersionConfiguration? {
    var read = VersionConfiguration(codeName: "")
    var requiredCount = 0
    var last = ""
    for (name, value) in members {
      // As the journal writes them none is there twice.
      guard last < name else { return nil }
      last = name
      if read.takeRequired(name, value) {
        requiredCount += 1
      } else if !read.takeOptional(name, value) {
        return nil
      }
    }
    return requiredCount == Self.requiredCount ? read : nil
  }

  /// How many members every configuration has.
  private static let requiredCount = 14

  private mutating func takeRequired(_ name: String, _ value: PlainJSON) -> Bool {
    switch name {
    case "arguments": set(&arguments, value.asArray)
    case "bakeSeconds": set(&bakeSeconds, value.asNumber.map(Double.init))
    case "codeName": set(&codeName, value.asText)
    case "description": set(&description, value.asText)
    case "environment": set(&environment, value.asTexts)
    case "properties": set(&properties, value.asTexts)
    case "rollbackEnabled": set(&rollbackEnabled, value.asTruth)
    // With a secret it is no object of texts, and left to the decoder.
    case "secretProperties": value.asTexts?.isEmpty ?? false
    case "settleSeconds": set(&settleSeconds, value.asNumber.map(Double.init))
    case "snapshotTimeoutSeconds": set(&snapshotTimeoutSeconds, value.asNumber.map(Double.init))
    case "snapshotsEnabled": set(&snapshotsEnabled, value.asTruth)
    case "stopGraceSeconds": set(&stopGraceSeconds, value.asNumber.map(Double.init))
    case "submitGraceSeconds": set(&submitGraceSeconds, value.asNumber.map(Double.init))
    case "timeoutSeconds": set(&timeoutSeconds, value.asNumber.map(Double.init))
    default: false
    }
  }

  private mutating func takeOptional(_ name: String, _ value: PlainJSON) -> Bool {
    switch name {
    case "clusterAddress": set(&clusterAddress, value.asText)
    case "clusterTrust": set(&clusterTrust, value.asText)
    case "entryClass": set(&entryClass, value.asText)
    case "maxParallelism": set(&maxParallelism, value.asNumber.map { Int($0) })
    case "readyCheck": set(&readyCheck, value.asText)
    case "snapshotDirectory": set(&snapshotDirectory, value.asText)
    default: false
    }
  }
}

/// Sets a member; false where the value is of another type.
private func set<Value>(_ member: inout Value, _ value: Value?) -> Bool {
  guard let value else { return false }
  member = value
  return true
}

/// Sets a member once; false where the value is of another type, or the member was set before.
private func set<Value>(_ member: inout Value?, _ value: Value?) -> Bool {
  guard let value, member == nil else { return false }
  member = value
  return true
}
