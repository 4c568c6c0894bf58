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

/// Sets a member once; false where the value is of another type, or the member was set before.
private func set<Value>(_ member: inout Value?, _ value: Value?) -> Bool {
  guard let value, member == nil else { return false }
  member = value
  return true
}
