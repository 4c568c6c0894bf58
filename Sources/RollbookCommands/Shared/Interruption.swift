#if CommandLine
internal import Glibc
internal import Rollbook
internal import Synchronization

/// The operations that this process drives now, and those that an error made it leave.
final class CurrentOperations: Sendable {
  private struct State {
    var driven: [ApplicationID: Operation] = [:]
    var left: [ApplicationID: (name: String, operation: Operation)] = [:]
  }

  private let state = Mutex(State())

  /// Those that are driven, in the order in which they began.
  var all: [Operation] { state.withLock { $0.driven.values.inOrder } }

  /// Those that were left in progress, in the order in which they began.
  ///
  /// - Parameter name: of one application only.
  func left(of name: String? = nil) -> [Operation] {
    state.withLock { state in
      state.left.values.filter { name == nil || $0.name == name }.map(\.operation).inOrder
    }
  }

  func follow(_ event: ProgressEvent) {
    state.withLock { state in
      switch event {
      case .began(let operation, _), .step(let operation, _, _):
        state.driven[operation.application] = operation
        state.left[operation.application] = nil
      case .ended(let ended, _, _):
        if state.driven[ended.application]?.id == ended.id {
          state.driven[ended.application] = nil
        }
      case .left(let application):
        if let operation = state.driven.removeValue(forKey: application.id) {
          state.left[application.id] = (application.name, operation)
        }
      case .waiting: break
      }
    }
  }
}

extension Collection<Operation> {
  fileprivate var inOrder: [Operation] { sorted { $0.id.rawValue < $1.id.rawValue } }
}

extension [Operation] {
  /// `StartApplication 3, StartApplication 7`.
  var titles: String { map(\.title).joined(separator: ", ") }
}

/// What Ctrl-C and SIGTERM mean while something is changed.
final class Interruption: Sendable {
  private let engine: Engine
  private let control: EngineControl
  private let requester: Requester
  private let current: CurrentOperations
  private let progress: ProgressPrinter
  /// How often each was received.
  private let counts = Mutex<[Int32: Int]>([:])

  init(
    engine: Engine, control: EngineControl, requester: Requester, current: CurrentOperations,
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
    let operations = current.all
    guard isFirst, !operations.isEmpty else {
      if !operations.isEmpty {
        progress.say(
          "left \(operations.titles) in progress: `rollbook settle`, or the next command for it, "
            + "carries it on or ends it")
      }
      progress.end()
      return SignalPipe.die(of: signal)
    }
    control.beginNothingMore()
    if signal == SIGTERM {
      control.leave()
      progress.say(
        "asked to leave \(operations.titles): leaves at a durable step, or goes on to the outcome "
          + "once the old version is stopped; a second SIGTERM leaves at once")
    } else {
      for operation in operations { giveUp(operation) }
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
