/// What went wrong, where, and what to do next.
public struct RollbookError: Error, Sendable, Equatable, CustomStringConvertible {
  public let code: Code
  /// What is wrong, and where: one or more lines for people.
  public let message: String
  /// What to do next.
  public let hint: String?
  /// The system's error number, where one was the cause.
  package let systemError: Int32?

  public init(_ code: Code, _ message: String, hint: String? = nil) {
    self.init(code, message, hint: hint, systemError: nil)
  }

  package init(_ code: Code, _ message: String, hint: String? = nil, systemError: Int32?) {
    self.code = code
    self.message = message
    self.hint = hint
    self.systemError = systemError
  }

  public var description: String {
    hint.map { "\(message)\n\($0)" } ?? message
  }

  /// The stable codes; a program decides by these and never by a message.
  public enum Code: String, Sendable, CaseIterable {
    // Refused: nothing was written.
    case notFound
    case nameTaken
    case wrongStatus
    case operationInFlight
    case staleVersion
    case nothingToChange
    case nothingToReturnTo
    case noUsableSnapshot
    case parallelismFailedBefore
    case settledFirst
    case alreadyEnded
    case holderDoesNotAnswer
    // The request itself is wrong: nothing was written.
    case invalidArgument
    // The journal.
    case journalMissing
    case notAJournal
    case journalTooNew
    case journalDamaged
    case journalReadOnly
    case journalReplaced
    case journalFailed
    /// The disk that holds the home is full.
    case diskFull
    /// The disk that holds the home cannot be read or written.
    case diskFailed
    case outcomeUnknown
    // The rest.
    case runtimeUnreachable
    case runtimeFailed
    case artifactUnusable
    case secretUnusable
    case interrupted
    case system
  }
}
