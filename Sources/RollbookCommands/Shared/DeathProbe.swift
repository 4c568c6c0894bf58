#if CommandLine
#if DEBUG
internal import Glibc
internal import Rollbook
internal import Synchronization

/// Ends the process at the N-th of the points before and after the journal's commits, for tests of
/// what a crash leaves; in debug builds only.
enum DeathProbe {
  private static let passed = Mutex(0)

  static var probe: JournalProbe? {
    guard Environment["ROLLBOOK_DIE_AT"] != nil || Environment["ROLLBOOK_DIE_COUNT_FILE"] != nil
    else { return nil }
    let last = Environment["ROLLBOOK_DIE_AT"].flatMap(Int.init)
    let pass: @Sendable () -> Void = {
      let count = passed.withLock { count in
        count += 1
        return count
      }
      if count == last {
        writeCount()
        kill(getpid(), SIGKILL)
        // Nothing may happen between the signal's sending and its arrival.
        pause()
      }
    }
    return JournalProbe(before: pass, after: pass)
  }

  /// Writes how many points were passed to the file that ROLLBOOK_DIE_COUNT_FILE names.
  static func writeCount() {
    guard let path = Environment["ROLLBOOK_DIE_COUNT_FILE"] else { return }
    let count = passed.withLock { $0 }
    try? Files.write(Array("\(count)\n".utf8), to: path)
  }
}
#endif
#endif
