#if Server
/// Brings a request's values to the types of their shapes, as the service's framework does: unknown
/// members and nulls are dropped, words for truth are taken for it, fractions are cut off.
struct RequestTypes {
  let model: ServiceModel

  /// - Throws: `SerializationException` for a value that is none of its type.
  func read(_ value: JSONValue, as name: String) throws(WireError) -> JSONValue {
    guard let shape = model.shapes[name] else { return value }
    switch shape.type {
    case .structure: return try structure(value, shape)
    case .list: return try list(value, shape)
    case .map: return try map(value, shape)
    case .string: return try string(value)
    case .blob: return try blob(value)
    case .boolean: return try boolean(value)
    case .integer:
      return try number(value, in: Int64(Int32.min)...Int64(Int32.max), "an Integer")
    case .long: return try number(value, in: Int64.min...Int64.max, "a Long")
    case .timestamp: return try timestamp(value)
    }
  }

  private func structure(
    _ value: JSONValue, _ shape: ServiceModel.Shape
  ) throws(WireError) -> JSONValue {
    guard case .object(let members) = value else { throw unexpected(value, where: "a structure") }
    var read: [JSONValue.Member] = []
    for member in members where member.value != .null {
      guard let name = shape.members?[member.name] else { continue }
      read.append(JSONValue.Member(name: member.name, value: try self.read(member.value, as: name)))
    }
    return .object(read)
  }

  private func list(
    _ value: JSONValue, _ shape: ServiceModel.Shape
  ) throws(WireError) -> JSONValue {
    guard case .array(let values) = value, let member = shape.member else {
      throw unexpected(value, where: "a list")
    }
    var read: [JSONValue] = []
    for value in values where value != .null { read.append(try self.read(value, as: member)) }
    return .array(read)
  }

  private func map(
    _ value: JSONValue, _ shape: ServiceModel.Shape
  ) throws(WireError) -> JSONValue {
    guard case .object(let members) = value, let name = shape.value else {
      throw unexpected(value, where: "a map")
    }
    var read: [JSONValue.Member] = []
    for member in members where member.value != .null {
      try checkText(member.name)
      read.append(JSONValue.Member(name: member.name, value: try self.read(member.value, as: name)))
    }
    return .object(read)
  }

  private func string(_ value: JSONValue) throws(WireError) -> JSONValue {
    guard case .string(let text) = value else { throw conversion(value, to: "a String") }
    try checkText(text)
    return value
  }

  /// SQLite's functions, and the programs that are given a text, take NUL for its end.
  private func checkText(_ text: String) throws(WireError) {
    if text.utf8.contains(0) {
      throw WireError(.serialization, "A text holds the character NUL.")
    }
  }

  private func blob(_ value: JSONValue) throws(WireError) -> JSONValue {
    guard case .string = value else { throw conversion(value, to: "a ByteBuffer") }
    return value
  }

  private func boolean(_ value: JSONValue) throws(WireError) -> JSONValue {
    switch value {
    case .bool: return value
    case .string(let word):
      switch word.lowercased() {
      case "true", "yes", "1": return .bool(true)
      case "false", "no", "0": return .bool(false)
      default: throw conversion(value, to: "a Boolean")
      }
    default: throw conversion(value, to: "a Boolean")
    }
  }

  private func number(
    _ value: JSONValue, in range: ClosedRange<Int64>, _ type: String
  ) throws(WireError) -> JSONValue {
    let whole: Int64?
    switch value {
    case .integer(let value): whole = value
    case .number(let value): whole = Int64(exactly: value.rounded(.towardZero))
    default: throw conversion(value, to: type)
    }
    guard let whole, range.contains(whole) else {
      throw WireError(.serialization, "A number is out of the range of \(type).")
    }
    return .integer(whole)
  }

  private func timestamp(_ value: JSONValue) throws(WireError) -> JSONValue {
    guard let seconds = value.seconds, abs(seconds) < 1e11 else {
      throw conversion(value, to: "a Timestamp: epoch seconds as a number")
    }
    return value
  }

  private func conversion(_ value: JSONValue, to type: String) -> WireError {
    let given: String
    switch value {
    case .array: return unexpected(value, where: type)
    case .object: return unexpected(value, where: type)
    case .bool: given = "Boolean"
    case .integer: given = "Long"
    case .number: given = "Double"
    case .string: given = "String"
    case .null: given = "Void"
    }
    return WireError(.serialization, "class java.lang.\(given) can not be converted to \(type)")
  }

  private func unexpected(_ value: JSONValue, where type: String) -> WireError {
    switch value {
    case .array:
      WireError(.serialization, "Start of list found where not expected: it should be \(type)")
    case .object:
      WireError(
        .serialization, "Start of structure or map found where not expected: it should be \(type)")
    default: WireError(.serialization, "Unexpected value: it should be \(type)")
    }
  }
}
#endif
