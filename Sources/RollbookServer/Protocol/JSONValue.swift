#if Server
internal import FoundationEssentials

/// A value of JSON, as a request or an answer holds it.
enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// Members keep the order in which an answer is written.
  struct Member: Sendable, Equatable {
    var name: String
    var value: JSONValue
  }

  /// An object without the members that have no value.
  static func object(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    .object(members.compactMap { (name, value) in value.map { Member(name: name, value: $0) } })
  }

  /// A member's value; nil where there is none, or null.
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self,
      let value = members.first(where: { $0.name == name })?.value, value != .null
    else { return nil }
    return value
  }

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  var members: [Member]? { if case .object(let value) = self { value } else { nil } }

  /// Seconds since 1970, with a fraction.
  var seconds: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}

extension JSONValue: Decodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: Name.self) {
      self = .object(
        // By bytes: of `é&` and an e with a mark neither is less than the other to Swift.
        try container.allKeys.sorted {
          $0.stringValue.utf8.lexicographicallyPrecedes($1.stringValue.utf8)
        }.map { name in
          Member(
            name: name.stringValue, value: try container.decode(JSONValue.self, forKey: name))
        })
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
      self = .array(values)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else {
      let value = try container.decode(Double.self)
      // A whole number is written as what it is: with an exponent it would be read as another one.
      self = Int64(exactly: value).map { .integer($0) } ?? .number(value)
    }
  }
}

extension JSONValue {
  /// No request of the service is nested half as deep, or has a tenth as many values.
  private static let depthLimit = 32
  private static let valueLimit = 50_000

  /// What a request's body holds.
  ///
  /// - Throws: `SerializationException` for what is no JSON, no UTF-8, or too deep.
  init(parsing bytes: [UInt8]) throws(WireError) {
    // A zero is in no JSON of UTF-8; with one the decoder would take the text for UTF-16.
    guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
      throw WireError(.serialization, "The request is not UTF-8.")
    }
    guard JSONValue.isSmall(bytes) else {
      throw WireError(.serialization, "The request is nested too deep, or has too many values.")
    }
    do {
      self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    } catch {
      throw WireError(.serialization, "The request is not JSON.")
    }
  }

  /// What a call's body holds.
  ///
  /// - Throws: `SerializationException` for what is no object, too.
  init(parsingRequest bytes: [UInt8]) throws(WireError) {
    try self.init(parsing: bytes)
    guard members != nil else {
      throw WireError(.serialization, "The request is not a JSON object.")
    }
  }

  /// Whether objects and lists are nested no deeper than a decoder's stack can bear, and are no more than
  /// a decoder should be given.
  private static func isSmall(_ bytes: [UInt8]) -> Bool {
    var depth = 0
    var values = 0
    var isText = false
    var isEscaped = false
    for byte in bytes {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        if depth > depthLimit { return false }
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","):
        values += 1
        if values > valueLimit { return false }
      default: break
      }
    }
    return true
  }
}
#endif
