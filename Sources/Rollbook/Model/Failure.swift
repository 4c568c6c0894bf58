/// Why an operation failed: kept for good.
public struct Failure: Sendable, Codable, Equatable {
  public var phase: Phase
  /// One line.
  public var rootCause: String
  /// The whole error text, at most 1 MiB; a cut is marked.
  public var text: String
  public var evidence: Evidence
  /// The last lines of the generation's log.
  public var logTail: String?

  public init(
    phase: Phase, rootCause: String, text: String, evidence: Evidence = Evidence(),
    logTail: String? = nil
  ) {
    self.phase = phase
    self.rootCause = rootCause
    self.text = Failure.capped(text)
    self.evidence = evidence
    self.logTail = logTail.map(Failure.capped)
  }

  /// Where in the life of an operation it failed.
  public enum Phase: String, Sendable, Codable, CaseIterable {
    case prepare
    case snapshot
    case stop
    case deploy
    /// Between the start of the program and RUNNING.
    case start
    /// After the ready check, within the settle window.
    case settle
    /// After RUNNING, within the bake time.
    case bake
    /// After the operation: the application was found ended.
    case run
    case abandoned
  }

  /// The longest text that is kept: 1 MiB.
  public static let textLimit = 1 << 20

  static func capped(_ text: String) -> String { marked(text, missing: 0) }

  /// The text of which these are the last bytes, repaired where they are no UTF-8; a cut is marked.
  ///
  /// - Parameters:
  ///   - size: how long all of it is or was.
  ///   - rest: what is said after it.
  package static func tail(
    _ bytes: some BidirectionalCollection<UInt8>, of size: Int64, followedBy rest: String = ""
  ) -> String {
    let missing = size - Int64(bytes.count)
    // What is left of a character that was cut through.
    let torn = missing > 0 ? bytes.prefix(3).prefix { $0 & 0xc0 == 0x80 }.count : 0
    let text = String(decoding: bytes.dropFirst(torn), as: UTF8.self) + rest
    return marked(text, missing: missing + Int64(torn))
  }

  /// As the AWS API gives it: the root cause and the text, at most 512 characters.
  package var errorString: String {
    var characters = String.UnicodeScalarView()
    characters.append(contentsOf: "\(rootCause)\n\(text)".unicodeScalars.prefix(512))
    return String(characters)
  }

  /// The end of a text, which tells more than its beginning, with the mark of what is cut.
  ///
  /// - Parameter missing: the bytes before it that are cut already.
  private static func marked(_ text: String, missing: Int64) -> String {
    guard missing > 0 || text.utf8.count > textLimit else { return text }
    let kept = end(of: text, limit: textLimit - markLimit)
    let cut = missing + Int64(text.utf8.count - kept.utf8.count)
    return "[… \(cut) bytes cut by Rollbook …]\n\(kept)"
  }

  /// The last characters of a text that fit into so many bytes.
  private static func end(of text: String, limit: Int) -> Substring {
    guard text.utf8.count > limit else { return text[...] }
    let start = text.utf8.index(text.endIndex, offsetBy: -limit)
    let scalars = text.unicodeScalars[start...]
    // Characters may be of any length; one that is longer than this is cut through.
    let whole = scalars.indices.prefix(64).first { String.Index($0, within: text) != nil }
    return text[(whole ?? scalars.startIndex)...]
  }

  /// The room that is left for the mark of a cut.
  private static let markLimit = 80
}

/// What was observed of a failure.
public struct Evidence: Sendable, Codable, Equatable {
  public var exitStatus: Int32?
  public var signal: Int32?
  /// Which instance of the program, counted from 0.
  public var instance: Int?
  public var httpStatus: Int?
  public var httpBody: String?
  public var exceptions: [String]?
  public var generation: GenerationToken?
  /// Seconds between the deployment and the failure.
  public var seconds: Double?

  public init() {}
}
