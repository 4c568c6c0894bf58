#if Server
import Testing

@testable import RollbookServer

/// Every constraint of the published model, wherever a request can hold it: at its bound, below, above.
@Suite struct ConstraintTests {
  private let model: ServiceModel

  init() throws { model = try ServiceModel.load() }

  private func violations(_ value: JSONValue, _ shape: String) -> String? {
    do throws(WireError) {
      try RequestConstraints(model: model).check(value, as: shape)
      return nil
    } catch {
      #expect(error.code == .validation)
      return error.message
    }
  }

  /// A request that satisfies a shape, with nothing but what it must hold.
  private func sample(_ name: String) throws -> JSONValue {
    let shape = try #require(model.shapes[name])
    switch shape.type {
    case .structure:
      return .object(
        try (shape.required ?? []).map {
          JSONValue.Member(name: $0, value: try sample(try #require(shape.members?[$0])))
        })
    case .list:
      let member = try sample(try #require(shape.member))
      return .array(Array(repeating: member, count: Int(shape.min ?? 0)))
    case .map:
      let value = try sample(try #require(shape.value))
      return .object([JSONValue.Member(name: "k", value: value)])
    case .string: return .string(text(shape, count: max(1, Int(shape.min ?? 1))))
    case .blob: return .string("")
    case .boolean: return .bool(true)
    case .integer, .long: return .integer(shape.min ?? 0)
    case .timestamp: return .integer(0)
    }
  }

  /// A text of a length that a shape's pattern and enumeration let through.
  private func text(_ shape: ServiceModel.Shape, count: Int) -> String {
    if let first = shape.enum?.first { return first }
    switch shape.pattern {
    case let pattern? where pattern.hasPrefix("arn:"):
      return "arn:" + String(repeating: "a", count: max(0, count - 4))
    case "([01][0-9]|2[0-3]):[0-5][0-9]"?: return "03:00"
    case "UTF-8"?: return "UTF-8"
    case let pattern? where pattern.contains("^\\$"):
      return "$" + String(repeating: "a", count: max(0, count - 1))
    default: return String(repeating: "a", count: count)
    }
  }

  @Test func `a sample of every operation's request passes`() throws {
    #expect(model.operations.count == 33)
    for (operation, shape) in model.operations {
      #expect(violations(try sample(shape), shape) == nil, "\(operation)")
    }
  }

  @Test func `every required member is missed`() throws {
    var count = 0
    for (name, shape) in model.shapes where shape.type == .structure {
      for required in shape.required ?? [] {
        let whole = try #require(try sample(name).members)
        let small = required.prefix(1).lowercased() + required.dropFirst()
        let message = violations(.object(whole.filter { $0.name != required }), name)
        #expect(
          message == "1 validation error detected: Value null at '\(small)' failed to satisfy "
            + "constraint: Member must not be null")
        count += 1
      }
    }
    #expect(count > 60)
  }

  @Test func `every length and every number is checked at its bounds`() throws {
    var count = 0
    for (name, shape) in model.shapes where shape.enum == nil {
      for (bound, isMax) in [(shape.min, false), (shape.max, true)] {
        // The bytes of code are looked at below.
        guard let bound, bound > 0, shape.type != .blob, bound < 200_000 || shape.type != .string
        else { continue }
        let inside = try value(name, shape, Int(bound))
        let outside = try value(name, shape, Int(bound) + (isMax ? 1 : -1))
        // A pattern may ask for more than the length does: `arn:` has four characters.
        #expect(violations(inside, name)?.contains("Member must have") != true, "\(name) \(bound)")
        let what = shape.type == .integer || shape.type == .long ? "value" : "length"
        let relation = isMax ? "less than" : "greater than"
        let message = violations(outside, name) ?? "nothing"
        #expect(
          message.contains("Member must have \(what) \(relation) or equal to \(bound)"),
          "\(name): \(message)")
        count += 1
      }
    }
    #expect(count > 80)
  }

  /// A value of a shape with so many characters or members, or of so much.
  private func value(_ name: String, _ shape: ServiceModel.Shape, _ size: Int) throws -> JSONValue {
    switch shape.type {
    case .string:
      return .string(
        size == 0 ? "" : String(text(shape, count: size).padded(to: size).prefix(size)))
    case .integer, .long: return .integer(Int64(size))
    case .list:
      let member = try sample(try #require(shape.member))
      return .array(Array(repeating: member, count: size))
    case .map:
      let value = try sample(try #require(shape.value))
      return .object((0..<size).map { JSONValue.Member(name: "k\($0)", value: value) })
    default: return try sample(name)
    }
  }

  @Test func `every enumeration lets its words through and no other`() throws {
    var count = 0
    for (name, shape) in model.shapes {
      guard let words = shape.enum else { continue }
      for word in words { #expect(violations(.string(word), name) == nil, "\(name) \(word)") }
      for word in [words[0].lowercased(), words[0] + "X", " " + words[0], ""] {
        let message = violations(.string(word), name) ?? "nothing"
        #expect(message.contains("Member must satisfy enum value set: ["), "\(name) \(word)")
      }
      count += 1
    }
    #expect(count > 10)
    #expect(
      violations(.string("SQL-1.0"), "RuntimeEnvironment")?.hasPrefix(
        "1 validation error detected: Value 'SQL-1.0' at '' failed to satisfy constraint: Member "
          + "must satisfy enum value set: [SQL-1_0, ") == true)
  }

  @Test func `a Flink that the model does not know yet is one all the same`() {
    for word in ["FLINK-2_3", "FLINK-1_21", "FLINK-3_0"] {
      #expect(violations(.string(word), "RuntimeEnvironment") == nil)
    }
    for word in ["FLINK-0_1", "FLINK-2", "FLINK-2_3_1", "flink-2_3"] {
      #expect(violations(.string(word), "RuntimeEnvironment") != nil, "\(word)")
    }
  }

  @Test(arguments: [
    ("[a-zA-Z0-9_.-]+", "aZ9_.-", ["", "a b", "a/b", "ä", "a\n"]),
    ("[a-zA-Z0-9-_+/=]+", "aZ9-_+/=", ["", "a.b", "a b", "é"]),
    ("arn:.*", "arn:x", ["", "ar", "xarn:", "ARN:x", "arn:x\ny", "arn:\r"]),
    ("([01][0-9]|2[0-3]):[0-5][0-9]", "23:59", ["24:00", "23:60", "3:00", "03:00 "]),
    ("[^-\\s<>&]*", "abc", ["a-b", "a b", "<"]),
    ("UTF-8", "UTF-8", ["utf-8", "UTF-16"]),
  ])
  func `patterns are matched as a whole`(pattern: String, good: String, bad: [String]) {
    #expect(TextPattern(pattern).matches(good))
    for text in bad { #expect(!TextPattern(pattern).matches(text), "\(text)") }
  }

  @Test func `every pattern of the model can be compiled`() throws {
    for (name, shape) in model.shapes {
      guard let pattern = shape.pattern else { continue }
      // A name of another world matches none of them, unless anything may.
      let odd = TextPattern(pattern).matches("\u{1}-<")
      #expect(!odd, "\(name): \(pattern)")
    }
  }

  @Test func `several violations are told in one answer, with where they are`() {
    let request = JSONValue.object([
      "ApplicationName": .string("a b"), "CurrentApplicationVersionId": .integer(0),
      "ApplicationConfigurationUpdate": .object([
        "EnvironmentPropertyUpdates": .object([
          "PropertyGroups": .array([
            .object(["PropertyGroupId": .string(""), "PropertyMap": .object([:])])
          ])
        ])
      ]),
    ])
    let message = violations(request, "UpdateApplicationRequest") ?? ""
    #expect(message.hasPrefix("5 validation errors detected: "), "\(message)")
    #expect(message.contains("at 'applicationName'"))
    #expect(message.contains("at 'currentApplicationVersionId'"))
    let place =
      "applicationConfigurationUpdate.environmentPropertyUpdates.propertyGroups.1.member"
    #expect(message.contains("at '\(place).propertyGroupId'"))
    #expect(message.contains("at '\(place).propertyMap'"))
  }

  @Test func `the bytes of code are counted as they are, not as they come`() {
    // 52,428,800 bytes are 69,905,068 characters of base64, two of them padding.
    let largest = String(repeating: "A", count: 69_905_067) + "="
    #expect(violations(.string(largest), "ZipFileContent") == nil)
    #expect(violations(.string(largest + "AAAA"), "ZipFileContent") != nil)
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String {
    self + String(repeating: "a", count: max(0, count - self.count))
  }
}
#endif
