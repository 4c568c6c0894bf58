#if Server
import Rollbook

@testable import RollbookServer

/// Texts that strangers choose, in everything that reads one.
enum TextFuzzing {
  // An expression is a value that nothing changes; the library does not say so by Sendable.
  nonisolated(unsafe) private static let patterns:
    [(pattern: TextPattern, expression: Regex<AnyRegexOutput>)] = {
      let model = try? ServiceModel.load()
      let texts = Set((model?.shapes.values).map { $0.compactMap(\.pattern) } ?? [])
      return texts.sorted().compactMap { text in
        (try? Regex(text)).map { (TextPattern(text), $0.matchingSemantics(.unicodeScalar)) }
      }
    }()

  static func check(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    try checkToken(text)
    try checkTime(text)
    try checkLine(text)
    if RequestGuard.isLoopback(text) {
      let plain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
      try require(plain, "the name of a host holds what none does")
    }
    do {
      let credentials = try Credentials(text: text, path: "file")
      try require(!credentials.secrets.isEmpty, "a file without keys was accepted")
    } catch let error as RollbookError {
      try require(error.code == .invalidArgument, "refused as \(error)")
    }
    for (pattern, expression) in unsafe patterns {
      try require(
        pattern.matches(text) == (text.wholeMatch(of: expression) != nil),
        "a pattern is matched otherwise than its expression")
    }
  }

  private static func checkToken(_ text: String) throws {
    guard let place = ListToken.place(in: text, of: "list") else { return }
    let same = ListToken.text(after: place, of: "list")
    try require(same.utf8.elementsEqual(text.utf8), "a token of another form was taken")
    try require(ListToken.place(in: text, of: "other") == nil, "a token of another list was taken")
  }

  private static func checkTime(_ text: String) throws {
    guard let time = Timestamp(basicISO: text) else { return }
    try require(text.utf8.count == 16 && time.rawValue >= 0, "a time of another form was taken")
  }

  private static func checkLine(_ text: String) throws {
    let line = text.harmlessLine
    try require(line.unicodeScalars.count <= 512, "a line of the log is too long")
    try require(
      !line.unicodeScalars.contains {
        $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || (0x2028...0x202E).contains($0.value)
          || (0x2066...0x2069).contains($0.value)
      }, "a line of the log holds what steers a terminal")
  }
}
#endif
