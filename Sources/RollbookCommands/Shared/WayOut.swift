#if CommandLine
internal import Rollbook

/// How to go on with an application that is READY and has run before.
struct WayOut: Sendable, Equatable {
  /// `rollbook rollback shop` goes back to version 3.
  let text: String
  /// What would be started is not what ran last.
  let goesBack: Bool

  /// Nil where the application is not READY, or never reached RUNNING.
  init?(of state: ApplicationState, _ reader: borrowing JournalReader) throws(RollbookError) {
    guard state.status == .ready, let top = state.shown.goodState,
      let good = try reader.goodState(top)
    else { return nil }
    let name = state.application.name
    goesBack = good.version != state.version || good.parallelism != state.parallelism
    if goesBack {
      let parallelism = good.parallelism == 1 ? "" : " with parallelism \(good.parallelism)"
      text = "`rollbook rollback \(name)` goes back to version \(good.version)\(parallelism)"
    } else {
      text = "`rollbook start \(name)` starts version \(good.version) again"
    }
  }
}

/// Why an application is READY that was to run: what `status` tells after a failure.
struct LastFailure: Sendable, Equatable {
  let record: OperationRecord
  let failure: Failure?
  let wayOut: WayOut?

  /// Nil where the newest operation left nothing to explain.
  init?(of state: ApplicationState, _ reader: borrowing JournalReader) throws(RollbookError) {
    guard state.status == .ready, state.inFlight == nil else { return nil }
    var cause = OperationRecord(operation: state.newest, outcome: state.outcome)
    // A stop that gave something up tells by what it gave up.
    if state.newest.kind == .stop, let id = state.newest.causedBy,
      let operation = try reader.operation(id)
    {
      cause = OperationRecord(operation: operation, outcome: try reader.outcome(of: id))
    }
    guard cause.status == .failed || cause.status == .cancelled else { return nil }
    record = cause
    failure = try reader.failure(of: cause.operation.id)
    wayOut = try WayOut(of: state, reader)
  }

  /// `UpdateApplication 7 FAILED: …`.
  var text: String {
    let why = failure.map { ": \($0.rootCause)" } ?? ""
    return "\(record.operation.title) \(record.status.name)\(why)"
  }
}

/// The same in JSON.
struct LastFailureShape: Encodable {
  var operation: String
  var operationId: String
  var operationStatus: String
  var phase: String?
  var rootCause: String?
  var wayOut: String?

  init(_ last: LastFailure) {
    operation = last.record.operation.name
    operationId = last.record.operation.id.description
    operationStatus = last.record.status.name
    phase = last.failure?.phase.rawValue
    rootCause = last.failure?.rootCause
    wayOut = last.wayOut?.text
  }
}
#endif
