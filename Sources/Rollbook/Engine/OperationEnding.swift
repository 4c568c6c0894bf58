/// How a driven operation is about to end, before the journal has the last word.
struct OperationEnding: Sendable {
  var status: OperationStatus
  /// The old generation was never stopped, and was seen running.
  var oldIsUntouched: Bool
  var failure: Failure?
  /// A snapshot that was asked for by hand, and its facts.
  var snapshot: (SnapshotTarget, SnapshotFacts)?
  /// The snapshot whose bytes are gone.
  var deletedSnapshot: SnapshotID?
  /// The generation that the operation started, where it succeeded.
  var started: RunningGeneration?

  init(_ status: OperationStatus, oldIsUntouched: Bool = false, failure: Failure? = nil) {
    self.status = status
    self.oldIsUntouched = oldIsUntouched
    self.failure = failure
  }
}
