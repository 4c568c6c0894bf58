#if CommandLine
internal import Rollbook

extension Operation {
  /// `UpdateApplication 7`.
  var title: String { "\(name) \(id)" }

  /// What it changes: `version 3 → 4, parallelism 1 → 2`.
  var change: String {
    var parts: [String] = []
    if let to = versionTo {
      parts.append(versionFrom.map { "version \($0) → \(to)" } ?? "version \(to)")
    }
    if let to = parallelismTo, to != parallelismFrom {
      parts.append(parallelismFrom.map { "parallelism \($0) → \(to)" } ?? "parallelism \(to)")
    }
    return parts.joined(separator: ", ")
  }
}

/// What progress says, a line for each event.
enum ProgressText {
  /// Nil for what an error says anyway.
  static func line(_ event: ProgressEvent) -> String? {
    switch event {
    case .began(let operation, let application):
      "\(operation.title): \(began(operation, application))"
    case .step(let operation, let name, let detail):
      "\(operation.title): \(step(operation, name, detail))"
    case .ended(let operation, let outcome, let failure):
      "\(operation.title): \(ended(operation, outcome, failure))"
    case .waiting(let what): what
    case .left: nil
    }
  }

  private static func began(_ operation: Operation, _ application: Application) -> String {
    let name = application.name
    switch operation.kind {
    case .rollback, .systemRollback:
      return "\(name) goes back, \(operation.change)"
    case .start: return "\(name) starts at version \(operation.versionFrom ?? 1)"
    case .stop: return "\(name) stops" + (operation.parameters.force == true ? ", forced" : "")
    case .delete: return "\(name) is deleted"
    case .createSnapshot: return "a snapshot of \(name) is taken"
    case .deleteSnapshot:
      return "snapshot \(operation.parameters.snapshotName ?? "") of \(name) is deleted"
    case .ended: return "\(name) was found ended"
    case .create, .update, .scale: return "\(name), \(operation.change)"
    }
  }

  static func step(
    _ operation: Operation, _ name: Step.Name, _ detail: StepDetail
  ) -> String {
    switch name {
    case .stopping:
      let version = operation.versionFrom.map { " version \($0)" } ?? ""
      return "stopping\(version)" + (detail.snapshot.map { ", snapshot \($0)" } ?? "")
    case .stopped: return "stopped" + (detail.snapshot.map { ", snapshot \($0) is READY" } ?? "")
    case .snapshotting: return "taking snapshot \(detail.snapshot ?? "")"
    case .snapshotMissed:
      return "no snapshot could be had (\(detail.message ?? "unknown")), going on without it"
    case .deploying:
      let state = detail.snapshot.map { "state from snapshot \($0)" } ?? "without state"
      let parallelism = detail.parallelism.map { $0 == 1 ? "" : ", parallelism \($0)" } ?? ""
      return "deploying version \(detail.version ?? 0)\(parallelism), \(state)"
    case .deployed: return "deployed, waiting until it is RUNNING"
    case .running: return "RUNNING, watching it for the bake time"
    case .failing: return "failing: \(detail.failure?.rootCause ?? "unknown")"
    case .settling:
      let observed = detail.observed ?? "nothing is known"
      // What was found ended was begun by whoever found it: nobody died.
      if operation.kind == .ended { return "found ended: \(observed)" }
      let next = detail.verdict.map { Settling.Verdict(rawValue: $0)?.inWords ?? $0 }
      return "taken over from a holder that died: \(observed)" + (next.map { "; \($0)" } ?? "")
    case .unreachable: return "the runtime cannot be reached \(detail.message ?? "")"
    }
  }

  private static func ended(
    _ operation: Operation, _ outcome: Outcome, _ failure: Failure?
  ) -> String {
    let seconds = outcome.endedAt.seconds(since: operation.startedAt)
    var text = "\(outcome.status.name) after \(durationText(seconds))"
    if let failure { text += ": \(failure.rootCause)" }
    return text
  }
}
#endif
