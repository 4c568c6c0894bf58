#if Server
import Foundation
import Testing

@testable import RollbookServer

/// What a request's text is taken for.
@Suite struct RequestTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8))
  }

  private func read(_ text: String, as shape: String) throws -> JSONValue {
    try RequestTypes(model: try ServiceModel.load()).read(try parse(text), as: shape)
  }

  private func refusal(_ text: String, as shape: String) throws -> String {
    do {
      let value = try read(text, as: shape)
      Issue.record("taken for \(value)")
      return ""
    } catch let error as WireError {
      #expect(error.code == .serialization)
      return error.message
    }
  }

  @Test(arguments: ["", "{", "[1,", "{\"a\"}", "nul", "{\"a\":1}x", "\"\\uD800\"", "{'a':1}"])
  func `what is no JSON is refused`(text: String) {
    #expect(throws: WireError.self) { try parse(text) }
  }

  @Test func `what is nested too deep is refused before it is read`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(
      throws: WireError(.serialization, "The request is nested too deep, or has too many values.")
    ) {
      try parse(deep)
    }
    #expect(throws: WireError.self) {
      try parse(String(repeating: "{\"a\":", count: 50) + "1" + String(repeating: "}", count: 50))
    }
    // Brackets in a text are no nesting.
    #expect(throws: Never.self) { try parse("\"\(String(repeating: "[", count: 1000))\\\"[\"") }
  }

  @Test func `too many values are refused before they are read`() {
    let many = "[" + String(repeating: "1,", count: 60_000) + "1]"
    #expect(throws: WireError.self) { try parse(many) }
  }

  @Test func `bad UTF-8 is refused`() {
    #expect(throws: WireError(.serialization, "The request is not UTF-8.")) {
      try JSONValue(parsing: [0x22, 0xff, 0x22])
    }
    // The decoder would take this for UTF-16, in which what is counted begins elsewhere.
    let wide = Array("{\"\u{122}\":[\(String(repeating: "0,", count: 60_000))0]}".utf16)
      .flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    #expect(throws: WireError(.serialization, "The request is not UTF-8.")) {
      try JSONValue(parsing: wide)
    }
  }

  @Test func `unknown members and nulls are dropped`() throws {
    let value = try read(
      "{\"ApplicationName\":\"a\",\"Force\":null,\"Other\":{\"x\":[1]}}",
      as: "StopApplicationRequest")
    #expect(value == .object(["ApplicationName": .string("a")]))
  }

  @Test(arguments: [
    ("true", true), ("\"true\"", true), ("\"Yes\"", true), ("\"1\"", true), ("false", false),
    ("\"false\"", false), ("\"no\"", false), ("\"0\"", false),
  ])
  func `words for truth are taken for it`(text: String, expected: Bool) throws {
    #expect(try read(text, as: "BooleanObject") == .bool(expected))
  }

  @Test func `fractions are cut off`() throws {
    #expect(try read("3.9", as: "ListApplicationsInputLimit") == .integer(3))
    #expect(try read("-3.9", as: "CheckpointInterval") == .integer(-3))
  }

  @Test(arguments: [
    ("\"5\"", "ListApplicationsInputLimit"), ("2147483648", "ListApplicationsInputLimit"),
    ("1e300", "ApplicationVersionId"), ("9223372036854775808", "ApplicationVersionId"),
    ("[]", "ApplicationVersionId"), ("{}", "ApplicationName"), ("5", "ApplicationName"),
    ("true", "ApplicationName"), ("\"maybe\"", "BooleanObject"), ("7", "BooleanObject"),
    ("\"2026-11-26T00:00:00Z\"", "Timestamp"), ("1e300", "Timestamp"), ("\"x\"", "Tags"),
    ("{}", "Tags"), ("[]", "PropertyMap"), ("[]", "Tag"), ("\"a\\u0000b\"", "ApplicationName"),
    ("{\"a\\u0000\":\"b\"}", "PropertyMap"), ("5", "ZipFileContent"),
  ])
  func `values of another type are refused`(text: String, shape: String) throws {
    #expect(try !refusal(text, as: shape).isEmpty)
  }

  @Test func `an answer is JSON, whatever its texts hold`() throws {
    let value = JSONValue.object([
      "Text": .string("\"\\\n\t\r\u{1}\u{7F}é🦊"), "List": .array([.bool(true), .null]),
      "Number": .integer(-5), "Time": .number(1_795_667_900.628641), "Nothing": nil,
    ])
    let bytes = JSONWriting(value).bytes
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(object["Text"] as? String == "\"\\\n\t\r\u{1}\u{7F}é🦊")
    #expect(object["Time"] as? Double == 1_795_667_900.628641)
    #expect(object.keys.sorted() == ["List", "Number", "Text", "Time"])
  }

  @Test func `an error carries its text under the name that the model gives it`() {
    let own = JSONWriting(WireError(.resourceInUse, "x").body).bytes
    #expect(
      String(decoding: own, as: UTF8.self)
        == "{\"__type\":\"ResourceInUseException\",\"Message\":\"x\"}")
    for code in [WireError.Code.tooManyTags, .validation, .serialization] {
      #expect(WireError(code, "x").body["message"] == .string("x"))
      #expect(WireError(code, "x").status == 400)
    }
  }
}
#endif
