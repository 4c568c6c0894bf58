internal import Dispatch
internal import Rollbook
internal import Synchronization

/// Work that blocks, done on threads of its own: Swift's pool has as many threads as the machine
/// has cores, and must never wait.
enum BlockingWork {
  static func run<Value: Sendable>(
    _ work: @escaping @Sendable (Cancellation) throws(RuntimeFailure) -> Value
  ) async throws(RuntimeFailure) -> Value {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<Value, RuntimeFailure>, Never>) in
        // A serial queue of its own gets a thread of its own where the others block.
        DispatchQueue(label: "rollbook.process").async {
          continuation.resume(
            returning: Result { () throws(RuntimeFailure) in try work(cancellation) })
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }
}

/// Whether the task that waits for blocking work has been cancelled.
final class Cancellation: Sendable {
  private let flag = Atomic(false)

  func cancel() { flag.store(true, ordering: .relaxed) }

  var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

extension RuntimeFailure {
  /// What an error of files or of the system means for a generation.
  init(_ effect: Effect, _ error: RollbookError) {
    self.init(effect, rootCause: error.message, text: error.description)
  }

  init(_ effect: Effect, _ rootCause: String) {
    self.init(effect, rootCause: rootCause, text: rootCause)
  }
}

/// Gives errors of files their meaning for a generation.
func mapping<Value>(
  _ effect: RuntimeFailure.Effect, _ body: () throws(RollbookError) -> Value
) throws(RuntimeFailure) -> Value {
  do throws(RollbookError) {
    return try body()
  } catch {
    throw RuntimeFailure(effect, error)
  }
}
