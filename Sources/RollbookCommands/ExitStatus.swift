#if CommandLine
internal import Rollbook

/// How the command ends: scripts depend on these numbers.
enum ExitStatus: Int32, Sendable {
  case done = 0
  case other = 1
  /// The operation failed or was cancelled, and a version runs.
  case failedAndRuns = 3
  /// The operation failed or was cancelled, and nothing runs.
  case failedAndNothingRuns = 4
  case refused = 5
  /// Wrong arguments, names or values; source: sysexits.h, EX_USAGE.
  case usage = 64
  /// The journal cannot be read or written; source: sysexits.h, EX_IOERR.
  case journal = 74

  /// The status of an operation's outcome.
  init(_ report: OperationReport) {
    if report.goalIsReached {
      self = .done
      return
    }
    switch report.record.status {
    case .successful, .inProgress: self = .done
    case .failed, .cancelled:
      self = report.state.settled?.status == .running ? .failedAndRuns : .failedAndNothingRuns
    }
  }

  init(_ code: RollbookError.Code) {
    switch code {
    case .notFound, .nameTaken, .wrongStatus, .operationInFlight, .staleVersion, .nothingToChange,
      .nothingToReturnTo, .noUsableSnapshot, .parallelismFailedBefore, .settledFirst,
      .alreadyEnded, .holderDoesNotAnswer, .artifactUnusable,
      .secretUnusable:
      self = .refused
    case .invalidArgument: self = .usage
    case .journalMissing, .notAJournal, .journalTooNew, .journalDamaged, .journalReadOnly,
      .journalReplaced, .journalFailed, .diskFull, .diskFailed, .outcomeUnknown:
      self = .journal
    case .runtimeUnreachable, .runtimeFailed, .interrupted, .system: self = .other
    }
  }

  /// Which of two is worse, where several applications are changed at once.
  func worse(_ other: ExitStatus) -> ExitStatus {
    let order: [ExitStatus] = [
      .done, .failedAndRuns, .refused, .failedAndNothingRuns, .other, .usage, .journal,
    ]
    let own = order.firstIndex(of: self) ?? 0
    let others = order.firstIndex(of: other) ?? 0
    return own >= others ? self : other
  }
}
#endif
