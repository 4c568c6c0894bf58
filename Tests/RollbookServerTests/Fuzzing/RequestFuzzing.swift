#if Server
import Rollbook

@testable import RollbookServer

/// A call is refused with an error that its caller can mend, or is what the model says that it is.
enum RequestFuzzing {
  private static let model = try? ServiceModel.load()
  private static let settings: ServerSettings = {
    var settings = ServerSettings()
    settings.buckets = ["arn:aws:s3:::code": "/nonexistent"]
    return settings
  }()

  /// The largest answer to a request of a few thousand bytes.
  private static let messageLimit = 200_000

  static func check(_ bytes: [UInt8]) throws {
    guard let model else { throw Finding("the model cannot be read") }
    let parts = bytes.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    let operation = String(decoding: parts.first ?? [], as: UTF8.self)
    guard let shape = model.operations[operation] else { return }
    let input: JSONValue
    do throws(WireError) {
      let parsed = try JSONValue(parsingRequest: Array(parts.dropFirst().first ?? []))
      input = try model.input(parsed, as: shape)
    } catch {
      return try checkError(error, [.serialization, .validation])
    }
    try checkShape(input, shape, model)
    try JSONFuzzing.checkWriting(input)
    do {
      let again = try model.input(input, as: shape)
      try require(JSONWriting(again).bytes == JSONWriting(input).bytes, "read twice is another")
    } catch let error as WireError {
      throw Finding("what was accepted is refused: \(error)")
    }
    do throws(WireError) {
      try readConfiguration(input)
    } catch {
      try checkError(
        error, [.invalidArgument, .tooManyTags, .unsupportedOperation])
    }
  }

  private static func checkError(
    _ error: WireError, _ codes: Set<WireError.Code>
  ) throws {
    try require(codes.contains(error.code), "refused as \(error)")
    try require(error.status == 400, "its status is \(error.status)")
    try require(!error.message.isEmpty && error.message.utf8.count < messageLimit, "its text")
    // Its members are not in the order in which a parser puts them.
    let body = try JSONValue(parsing: JSONWriting(error.body).bytes)
    try require(
      body.members?.count == 2 && body["__type"]?.string == error.code.rawValue, "its body")
    try JSONFuzzing.checkWriting(body)
  }

  /// What calls read of their input before they ask a journal.
  private static func readConfiguration(_ input: JSONValue) throws(WireError) {
    var configuration = VersionConfiguration(codeName: "")
    var service = ServiceSettings()
    var parallelism = 1
    let given = input["ApplicationConfiguration"]
    try ConfigurationReading.checkKind(of: given, suffix: "")
    try ConfigurationReading.create(given, &configuration, &service, &parallelism)
    _ = try Tags.read(input["Tags"]?.array ?? [])
    _ = try CodeLocation(
      creating: given?["ApplicationCodeConfiguration"], settings: settings)
    let update = input["ApplicationConfigurationUpdate"]
    _ = try ConfigurationReading.parallelism(of: update, current: service)
    _ = try RunConfiguration(input["RunConfigurationUpdate"])
    _ = try CodeLocation(
      updating: update?["ApplicationCodeConfigurationUpdate"], current: nil, settings: settings)
    do throws(RollbookError) {
      try ConfigurationReading.update(update, &configuration, &service)
      try ConfigurationReading.updateLogStreams(input["CloudWatchLoggingOptionUpdates"], &service)
      try Validation.configuration(configuration)
    } catch {
      throw WireError(error, in: "UpdateApplication")
    }
  }

  /// Every value is of its shape's type, within its bounds, and nothing that is required is missing.
  private static func checkShape(
    _ value: JSONValue, _ name: String, _ model: ServiceModel
  ) throws {
    guard let shape = model.shapes[name] else { return }
    switch (shape.type, value) {
    case (.structure, .object(let members)):
      for required in shape.required ?? [] {
        try require(value[required] != nil, "\(name).\(required) is missing")
      }
      for member in members {
        guard let inner = shape.members?[member.name] else {
          throw Finding("\(name) has no member \(member.name)")
        }
        try checkShape(member.value, inner, model)
      }
    case (.map, .object(let members)):
      try checkBounds(members.count, shape, name)
      for member in members { try checkShape(member.value, shape.value ?? "", model) }
    case (.list, .array(let values)):
      try checkBounds(values.count, shape, name)
      for value in values { try checkShape(value, shape.member ?? "", model) }
    case (.string, .string(let text)):
      try checkBounds(text.unicodeScalars.count, shape, name)
      try require(!text.utf8.contains(0), "\(name) holds a NUL")
    case (.integer, .integer(let number)), (.long, .integer(let number)):
      try checkBounds(Int(number), shape, name)
    case (.blob, .string), (.boolean, .bool), (.timestamp, .integer), (.timestamp, .number): break
    default: throw Finding("\(name) is of another type: \(value)")
    }
  }

  private static func checkBounds(
    _ size: Int, _ shape: ServiceModel.Shape, _ name: String
  ) throws {
    try require(shape.min.map { size >= $0 } ?? true, "\(name) is too small")
    try require(shape.max.map { size <= $0 } ?? true, "\(name) is too large")
  }
}
#endif
