import Rollbook
import Testing

@Suite struct SecretMaskTests {
  private let mask = SecretMask([
    "hunter2-hunter2", "hunter2", "first line\nsecond", "abc", "", "  in-the-middle ",
  ])

  @Test(arguments: [
    ("the password is hunter2.", "the password is ***."),
    ("hunter2-hunter2hunter2", "******"),
    // What follows makes another character of its last, which is its last all the same.
    ("hunter2\u{301} x", "***\u{301} x"),
    ("first line\nsecond", "***"), ("only the first line here", "only the *** here"),
    ("of second thoughts", "of *** thoughts"),
    ("trimmed: in-the-middle.", "trimmed: ***."),
    // Too short to be told from other text.
    ("abc", "abc"), ("", ""), ("größer", "größer"),
  ]) func hides(_ text: String, _ expected: String) {
    #expect(mask.hide(text) == expected)
  }

  @Test(arguments: [
    // The longer value, and its beginning and end.
    ("pw hunter2-hunter2", "pw ***"), ("hunter2-hunter2 is it", "*** is it"),
    ("nter2-h", "***-h"),
    ("it begins with hunter", "it begins with ***"),
    ("nter2", "***"), ("er2 hun", "er2 hun"), ("plain", "plain"), ("", ""),
  ]) func hidesWhatIsCut(_ part: String, _ expected: String) {
    #expect(String(decoding: mask.hide(part: Array(part.utf8)), as: UTF8.self) == expected)
  }

  @Test func withoutValuesNothingIsHidden() {
    #expect(SecretMask([]).isEmpty)
    #expect(SecretMask(["abc"]).isEmpty)
    #expect(SecretMask([]).hide("hunter2") == "hunter2")
  }
}
