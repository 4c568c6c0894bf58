#if Server
internal import Rollbook

extension WireError {
  /// An error of the engine in the words of the service, as an operation declares them.
  ///
  /// Source: the published model, and the table of calls and statuses in docs/AWS-API.md.
  init(_ error: RollbookError, in operation: String) {
    self.init(Self.code(of: error.code, in: operation), error.message)
  }

  private static func code(of code: RollbookError.Code, in operation: String) -> Code {
    switch code {
    case .notFound: .resourceNotFound
    case .nameTaken, .operationInFlight, .holderDoesNotAnswer: .resourceInUse
    case .wrongStatus, .alreadyEnded: wrongStatus(in: operation)
    case .staleVersion: .concurrentModification
    case .settledFirst:
      operation == "StartApplication" || operation == "CreateApplicationSnapshot"
        ? .resourceInUse : .concurrentModification
    case .nothingToReturnTo, .noUsableSnapshot, .nothingToChange, .parallelismFailedBefore:
      .invalidRequest
    case .invalidArgument: operation == "ListApplications" ? .invalidRequest : .invalidArgument
    case .artifactUnusable: .codeValidation
    case .secretUnusable: .invalidApplicationConfiguration
    case .runtimeUnreachable, .runtimeFailed, .interrupted, .journalMissing, .notAJournal,
      .journalTooNew, .journalDamaged, .journalReadOnly, .journalReplaced, .journalFailed,
      .diskFull, .diskFailed:
      .serviceUnavailable
    // What was asked may have been recorded: nothing says that it can be asked again.
    case .outcomeUnknown, .system: .internalFailure
    }
  }

  private static func wrongStatus(in operation: String) -> Code {
    switch operation {
    case "RollbackApplication", "CreateApplicationSnapshot", "StopApplication": .invalidRequest
    default: .resourceInUse
    }
  }
}
#endif
