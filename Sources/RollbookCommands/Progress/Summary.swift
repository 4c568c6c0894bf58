#if CommandLine
internal import Rollbook

/// What stands after an operation, in one line, and why where it failed.
enum Summary {
  /// `shop: the update failed; rolled back to version 3, RUNNING`.
  ///
  /// - Parameter snapshot: the name of the snapshot that was taken by hand.
  static func standing(_ report: OperationReport, snapshot: String? = nil) -> String {
    let name = report.state.application.name
    switch report.record.status {
    case .successful: return "\(name): \(succeeded(report, snapshot))"
    case .inProgress: return "\(name): \(report.record.operation.title) is in progress"
    case .failed: return "\(name): \(activity(report)) failed; \(aftermath(report))"
    case .cancelled: return "\(name): \(activity(report)) was cancelled; \(aftermath(report))"
    }
  }

  private static func succeeded(_ report: OperationReport, _ snapshot: String?) -> String {
    let operation = report.record.operation
    let now = standing(report.state)
    switch operation.kind {
    case .rollback, .systemRollback:
      let from = operation.versionFrom ?? 0
      let to = operation.versionTo ?? 0
      return from == to
        ? "rolled back, \(now)" : "rolled back from version \(from) to version \(to), \(now)"
    case .delete: return "deleted; its history stays (`rollbook list --deleted`)"
    case .createSnapshot: return "snapshot \(snapshot ?? "") taken, \(now)"
    case .deleteSnapshot:
      return "snapshot \(operation.parameters.snapshotName ?? "") deleted, \(now)"
    case .create, .start, .stop, .update, .scale, .ended: return now
    }
  }

  /// `RUNNING at version 3, parallelism 2`.
  static func standing(_ state: ApplicationState) -> String {
    let parallelism = state.parallelism == 1 ? "" : ", parallelism \(state.parallelism)"
    return "\(state.status.name) at version \(state.version)\(parallelism)"
  }

  private static func activity(_ report: OperationReport) -> String {
    switch report.record.operation.kind {
    case .create: "the creation"
    case .start: "the start"
    case .stop: "the stop"
    case .update: "the update"
    case .scale: "the scaling"
    case .rollback, .systemRollback: "the rollback"
    case .delete: "the deletion"
    case .createSnapshot: "the snapshot"
    case .deleteSnapshot: "the deletion of the snapshot"
    case .ended: "the program"
    }
  }

  private static func aftermath(_ report: OperationReport) -> String {
    let state = report.state
    let status = state.status.name
    let isUntouched = report.record.outcome?.decision?.code == .oldVersionUntouched
    // What a scaling goes back from is no version.
    let isScaling = report.record.operation.kind == .scale
    let parallelism =
      isScaling || state.parallelism != 1 ? " with parallelism \(state.parallelism)" : ""
    guard let next = report.following.first else {
      if isUntouched {
        return "version \(state.version)\(parallelism) was never stopped, \(status)"
      }
      return state.status == .ready ? "\(standing(state)), nothing runs" : standing(state)
    }
    switch (next.operation.kind, next.status) {
    case (.stop, .successful): return "stopped, \(standing(state))"
    case (.rollback, .successful), (.systemRollback, .successful):
      let version = next.operation.versionTo ?? state.version
      if isUntouched || next.operation.parameters.isOldUntouched == true {
        return "version \(version)\(parallelism) was never stopped, \(status)"
      }
      return "rolled back to version \(version)\(parallelism), \(status)"
    case (.rollback, _), (.systemRollback, _):
      return "the rollback failed too, \(standing(state)), nothing runs"
    default: return standing(state)
    }
  }

  /// Why it failed, why it was not rolled back, and where to read more.
  static func causes(_ report: OperationReport) -> [String] {
    guard report.record.status == .failed || report.record.status == .cancelled else { return [] }
    let name = report.state.application.name
    var lines: [String] = []
    if let failure = report.failure { lines.append("cause: \(failure.rootCause.singleLine)") }
    if let decision = report.record.outcome?.decision, !report.hasRollback,
      ![.startIsNotRolledBack, .rollbackFailed, .cancelledByRequest].contains(decision.code)
    {
      lines.append("no rollback: \(decision.reason.singleLine) (\(decision.code.rawValue))")
    }
    if report.record.operation.kind == .stop, report.failure?.phase == .snapshot {
      lines.append("way out: `rollbook stop \(name) --force` stops it without a snapshot")
    }
    lines.append("more: `rollbook operation \(name) \(report.record.operation.id)`")
    if let rollback = report.following.first, rollback.status == .failed {
      lines.append(
        "the rollback: `rollbook operation \(name) \(rollback.operation.id)`")
    }
    return lines
  }
}

extension OperationReport {
  fileprivate var hasRollback: Bool { record.outcome?.rollbackOperation != nil }
}
#endif
