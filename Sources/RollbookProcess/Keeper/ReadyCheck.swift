internal import Glibc
internal import Rollbook

/// Runs a generation's ready check, from its start until it passes for the first time.
final class ReadyCheck {
  /// Seconds from the end of one check to the next.
  static let interval = 0.5
  /// Seconds after which a check is ended and counts as not passed.
  static let limit = 5.0
  /// The bytes of a check's output that are told: the last ones. At most twice as many are kept.
  static let outputLimit = 65536

  private let command: String
  private let folder: GenerationFolder
  private let environment: [String: String]
  /// Both ends of what checks write to, so that what one left behind never fails to.
  private let pipe: Descriptor
  private var log: KeeperLog?
  private var running: Int32?
  private var endsAt = 0.0
  private var nextAt = 0.0
  private(set) var hasPassed = false
  /// When it passed, by the monotonic clock.
  private(set) var passedAt: Double?

  /// - Parameter environment: the program's own.
  init(
    command: String, folder: GenerationFolder, environment: [String: String]
  ) throws(RollbookError) {
    pipe = try KeeperLog.makePipe(folder.readyPipe)
    self.command = command
    self.folder = folder
    self.environment = environment
  }

  /// When there is something to do, by the monotonic clock; nil once it has passed.
  var deadline: Double? {
    if hasPassed { return nil }
    return running == nil ? nextAt : endsAt
  }

  /// Readable when a check, or what one left behind, has said something.
  var descriptor: Int32? { log?.descriptor }

  /// Takes what was said.
  func drain() {
    if running == nil { log?.discard() } else { log?.drain() }
  }

  /// Starts a check that is due, and ends one that takes too long.
  func advance(at now: Double, devNull: Int32) {
    if let running {
      if now >= endsAt { kill(-running, SIGKILL) }
      return
    }
    guard !hasPassed, now >= nextAt else { return }
    nextAt = now + ReadyCheck.interval
    guard let log = try? beginLog() else { return }
    self.log = log
    let shell = Spawn(
      path: "/bin/sh", arguments: ["sh", "-c", command], environment: environment,
      folder: folder.work, input: devNull, output: pipe.raw, group: 0)
    running = try? shell.start().get()
    endsAt = now + ReadyCheck.limit
  }

  /// Takes the end of a child that may be a check; false where it is none.
  func take(_ pid: Int32, isSuccess: Bool) -> Bool {
    guard pid == running else { return false }
    // What it left running is not to pile up.
    kill(-pid, SIGKILL)
    log?.drain()
    running = nil
    publishLog()
    nextAt = Monotonic.now() + ReadyCheck.interval
    if isSuccess {
      do {
        try Files.write([], to: folder.ready)
        hasPassed = true
        passedAt = Monotonic.now()
      } catch {
        // The disk may be full: the next check tries again.
      }
    }
    return true
  }

  /// Ends a check that runs.
  func abandon() {
    if let running { kill(-running, SIGKILL) }
    hasPassed = true
  }

  private func beginLog() throws(RollbookError) -> KeeperLog {
    log?.discard()
    for path in KeeperLog.paths(folder.readyLogPartial) { try Files.removeFile(path) }
    return try KeeperLog(
      path: folder.readyLogPartial, limit: Int64(ReadyCheck.outputLimit), pipe: folder.readyPipe)
  }

  private func publishLog() {
    let (old, new) = (KeeperLog.paths(folder.readyLog), KeeperLog.paths(folder.readyLogPartial))
    for (old, new) in zip(old, new) {
      if unsafe rename(new, old) != 0 { try? Files.removeFile(old) }
    }
  }
}
