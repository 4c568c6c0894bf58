import Testing

@testable import Rollbook

/// The journal's own reader of plain JSON agrees with the general decoder, or leaves the text to it.
@Suite struct PlainJSONTests {
  @Test(arguments: [
    "{}", #"{"restore":"latest"}"#, #"{"restore":"snapshot a b"}"#, #"{"force":true}"#,
    #"{"abandon":false,"cause":"exited"}"#, #"{"snapshot":12,"snapshotName":"s-1"}"#,
    #"{"allowNonRestoredState":true,"restore":"none"}"#,
  ])
  func readsParameters(_ text: String) throws {
    #expect(PlainJSON.members(of: text) != nil)
    let decoded = try decodedJSON(text, as: OperationParameters.self)
    #expect(try OperationParameters(column: text) == decoded)
  }

  @Test(arguments: [
    #"{"restore":"snapsh\u00f6t"}"#, #"{"restore":"snapshot ö"}"#, #"{"unknown":[1,2]}"#,
    #"{"target":{"parallelism":2,"version":3}}"#, #"{ "force" : true }"#, #"{"force":null}"#,
    #"{"later":1}"#,
  ])
  func leavesTheRestToTheDecoder(_ text: String) throws {
    let decoded = try decodedJSON(text, as: OperationParameters.self)
    #expect(try OperationParameters(column: text) == decoded)
  }

  @Test(arguments: [
    #"{"force":1}"#, #"{"snapshot":"x"}"#, #"{"snapshot":1.5}"#, #"{"snapshot":01}"#, "{", "[]",
    #"{"force":true"#, #"{"force":true}}"#, #"{"force":tru}"#, #"{"snapshot":-}"#, "",
    #"{"snapshot":99999999999999999999}"#, #"{"restore":"latest}"#, #"{"force" true}"#,
  ])
  func refusesWhatTheDecoderRefuses(_ text: String) {
    #expect(throws: RollbookError.self) { try decodedJSON(text, as: OperationParameters.self) }
    #expect(throws: RollbookError.self) { try OperationParameters(column: text) }
  }

  @Test(arguments: [
    "{}",
    #"{"generation":"0011","parallelism":-2,"version":0}"#,
    #"{"generation":"0011","place":{"pid":"12","start":"99"}}"#,
    #"{"place":{}}"#, #"{"snapshot":"a","snapshotID":7,"snapshotReason":"newest"}"#,
    #"{"holder":"me","message":"x","observed":"y","verdict":"z"}"#,
    #"{"failure":{"evidence":{"signal":9},"phase":"start","rootCause":"a","text":"b"}}"#,
  ])
  func readsDetails(_ text: String) throws {
    let decoded = try decodedJSON(text, as: StepDetail.self)
    #expect(try StepDetail(column: text) == decoded)
  }

  @Test func readsWhatTheJournalWrites() throws {
    var detail = StepDetail()
    detail.generation = GenerationToken.random()
    detail.version = 12
    detail.parallelism = 3
    detail.place = ["pid": "4711", "started": "12345"]
    detail.snapshot = "auto-v3-12"
    detail.snapshotID = SnapshotID(5)
    let text = try journalJSON(detail)
    #expect(PlainJSON.members(of: text) != nil)
    #expect(try StepDetail(column: text) == detail)
  }

  @Test func whatIsNestedDeepIsLeftToTheDecoder() {
    let deep =
      String(repeating: "{\"a\":", count: 200_000) + "1" + String(repeating: "}", count: 200_000)
    #expect(PlainJSON.members(of: deep) == nil)
  }

  @Test func readsConfigurations() throws {
    var configuration = VersionConfiguration(codeName: "shop")
    // One more would have to be read plainly too, or be left to the decoder.
    #expect(Mirror(reflecting: configuration).children.count == 23)
    #expect(try readPlainly(configuration) == configuration)
    configuration.arguments = ["--port", "8080"]
    configuration.properties = ["region": "eu"]
    configuration.maxParallelism = 8
    configuration.entryClass = "com.example.Job"
    configuration.clusterAddress = "https://flink:8081"
    configuration.clusterTrust = "/etc/ca.pem"
    configuration.snapshotDirectory = "s3://bucket/snapshots"
    configuration.readyCheck = "test -e ready"
    configuration.settleSeconds = 3
    configuration.timeoutSeconds = 4
    configuration.bakeSeconds = 5
    configuration.submitGraceSeconds = 6
    configuration.stopGraceSeconds = 7
    configuration.snapshotTimeoutSeconds = 8
    configuration.rollbackEnabled = true
    configuration.snapshotsEnabled = false
    configuration.description = "the shop"
    configuration.environment = ["PATH": "/usr/bin"]
    #expect(try readPlainly(configuration) == configuration)
  }

  /// As the journal writes it and reads it, which must be what the decoder reads.
  private func readPlainly(_ configuration: VersionConfiguration) throws -> VersionConfiguration {
    let text = try journalJSON(configuration)
    let members = try #require(PlainJSON.members(of: text))
    #expect(VersionConfiguration.plain(members) == configuration)
    #expect(try decodedJSON(text, as: VersionConfiguration.self) == configuration)
    return try VersionConfiguration(column: text)
  }

  @Test func leavesOtherConfigurationsToTheDecoder() throws {
    var configuration = VersionConfiguration(codeName: "shop")
    configuration.settleSeconds = 0.25
    configuration.description = "größer \"und\" schneller"
    configuration.propertyGroups = ["a": ["b": "c"]]
    configuration.secretProperties = ["key": SecretReference(path: "/run/key", digest: "00")]
    configuration.service = ServiceSettings()
    let text = try journalJSON(configuration)
    #expect(try VersionConfiguration(column: text) == configuration)
  }

  @Test(arguments: [
    ("\"codeName\":\"shop\",", ""), ("\"arguments\":[]", "\"arguments\":[1]"),
    ("\"arguments\":[]", "\"arguments\":{}"), ("\"settleSeconds\":2,", ""),
    ("\"bakeSeconds\":0", "\"bakeSeconds\":\"0\""), ("}", ""),
  ])
  func refusesOtherConfigurations(_ part: String, _ other: String) throws {
    let text = try journalJSON(VersionConfiguration(codeName: "shop"))
    let damaged = text.replacing(part, with: other)
    #expect(damaged != text)
    #expect(throws: RollbookError.self) { try VersionConfiguration(column: damaged) }
  }

  @Test(arguments: [
    "arguments", "bakeSeconds", "codeName", "description", "environment", "properties",
    "rollbackEnabled", "secretProperties", "settleSeconds", "snapshotTimeoutSeconds",
    "snapshotsEnabled", "stopGraceSeconds", "submitGraceSeconds", "timeoutSeconds",
  ]) func aConfigurationHasAllItsMembers(_ name: String) throws {
    let text = try journalJSON(VersionConfiguration(codeName: "shop"))
    let member = try Regex("\"\(name)\":(\"[^\"]*\"|\\[\\]|\\{[^}]*\\}|[a-z0-9]+),?")
    let without = text.replacing(member, with: "").replacing(",}", with: "}")
    #expect(without.count < text.count)
    #expect(
      PlainJSON.members(of: without)?.count == PlainJSON.members(of: text).map { $0.count - 1 })
    #expect(throws: RollbookError.self) { try VersionConfiguration(column: without) }
  }

  @Test func membersThatAreThereTwiceOrOutOfOrderAreLeftToTheDecoder() throws {
    let configuration = VersionConfiguration(codeName: "shop")
    let text = try journalJSON(configuration)
    for changed in [
      text.replacing("\"codeName\"", with: "\"codeName\":\"other\",\"codeName\""),
      "{\"timeoutSeconds\":300," + text.dropFirst().replacing(",\"timeoutSeconds\":300", with: ""),
    ] {
      let members = try #require(PlainJSON.members(of: changed))
      #expect(VersionConfiguration.plain(members) == nil)
      let decoded = try decodedJSON(changed, as: VersionConfiguration.self)
      #expect(try VersionConfiguration(column: changed) == decoded)
    }
  }

  @Test(arguments: [
    "plain", "", "a/b", "quoted \"x\"", "back\\slash", "größer", "line\nbreak", "tab\t", "\u{7f}",
    "\u{1F600}",
  ])
  func writesDetailsAsTheEncoderDoes(_ text: String) throws {
    var detail = StepDetail()
    // One more would have to be written too: here, and by its writer.
    #expect(Mirror(reflecting: detail).children.count == 13)
    #expect(try detail.columnText() == nil)
    detail.message = text
    #expect(try detail.columnText() == journalJSON(detail))
    detail.generation = GenerationToken.random()
    detail.holder = "process 1"
    detail.observed = text
    detail.parallelism = -3
    detail.place = ["pid": "4711", "Pid": text, "": "x", "pid2": "y", "k\(text)": "z"]
    detail.secretDigests = [:]
    detail.snapshot = "auto-v3-12"
    detail.snapshotID = SnapshotID(5)
    detail.snapshotReason = "newest"
    detail.verdict = "deploy"
    detail.version = 999_999_999
    #expect(try detail.columnText() == journalJSON(detail))
    detail.failure = Failure(phase: .run, rootCause: text, text: text, evidence: Evidence())
    #expect(try detail.columnText() == journalJSON(detail))
  }
}
