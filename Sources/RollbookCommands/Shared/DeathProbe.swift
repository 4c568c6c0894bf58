#if CommandLine
#if DEBUG
internal import Glibc
internal import Rollbook
internal import Synchronization

/// Ends the process at the N-th of the points at which it can die, for tests of what a crash leaves;
/// in debug builds only. The points are before and after each of the journal's commits, and before
/// and after each call of a runtime that has an effect.
enum DeathProbe {
  private static let passed = Mutex<[String]>([])

  static var isWanted: Bool {
    Environment["ROLLBOOK_DIE_AT"] != nil || Environment["ROLLBOOK_DIE_COUNT_FILE"] != nil
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
