#if Server
/// What reads bytes of strangers, and what must be so whatever the bytes are.
///
/// Run by libFuzzer (`scripts/fuzz`), and by `FuzzCorpusTests` over the files in Tests/Fuzzing/Corpora.
enum FuzzTarget: String, CaseIterable, Sendable {
  /// Any bytes as JSON.
  case json
  /// The name of an operation, a line's end, and a call's body.
  case request
  /// A request's line, headers, an empty line and a body, as they are signed.
  case signature
  /// A zip archive.
  case archive
  /// A text: tokens, times, names of hosts, keys, what the model's patterns are matched with.
  case text

  /// - Throws: `Finding` where something is not as it must be.
  func check(_ bytes: [UInt8]) throws {
    switch self {
    case .json: try JSONFuzzing.check(bytes)
    case .request: try RequestFuzzing.check(bytes)
    case .signature: try SignatureFuzzing.check(bytes)
    case .archive: try ArchiveFuzzing.check(bytes)
    case .text: try TextFuzzing.check(bytes)
    }
  }
}

/// What a target found.
struct Finding: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// - Throws: `Finding` where it is not so.
func require(_ isSo: Bool, _ what: @autoclosure () -> String) throws(Finding) {
  if !isSo { throw Finding(what()) }
}
#endif
