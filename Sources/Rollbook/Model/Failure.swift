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

  static func capped(_ text: String) -> String {
    let size = text.utf8.count
    guard size > textLimit else { return text }
    return tail(text.utf8.suffix(textLimit), of: Int64(size))
  }

  /// The text of which these are the last bytes; a cut is marked.
  ///
  /// - Parameter size: how long all of it is or was.
  package static func tail(_ bytes: some BidirectionalCollection<UInt8>, of size: Int64) -> String {
    guard size > textLimit || size > bytes.count else {
      return String(decoding: bytes, as: UTF8.self)
    }
    // The end of an error text tells more than its beginning.
    let kept = bytes.suffix(textLimit - markLimit)
    return "[… \(size - Int64(kept.count)) bytes cut by Rollbook …]\n"
      + String(decoding: kept, as: UTF8.self)
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
