#if CommandLine
import Rollbook
import Testing

@testable import RollbookCommands

@Suite struct OutputTests {
  @Test func csvQuotesWhatNeedsIt() {
    #expect(CSV.line(["a", "", "b c"]) == "a,,b c\r\n")
    #expect(
      CSV.line(["a,b", "say \"x\"", "two\nlines", "\r"])
        == "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"\r\"\r\n")
  }

  @Test(arguments: [
    (0.008, "8 ms"), (0.0, "0 ms"), (0.3, "0.3 s"), (1.24, "1.2 s"), (9.96, "10 s"),
    (59.4, "59 s"), (59.6, "1 min"), (725.0, "12 min 5 s"), (3600.0, "1 h"),
    (11040.0, "3 h 4 min"),
    (190_800.0, "2 d 5 h"), (-3.0, "0 ms"),
  ]) func durations(seconds: Double, text: String) {
    #expect(durationText(seconds) == text)
  }

  @Test(
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (20 << 20, "20 MiB"),
      (Int64(3) << 40, "3.0 TiB"),
    ] as [(Int64, String)]) func sizes(bytes: Int64, text: String)
  {
    #expect(bytesText(bytes) == text)
  }

  @Test func timesAreShortInTables() {
    let time = Timestamp(rawValue: 1_795_403_655_926_535)
    #expect(time.description == "2026-11-23T03:14:15.926535Z")
    #expect(time.short == "2026-11-23 03:14:15Z")
    #expect(time.timeOfDay == "03:14:15.926Z")
  }

  @Test func memberNamesBeginWithACapitalLetterAndMapsKeepTheirKeys() throws {
    struct Inner: Encodable { var propertyMap: [String: String] }
    let text = try JSONText.line(
      Document(member: "Outer", value: Inner(propertyMap: ["a/b": "c"])))
    #expect(text == #"{"Outer":{"PropertyMap":{"a/b":"c"}}}"#)
  }

  @Test func whatCouldSteerATerminalIsEscapedInJSON() throws {
    let text = "a\u{1B}[31m\u{7}\n\u{7F}\u{9B}2J\u{202E}\u{2028}é…\u{A0}"
    let line = try JSONText.line(["Text": text])
    #expect(
      line == #"{"Text":"a\u001b[31m\u0007\n\u007f\u009b2J\u202e\u2028é…"# + "\u{A0}\"}")
    let document = try JSONText.document(["Text": text])
    #expect(!document.contains("\u{9B}") && document.contains("\n"))
  }

  @Test(
    arguments: [
      ([], 0), ([0x61], 0), ([0xC3, 0xA9], 0), ([0x61, 0xC2], 1), ([0xE2, 0x80], 2), ([0xE2], 1),
      ([0xE2, 0x80, 0xAE], 0), ([0xF0, 0x9F, 0xA6], 3), ([0xF0, 0x9F, 0xA6, 0x8A], 0),
      ([0x80, 0x80, 0x80, 0x80], 0), ([0xFF], 1),
    ] as [([UInt8], Int)]) func aCharacterThatIsCutWaitsForItsRest(bytes: [UInt8], count: Int)
  {
    #expect(LogText.cutCount(bytes) == count)
  }

  @Test func aListCarriesItsTokenBesideItsRows() throws {
    let text = try JSONText.line(
      Document(member: "SnapshotSummaries", value: [String](), nextToken: "t"))
    #expect(text == #"{"NextToken":"t","SnapshotSummaries":[]}"#)
  }

  @Test func argumentsAreQuotedForAShell() {
    #expect(argumentsText([]) == nil)
    #expect(argumentsText(["-x", "a b", "it's", ""]) == #"-x 'a b' 'it'\''s' ''"#)
  }

  @Test func wrappingBreaksWordsThatAreTooLong() {
    #expect(wrapped("abcdefgh ij", to: 3) == ["abc", "def", "gh", "ij"])
    #expect(wrapped("abc def", to: nil) == ["abc def"])
  }
}

@Suite struct PageTokenTests {
  private let application = ApplicationID(3)
  private let filter = OperationFilter(kind: .update, status: .failed)

  @Test func aTokenComesBackAsItsOperation() throws {
    let text = PageToken.text(after: OperationID(42), of: application, filter)
    #expect(try PageToken.operation(from: text, of: application, filter) == OperationID(42))
  }

  @Test func aTokenOfAnotherListIsRefused() {
    let text = PageToken.text(after: OperationID(42), of: application, filter)
    let others: [(ApplicationID, OperationFilter)] = [
      (ApplicationID(4), filter), (application, OperationFilter()),
      (application, OperationFilter(kind: .scale, status: .failed)),
      (application, OperationFilter(kind: .update)),
    ]
    for (application, filter) in others {
      #expect(throws: RollbookError.self) {
        try PageToken.operation(from: text, of: application, filter)
      }
    }
  }

  @Test(arguments: ["", "x", "42", "-1", "000000000000002a", "zzzzzzzzzzzzzzzz0123456789abcdef"])
  func whatIsNoTokenIsRefused(text: String) {
    #expect(throws: RollbookError.self) {
      try PageToken.operation(from: text, of: application, filter)
    }
  }

  @Test func aTokenWhoseNumberWasChangedIsRefused() {
    let text = PageToken.text(after: OperationID(42), of: application, filter)
    let forged = text.replacing("2a", with: "2b", maxReplacements: 1)
    #expect(throws: RollbookError.self) {
      try PageToken.operation(from: forged, of: application, filter)
    }
  }
}
#endif
