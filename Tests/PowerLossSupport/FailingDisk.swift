import Synchronization

/// A disk on which SQLite's calls in a home fail with EIO, once or for a while.
package final class FailingDisk: Sendable {
  package enum Call: String, Sendable, CaseIterable {
    case write, sync, truncate
  }

  private struct State {
    var passed = 0
    var failures = 0
  }

  private let home: String
  private let call: Call
  private let failing: Range<Int>
  private let isDone: Bool
  private let state = Mutex(State())

  /// - Parameters:
  ///   - first: the call that fails first, counted from 1.
  ///   - count: how many fail, one after the other.
  ///   - isDone: whether what fails is done all the same, as it may be.
  package init(home: String, call: Call, first: Int, count: Int = 1, isDone: Bool = false) {
    self.home = home
    self.call = call
    failing = first..<first + count
    self.isDone = isDone
  }

  /// Whether SQLite's file system is ours: to be asked before anything is opened that is to fail.
  package static var isPossible: Bool { RecordingVFS.isRegistered }

  /// How often it failed.
  package var failures: Int { state.withLock { $0.failures } }

  /// Has the disk fail in all files of SQLite that are opened meanwhile.
  package func failing<Value>(_ body: () async throws -> Value) async throws -> Value {
    RecordingVFS.fail(home, by: self)
    defer { RecordingVFS.heal(home) }
    return try await body()
  }

  enum Verdict { case passes, fails, isDoneAndFails }

  func verdict(on call: Call) -> Verdict {
    guard call == self.call else { return .passes }
    let fails = state.withLock { state in
      state.passed += 1
      let fails = failing.contains(state.passed)
      if fails { state.failures += 1 }
      return fails
    }
    return fails ? (isDone ? .isDoneAndFails : .fails) : .passes
  }
}
