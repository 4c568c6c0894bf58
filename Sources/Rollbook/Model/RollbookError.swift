/// What went wrong, where, and what to do next.
public struct RollbookError: Error, Sendable, Equatable, CustomStringConvertible {
  public let code: Code
  /// What is wrong, and where: one or more lines for people.
  public let message: String
  /// What to do next.
  public let hint: String?

  public init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
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
