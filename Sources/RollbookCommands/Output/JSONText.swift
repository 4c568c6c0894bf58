#if CommandLine
internal import FoundationEssentials
internal import Rollbook

/// JSON with the member names of the AWS API: those of the shapes with a capital letter.
enum JSONText {
  /// For people and `jq`: indented, members sorted.
  static func document(_ value: some Encodable) throws(RollbookError) -> String {
    try encode(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  }

  /// One line.
  static func line(_ value: some Encodable) throws(RollbookError) -> String {
    try encode(value, [.sortedKeys, .withoutEscapingSlashes])
  }

  private static func encode(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
  ) throws(RollbookError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting
    encoder.keyEncodingStrategy = .custom { path in
      MemberName(path.last?.stringValue ?? "", isCapitalized: true)
    }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self).withEscapedControls
    } catch {
      throw RollbookError(.system, "The answer cannot be written as JSON: \(error).")
    }
  }
}

extension String {
  /// A document of JSON in which nothing is left that could steer a terminal: the encoder escapes only
  /// what JSON demands.
  var withEscapedControls: String {
    // The first bytes that those characters have.
    guard utf8.contains(where: { $0 == 0x7F || $0 == 0xC2 || $0 == 0xE2 }) else { return self }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.value >= 0x7F && scalar.isControl {
        let digits = String(scalar.value, radix: 16)
        text += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }
}

/// A member's name that is not known at compile time.
struct MemberName: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String, isCapitalized: Bool = false) {
    stringValue = isCapitalized ? name.prefix(1).uppercased() + name.dropFirst() : name
  }

  init(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

/// A value as the one member of an object.
struct Document<Value: Encodable>: Encodable {
  let member: String
  let value: Value
  var nextToken: String?

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: MemberName.self)
    try container.encode(value, forKey: MemberName(member))
    try container.encodeIfPresent(nextToken, forKey: MemberName("NextToken"))
  }
}
#endif
