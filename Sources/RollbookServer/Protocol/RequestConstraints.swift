#if Server
/// Checks a request against the published constraints: required members, lengths, ranges, patterns,
/// enumerations. All violations are told in one answer.
struct RequestConstraints {
  let model: ServiceModel

  /// - Throws: `ValidationException`.
  func check(_ value: JSONValue, as shape: String) throws(WireError) {
    var violations: [String] = []
    collect(value, as: shape, at: "", &violations)
    guard !violations.isEmpty else { return }
    let count = violations.count
    throw WireError(
      .validation,
      "\(count) validation error\(count == 1 ? "" : "s") detected: "
        + violations.prefix(Self.listed).joined(separator: "; "))
  }

  /// As many as one answer lists.
  private static let listed = 100

  private func collect(
    _ value: JSONValue, as name: String, at path: String, _ violations: inout [String]
  ) {
    guard violations.count < Self.listed, let shape = model.shapes[name] else { return }
    switch value {
    case .object(let members) where shape.type == .structure:
      for required in shape.required ?? [] where value[required] == nil {
        violations.append(
          violation("null", Self.join(path, required), "Member must not be null"))
      }
      for member in members {
        guard let name = shape.members?[member.name] else { continue }
        collect(member.value, as: name, at: Self.join(path, member.name), &violations)
      }
    case .object(let members):
      checkSize(members.count, shape, shown(value), path, "length", &violations)
      for member in members {
        if let key = shape.key {
          collect(.string(member.name), as: key, at: path + ".key", &violations)
        }
        if let name = shape.value {
          collect(
            member.value, as: name, at: "\(path).\(Self.short(member.name)).member", &violations)
        }
      }
    case .array(let values):
      checkSize(values.count, shape, shown(value), path, "length", &violations)
      for (index, value) in values.enumerated() {
        if let name = shape.member {
          collect(value, as: name, at: "\(path).\(index + 1).member", &violations)
        }
      }
    case .string(let text) where shape.type == .blob:
      checkSize(Self.decodedCount(text), shape, "the bytes", path, "length", &violations)
    case .string(let text):
      checkSize(text.unicodeScalars.count, shape, shown(value), path, "length", &violations)
      checkText(text, shape, path, &violations)
    case .integer(let number):
      checkSize(Int(number), shape, shown(value), path, "value", &violations)
    default: break
    }
  }

  private func checkSize(
    _ size: Int, _ shape: ServiceModel.Shape, _ shown: String, _ path: String, _ what: String,
    _ violations: inout [String]
  ) {
    if let min = shape.min, size < min {
      violations.append(
        violation(shown, path, "Member must have \(what) greater than or equal to \(min)"))
    }
    if let max = shape.max, size > max {
      violations.append(
        violation(shown, path, "Member must have \(what) less than or equal to \(max)"))
    }
  }

  private func checkText(
    _ text: String, _ shape: ServiceModel.Shape, _ path: String, _ violations: inout [String]
  ) {
    if let pattern = shape.pattern, !TextPattern(pattern).matches(text) {
      violations.append(
        violation(
          shown(.string(text)), path,
          "Member must satisfy regular expression pattern: \(pattern)"))
    }
    if let values = shape.enum, !values.contains(text), !isNewerFlink(text, among: values) {
      violations.append(
        violation(
          shown(.string(text)), path,
          "Member must satisfy enum value set: [\(values.joined(separator: ", "))]"))
    }
  }

  /// Flink comes out more often than models of the service: any version's name is one of its kind.
  private func isNewerFlink(_ text: String, among values: [String]) -> Bool {
    values.contains("FLINK-1_19") && TextPattern("FLINK-[1-9]_[0-9]+").matches(text)
  }

  private func violation(_ value: String, _ path: String, _ constraint: String) -> String {
    "Value \(value) at '\(path)' failed to satisfy constraint: \(constraint)"
  }

  private func shown(_ value: JSONValue) -> String {
    switch value {
    case .string(let text):
      "'\(Self.short(text))'"
    case .integer(let number): "'\(number)'"
    default: "'[…]'"
    }
  }

  /// By its scalars: a character may be of any length.
  private static func short(_ text: String) -> String {
    text.utf8.count > 256 ? String(text.unicodeScalars.prefix(256)) + "…" : text
  }

  /// Member names in messages begin small.
  private static func join(_ path: String, _ name: String) -> String {
    let small = name.prefix(1).lowercased() + name.dropFirst()
    return path.isEmpty ? small : path + "." + small
  }

  /// How many bytes a text in base64 stands for.
  private static func decodedCount(_ text: String) -> Int {
    let padding = text.utf8.suffix(2).count { $0 == UInt8(ascii: "=") }
    return text.utf8.count / 4 * 3 - padding
  }
}
#endif
