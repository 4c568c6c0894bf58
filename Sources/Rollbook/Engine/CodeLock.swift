internal import Synchronization

/// The lock on the stored code: shared by whoever is about to write a version into the journal, alone
/// for whoever removes code that no version in the journal needs.
final class CodeLock: Sendable {
  private let lock: Mutex<FileLock?>

  private init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

  func release() { lock.withLock { $0 = nil } }

  enum Kind: Sendable { case shared, alone }

  /// As long as whoever has it may need: code is removed, or copied, meanwhile.
  private static let patienceSeconds: Double = 60

  /// Waits for the lock.
  ///
  /// - Throws: `operationInFlight` after a minute.
  static func acquire(_ kind: Kind, for engine: Engine) async throws(RollbookError) -> CodeLock {
    let deadline = engine.clock.uptime() + patienceSeconds
    while true {
      do throws(RollbookError) {
        let path = engine.home.codeLock
        let lock = try kind == .shared ? FileLock.tryShare(path) : FileLock.tryAcquire(path)
        if let lock { return CodeLock(lock) }
      } catch {
        throw error.ofHome()
      }
      guard engine.clock.uptime() < deadline else { throw stillHeld(kind) }
      await engine.clock.sleep(seconds: 0.02)
    }
  }

  private static func stillHeld(_ kind: Kind) -> RollbookError {
    RollbookError(
      .operationInFlight,
      kind == .shared
        ? "Stored code is being removed by `rollbook prune`."
        : "Somebody has been storing code for a minute.",
      hint: "Try again in a while.")
  }
}
