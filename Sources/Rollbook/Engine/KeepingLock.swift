internal import Synchronization

/// A lock on what a home keeps: several share it, or one has it alone.
final class KeepingLock: Sendable {
  private let lock: Mutex<FileLock?>

  init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

  func release() { lock.withLock { $0 = nil } }

  /// Waits for the lock that whoever is about to write a version into the journal, or relies on one's
  /// code, shares with others of its kind (`Home.codeLock`).
  ///
  /// - Throws: `operationInFlight` after a minute.
  static func sharingCode(for engine: Engine) async throws(RollbookError) -> KeepingLock {
    try await acquire(engine, seconds: 60, "Stored code is being removed by `rollbook prune`.") {
      (home) throws(RollbookError) in try FileLock.tryShare(home.codeLock)
    }
  }

  /// The same lock, alone: for whoever removes code.
  static func codeAlone(for engine: Engine) async throws(RollbookError) -> KeepingLock {
    try await acquire(engine, seconds: 60, "Somebody has been storing code for a minute.") {
      (home) throws(RollbookError) in try FileLock.tryAcquire(home.codeLock)
    }
  }

  /// Waits for the lock that whoever removes code or a snapshot shares (`Home.removalLock`): a backup,
  /// which has it alone, is to hold what its journal names.
  ///
  /// - Throws: `operationInFlight` after an hour.
  static func removing(for engine: Engine) async throws(RollbookError) -> KeepingLock {
    try await acquire(engine, seconds: 3600, "A backup has been made for an hour.") {
      (home) throws(RollbookError) in try FileLock.tryShare(home.removalLock)
    }
  }

  private static func acquire(
    _ engine: Engine, seconds: Double, _ why: String,
    _ take: (Home) throws(RollbookError) -> FileLock?
  ) async throws(RollbookError) -> KeepingLock {
    let deadline = engine.clock.uptime() + seconds
    while true {
      do throws(RollbookError) {
        if let lock = try take(engine.home) { return KeepingLock(lock) }
      } catch {
        throw error.ofHome()
      }
      guard engine.clock.uptime() < deadline else {
        throw RollbookError(.operationInFlight, why, hint: "Try again when it is done.")
      }
      await engine.clock.sleep(seconds: 0.02)
    }
  }
}
