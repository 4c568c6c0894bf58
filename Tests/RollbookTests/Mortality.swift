import Rollbook
import RollbookTesting
import Synchronization

/// Counts the points at which an engine can die, and lets it die at one of them: from then on every
/// write and every call of the runtime fails, as if the process were gone.
final class Mortality: Sendable {
  private struct State {
    var passed = 0
    var isDead = false
    var names: [String] = []
  }

  private let state = Mutex(State())
  private let deadline: Int?

  /// - Parameter point: the point to die at, counted from 1; nil to live.
  init(dyingAt point: Int? = nil) { deadline = point }

  static let death = RollbookError(.system, "the simulated death of this process")

  var points: [String] { state.withLock { $0.names } }
  var isDead: Bool { state.withLock { $0.isDead } }

  func pass(_ name: String) throws(RollbookError) {
    let isDead = state.withLock { state in
      if state.isDead { return true }
      state.passed += 1
      state.names.append(name)
      state.isDead = state.passed == deadline
      return state.isDead
    }
    if isDead { throw Mortality.death }
  }

  var probe: JournalProbe {
    JournalProbe(
      before: { () throws(RollbookError) in try self.pass("before a commit") },
      after: { () throws(RollbookError) in try self.pass("after a commit") })
  }

  var hook: @Sendable (ScriptedRuntime.Call, ScriptedRuntime.Moment) throws -> Void {
    { call, moment in
      // Looking has no effect that a death could leave behind.
      if call != .observe { try self.pass("\(moment) \(call)") }
    }
  }
}
