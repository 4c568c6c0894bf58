#if CommandLine
#if DEBUG
internal import Glibc
internal import Rollbook
internal import Synchronization

/// Ends the process at the N-th of the points at which it can die, or holds it at one, for tests of
/// what crashes and signals leave; in debug builds only. The points are before and after each of
/// the journal's commits, and before and after each call of a runtime that has an effect.
enum DeathProbe {
  private static let passed = Mutex<[String]>([])

  static var isWanted: Bool {
    ["ROLLBOOK_DIE_AT", "ROLLBOOK_DIE_COUNT_FILE", "ROLLBOOK_HOLD_AT"]
      .contains { Environment[$0] != nil }
  }

  static var probe: JournalProbe? {
    guard isWanted else { return nil }
    return JournalProbe(before: { pass("before a commit") }, after: { pass("after a commit") })
  }

  /// Passes a point, or dies at it.
  static func pass(_ name: String) {
    let count = passed.withLock { passed in
      passed.append(name)
      return passed.count
    }
    if String(count) == Environment["ROLLBOOK_DIE_AT"] {
      writeCount()
      kill(getpid(), SIGKILL)
      // Nothing may happen between the signal's sending and its arrival.
      pause()
    }
  }

  /// Passes a point of a runtime's call. At the first that ROLLBOOK_HOLD_AT names it makes the file
  /// that ROLLBOOK_HOLD_FILE names, and waits until that is gone or the call is given up.
  static func passOrHold(_ name: String) async {
    pass(name)
    guard name == Environment["ROLLBOOK_HOLD_AT"], let path = Environment["ROLLBOOK_HOLD_FILE"],
      passed.withLock({ passed in passed.reduce(0) { $0 + ($1 == name ? 1 : 0) } }) == 1
    else { return }
    try? Files.write([], to: path)
    while Files.exists(path) && !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Writes the names of the points that were passed, one per line, to the file that
  /// ROLLBOOK_DIE_COUNT_FILE names.
  static func writeCount() {
    guard let path = Environment["ROLLBOOK_DIE_COUNT_FILE"] else { return }
    let names = passed.withLock { $0 }
    try? Files.write(Array(names.map { $0 + "\n" }.joined().utf8), to: path)
  }
}
#endif
#endif
