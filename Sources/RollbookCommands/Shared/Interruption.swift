#if CommandLine
internal import Glibc
internal import Rollbook
internal import Synchronization

/// The operation that this process drives now.
final class CurrentOperation: Sendable {
  private let operation = Mutex<Operation?>(nil)

  var value: Operation? { operation.withLock { $0 } }

  func follow(_ event: ProgressEvent) {
    switch event {
    case .began(let began, _): operation.withLock { $0 = began }
    case .ended(let ended, _, _):
      operation.withLock { if $0?.id == ended.id { $0 = nil } }
    case .step(let driven, _, _): operation.withLock { $0 = driven }
    case .waiting: break
    }
  }
}

/// What Ctrl-C and SIGTERM mean while something is changed.
final class Interruption: Sendable {
  private let engine: Engine
  private let control: EngineControl
  private let requester: Requester
  private let current: CurrentOperation
  private let progress: ProgressPrinter
  /// How often each was received.
  private let counts = Mutex<[Int32: Int]>([:])

  init(
    engine: Engine, control: EngineControl, requester: Requester, current: CurrentOperation,
    progress: ProgressPrinter
  ) {
    self.engine = engine
    self.control = control
    self.requester = requester
    self.current = current
    self.progress = progress
  }

  func receive(_ signal: Int32) {
    let isFirst = counts.withLock { counts in
      counts[signal, default: 0] += 1
      return counts[signal] == 1
    }
    // Before anything is journalled, or while somebody else drives, nothing is left behind.
    guard isFirst, let operation = current.value else {
      progress.end()
      return SignalPipe.die(of: signal)
    }
    if signal == SIGTERM {
      control.leave()
      progress.say(
        "asked to leave \(operation.title): leaves at a durable step, or goes on to the outcome "
          + "once the old version is stopped; a second SIGTERM leaves at once")
    } else {
      giveUp(operation)
    }
  }

  private func giveUp(_ operation: Operation) {
    guard let follows = Interruption.successor(of: operation) else {
      return progress.say(
        "\(operation.title) finishes first; Ctrl-C again leaves it to be settled")
    }
    progress.say(
      "giving up \(operation.title): \(follows.text) follows; Ctrl-C again leaves at once")
    Task { [self] in
      do throws(RollbookError) {
        let cancellation = Cancellation(
          operation: operation.id, actor: requester.actor, reason: "interrupted by Ctrl-C",
          follows: follows)
        if try await !engine.cancel(cancellation) {
          progress.say("\(operation.title) had ended already")
        }
      } catch {
        progress.say("\(operation.title) could not be given up: \(error.message)")
      }
    }
  }

  /// What follows an operation that is given up by Ctrl-C; nil for those that finish.
  static func successor(of operation: Operation) -> Cancellation.Successor? {
    switch operation.kind {
    case .update, .scale: .rollback(restore: nil)
    case .start: .forcedStop
    case .createSnapshot: .nothing
    case .stop, .rollback, .systemRollback, .delete, .deleteSnapshot, .create, .ended: nil
    }
  }
}
#endif
