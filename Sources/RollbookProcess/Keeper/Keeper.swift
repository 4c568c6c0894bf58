internal import CRollbookProcess
internal import Glibc
internal import Rollbook

/// The parent of one generation's processes: starts them, waits for their end, and writes it down.
///
/// One thread, which sleeps in poll(2) until a signal, a requester, a line of output or a deadline.
final class Keeper {
  private struct Pause {
    /// The requester; when it is gone, the group goes on.
    let owner: Int32
    let deadline: Double
  }

  /// The end that has begun.
  private struct Ending {
    var deadline: Double
    /// Those that were asked to end after the instances had: helpers, and who left the group.
    var asked: Set<Int32> = []
  }

  /// Seconds after SIGKILL in which a process must be gone; one that the kernel holds is left.
  private static let killLimit = 10.0
  /// Seconds that pausing may take at least, as long as somebody waits for it.
  private static let pauseLimit = 20.0

  private let gate: OpenGate
  private let log: KeeperLog
  private let devNull: Descriptor
  private var instances: Instances
  private var readyCheck: ReadyCheck?
  private var pause: Pause?
  private var ending: Ending?
  private var outcome: GenerationOutcome
  /// Requesters that are told when the outcome is durable.
  private var waiting: [Int32] = []

  /// Since when it is ready, by the monotonic clock.
  private var readySince: Double? {
    guard let readyCheck else { return startedAt }
    return readyCheck.passedAt
  }
  private let startedAt = Monotonic.now()

  /// Starts the instances; whether that worked is told to the starter.
  init(_ gate: OpenGate) throws(RollbookError) {
    self.gate = gate
    let spec = gate.spec
    devNull = try Descriptor.open("/dev/null", O_RDWR)
    let output = try KeeperLog.makePipe(gate.folder.output)
    log = try KeeperLog(path: spec.log, limit: spec.logLimit, pipe: gate.folder.output)
    instances = Instances(
      gate.folder, keeper: gate.identity, token: spec.token, count: spec.instances)
    outcome = GenerationOutcome(instances: [], startedAt: .now(), endedAt: .now())
    let environment = spec.environment.merging(gate.secrets) { $1 }
    if let command = spec.readyCheck {
      let variables = environment.merging(["ROLLBOOK_INSTANCE": "0"]) { $1 }
      readyCheck = try ReadyCheck(command: command, folder: gate.folder, environment: variables)
    }
    outcome.startFailure = instances.start(
      spec, environment: environment, devNull: devNull.raw, output: output.raw)
  }

  /// Returns when the generation has ended and its outcome is durable.
  func run() throws(RollbookError) {
    if outcome.startFailure == nil {
      tellStarter(.running)
    } else {
      beginEnding(grace: 0)
    }
    while !hasEnded() {
      advanceDeadlines()
      wait()
    }
    try finish()
  }

  private func tellStarter(_ message: GateMessage) {
    if let bytes = try? JSON.encode(message) { _ = gate.starter.send(bytes) }
    gate.starter.close()
  }

  // MARK: Waiting

  private func wait() {
    var wanted = [gate.signals, log.descriptor] + gate.control.descriptors
    if let spoken = readyCheck?.descriptor { wanted.append(spoken) }
    var polled = wanted.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    guard unsafe poll(&polled, nfds_t(polled.count), pollMilliseconds()) > 0 else { return }
    for entry in polled where entry.revents != 0 {
      if entry.fd == gate.signals {
        takeSignals()
      } else if entry.fd == log.descriptor {
        log.drain()
      } else if entry.fd == readyCheck?.descriptor {
        readyCheck?.drain()
      } else {
        for event in gate.control.events(on: entry.fd) { take(event) }
      }
    }
  }

  private func pollMilliseconds() -> Int32 {
    var deadlines: [Double] = []
    if let pause { deadlines.append(pause.deadline) }
    if pause == nil, ending == nil, let due = readyCheck?.deadline { deadlines.append(due) }
    let now = Monotonic.now()
    if let ending {
      // The end of those that are nobody's children here, or that were killed, is looked for.
      let mustLook = instances.allHaveEnded || now >= ending.deadline
      deadlines.append(mustLook ? now + 0.02 : ending.deadline)
    }
    guard let next = deadlines.min() else { return -1 }
    return Int32(max(0, min(next - now, 3600)) * 1000) + 1
  }

  private func advanceDeadlines() {
    let now = Monotonic.now()
    if let pause, now >= pause.deadline { endPause() }
    if pause == nil && ending == nil { readyCheck?.advance(at: now, devNull: devNull.raw) }
  }

  // MARK: Signals

  private func takeSignals() {
    while true {
      switch rollbook_next_signal(gate.signals) {
      case 0: return
      case SIGTERM:
        outcome.isInterrupted = true
        beginEnding(grace: gate.spec.stopGraceSeconds)
      default: reap()
      }
    }
  }

  private func reap() {
    var status: Int32 = 0
    while true {
      let pid = unsafe waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { break }
      if readyCheck?.take(pid, isSuccess: status == 0) == true { continue }
      instances.take(pid, waitStatus: status)
    }
    guard instances.oneHasEnded else { return }
    if mustAllGoOn && !instances.allHaveEnded { instances.markEnded() }
    if log.mark == nil && (instances.firstFailed != nil || instances.allHaveEnded) {
      log.drain()
      log.setMark()
    }
    if instances.firstFailed != nil || instances.allHaveEnded {
      beginEnding(grace: gate.spec.stopGraceSeconds)
    }
  }

  /// Whether SIGTERM waits to be taken.
  private var isAskedToEnd: Bool {
    var pending = sigset_t()
    return unsafe sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1
  }

  /// RUNNING means that every instance stayed alive over the settle window; after it one that is
  /// done may leave the others.
  private var mustAllGoOn: Bool {
    guard let readySince else { return true }
    return Monotonic.now() < readySince + gate.spec.settleSeconds
  }

  // MARK: Requests

  private func take(_ event: KeeperControl.Event) {
    switch event {
    case .gone(let requester):
      waiting.removeAll { $0 == requester }
      if pause?.owner == requester { endPause() }
    case .command(.pause(let seconds), let requester):
      gate.control.answer(beginPause(requester, seconds), to: requester)
    case .command(.resume, let requester):
      let isOwner = pause?.owner == requester
      if isOwner { endPause() }
      gate.control.answer(isOwner ? "ok" : "error not paused", to: requester)
    case .command(.stop(let grace), let requester):
      waiting.append(requester)
      outcome.isRequested = true
      beginEnding(grace: grace)
    case .command(.unknown, let requester):
      gate.control.answer("error unknown command", to: requester)
    }
  }

  private func beginPause(_ requester: Int32, _ seconds: Double) -> String {
    if ending != nil { return "ending" }
    if pause != nil { return "error another request has paused the program" }
    // A requester has its own idea of how long this may take, and goes when that has passed.
    let deadline = Monotonic.now() + max(seconds, Keeper.pauseLimit)
    let isPaused = instances.pause(until: deadline) {
      gate.control.isThere(requester) && !isAskedToEnd
    }
    // The signal is taken next.
    if isAskedToEnd { return "ending" }
    guard isPaused else { return "error the program's processes do not stop" }
    pause = Pause(owner: requester, deadline: Monotonic.now() + seconds)
    return "ok"
  }

  private func endPause() {
    pause = nil
    instances.resume()
  }

  // MARK: The end

  private func beginEnding(grace: Double) {
    let deadline = Monotonic.now() + grace
    if let begun = ending {
      ending?.deadline = min(begun.deadline, deadline)
      return
    }
    ending = Ending(deadline: deadline)
    readyCheck?.abandon()
    takeDown()
    // Where it cannot be written the end is seen when it is over.
    if let bytes = try? JSON.encode(outcome) { try? Files.write(bytes, to: gate.folder.ending) }
    instances.askToEnd()
    // Stopped processes take the signal when they go on.
    endPause()
  }

  private func hasEnded() -> Bool {
    guard let begun = ending else { return false }
    let now = Monotonic.now()
    if now >= begun.deadline { return endByForce(overdue: now - begun.deadline) }
    guard instances.allHaveEnded else { return false }
    let left = instances.members()
    for process in left where !begun.asked.contains(process.pid) {
      ending?.asked.insert(process.pid)
      kill(process.pid, SIGTERM)
      kill(process.pid, SIGCONT)
    }
    return left.isEmpty
  }

  private func endByForce(overdue: Double) -> Bool {
    let left = instances.members()
    if left.isEmpty && instances.allHaveEnded { return true }
    if !left.isEmpty && !Files.exists(gate.folder.killed) {
      try? Files.write([], to: gate.folder.killed)
    }
    for process in left { kill(process.pid, SIGKILL) }
    guard overdue > Keeper.killLimit else { return false }
    outcome.survivors = left.map(\.pid)
    return true
  }

  private func finish() throws(RollbookError) {
    log.drain()
    for pipe in [gate.folder.output, gate.folder.readyPipe] { try? Files.removeFile(pipe) }
    takeDown()
    lookForShutdown()
    try writeOutcome()
    for requester in waiting { gate.control.answer("ended", to: requester) }
    if let failure = outcome.startFailure { tellStarter(.failed(failure)) }
  }

  /// Takes over what is known of the instances' ends.
  private func takeDown() {
    outcome.logEnd = log.mark
    outcome.instances = instances.endings
    outcome.first = instances.firstFailed
    outcome.endedAt = .now()
  }

  /// Tries for a while: a disk that is full may get room when others end too.
  private func writeOutcome() throws(RollbookError) {
    let bytes = try JSON.encode(outcome)
    for _ in 0..<20 {
      do throws(RollbookError) {
        return try Files.write(bytes, to: gate.folder.outcome)
      } catch {
        Monotonic.sleep(0.5)
      }
    }
    try Files.write(bytes, to: gate.folder.outcome)
  }

  /// A machine that goes down sends SIGTERM to all at once: an instance may have ended by it before
  /// this keeper has seen its own.
  private func lookForShutdown() {
    let first = outcome.first.flatMap { outcome.instances[$0] }
    let looksAsked = first?.signal == SIGTERM || first?.status == 128 + SIGTERM
    if looksAsked && !outcome.isRequested && !outcome.isInterrupted {
      var wanted = pollfd(fd: gate.signals, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&wanted, 1, 200)
    }
    while case let signal = rollbook_next_signal(gate.signals), signal != 0 {
      if signal == SIGTERM { outcome.isInterrupted = true }
    }
  }
}
