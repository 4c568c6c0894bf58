internal import Glibc
internal import Rollbook

/// Runs a generation's ready check, from its start until it passes for the first time.
struct ReadyCheck {
  /// Seconds from the end of one check to the next.
  static let interval = 0.5
  /// Seconds after which a check is ended and counts as not passed.
  static let limit = 5.0
  /// The bytes of a check's output that are told.
  static let outputLimit = 65536

  private let command: String
  private let folder: GenerationFolder
  private let environment: [String: String]
  private var running: Int32?
  private var endsAt = 0.0
  private var nextAt = 0.0
  private(set) var hasPassed = false
  /// When it passed, by the monotonic clock.
  private(set) var passedAt: Double?

  /// - Parameter environment: the program's own.
  init(command: String, folder: GenerationFolder, environment: [String: String]) {
    self.command = command
    self.folder = folder
    self.environment = environment
  }

  /// When there is something to do, by the monotonic clock; nil once it has passed.
  var deadline: Double? {
    if hasPassed { return nil }
    return running == nil ? nextAt : endsAt
  }

  /// Starts a check that is due, and ends one that takes too long.
  mutating func advance(at now: Double, devNull: Int32) {
    if let running {
      if now >= endsAt { kill(-running, SIGKILL) }
      return
    }
    guard !hasPassed, now >= nextAt else { return }
    nextAt = now + ReadyCheck.interval
    guard let log = try? Descriptor.open(folder.readyLogPartial, O_WRONLY | O_CREAT | O_TRUNC)
    else { return }
    let shell = Spawn(
      path: "/bin/sh", arguments: ["sh", "-c", command], environment: environment,
      folder: folder.work, input: devNull, output: log.raw, group: 0)
    running = try? shell.start().get()
    endsAt = now + ReadyCheck.limit
  }

  /// Takes the end of a child that may be a check; false where it is none.
  mutating func take(_ pid: Int32, isSuccess: Bool) -> Bool {
    guard pid == running else { return false }
    // What it left running is not to pile up.
    kill(-pid, SIGKILL)
    running = nil
    try? Files.rename(folder.readyLogPartial, to: folder.readyLog)
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
  mutating func abandon() {
    if let running { kill(-running, SIGKILL) }
    hasPassed = true
  }
}
