import Rollbook
import RollbookTesting
import Synchronization

/// Inserts a cancellation of whatever is in flight when the runtime is called, once.
final class Trigger: Sendable {
  private let journal = Mutex<Journal?>(nil)
  private let call: ScriptedRuntime.Call
  private let follows: Cancellation.Successor

  init(call: ScriptedRuntime.Call, follows: Cancellation.Successor) {
    self.call = call
    self.follows = follows
  }

  func arm(_ journal: Journal) { self.journal.withLock { $0 = journal } }

  func fire(_ call: ScriptedRuntime.Call, _ moment: ScriptedRuntime.Moment) throws {
    guard call == self.call, moment == .before else { return }
    guard let journal = journal.withLock({ $0.take() }) else { return }
    let follows = follows
    try journal.blockingWrite { (writer) throws(RollbookError) in
      for operation in try writer.reader.openOperations() {
        try writer.insert(
          Cancellation(operation: operation.id, actor: "eve", reason: "enough", follows: follows))
      }
    }
  }
}
