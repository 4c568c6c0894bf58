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
}
