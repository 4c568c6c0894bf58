internal import Glibc
internal import Rollbook

/// Looks at what runs of a generation, by what its keeper holds and has written.
struct Observer {
  let home: Home
  let generation: Generation
  let folder: GenerationFolder
  let log: GenerationLog

  init(home: Home, generation: Generation) {
    self.home = home
    self.generation = generation
    folder = GenerationFolder(home, generation.application.id, generation.token)
    log = GenerationLog(home, generation.application.id, generation.token)
  }

  func observe() -> Observation {
    do throws(RollbookError) {
      try awaitGate()
      // In this order: a keeper that ends writes the outcome, and then the lock is free.
      if try FileLock.isHeld(folder.alive) {
        return try observeKept()
      }
      guard Files.exists(folder.started) else { return .absent }
      if let outcome = try JSON.read(GenerationOutcome.self, folder.outcome) {
        return .ended(try ending(outcome))
      }
      return .ended(try endingUnseen())
    } catch {
      return .unreachable(error.message)
    }
  }

  private func observeKept() throws(RollbookError) -> Observation {
    // One instance that has failed takes the others along, which may take their time.
    if let begun = try JSON.read(GenerationOutcome.self, folder.ending) {
      let isAsked = begun.isRequested || begun.isInterrupted
      return isAsked ? running(ready: false) : .failing(try ending(begun))
    }
    let hasCheck = generation.version.configuration.readyCheck != nil
    return running(ready: Files.exists(hasCheck ? folder.ready : folder.started))
  }

  private func running(ready isReady: Bool) -> Observation {
    .running(ready: isReady, incarnation: generation.token.rawValue)
  }

  /// A keeper whose starter is gone leaves at once; until then it looks like one that waits.
  private func awaitGate() throws(RollbookError) {
    let deadline = Monotonic.now() + 1
    while !Files.exists(folder.started), Monotonic.now() < deadline {
      guard try FileLock.isHeld(folder.alive) else { return }
      Monotonic.sleep(0.01)
    }
  }

  private func ending(_ outcome: GenerationOutcome) throws(RollbookError) -> Ending {
    let survivors =
      outcome.survivors.isEmpty
      ? "" : "processes that could not be ended: \(outcome.survivors)\n"
    let text = log.tail(followedBy: survivors)
    var evidence = Evidence()
    evidence.generation = generation.token
    evidence.seconds = outcome.endedAt.seconds(since: outcome.startedAt)
    if let failure = outcome.startFailure {
      return Ending(cause: .failed, rootCause: failure, text: failure, evidence: evidence)
    }
    if outcome.isInterrupted && !outcome.isRequested {
      return try endingFromOutside(
        "the keeper was asked to end by SIGTERM", text: text, evidence: evidence)
    }
    guard let index = outcome.first, let instance = outcome.instances[index] else {
      return Ending(
        cause: .finished, rootCause: "exited with status 0", text: text, evidence: evidence)
    }
    evidence.instance = index
    evidence.exitStatus = instance.status
    evidence.signal = instance.signal
    if outcome.isRequested {
      return Ending(
        cause: .finished, rootCause: "stopped on request", text: text, evidence: evidence)
    }
    let rootCause = rootCause(instance, output: log.tail(before: outcome.logEnd))
    return Ending(cause: .failed, rootCause: rootCause, text: text, evidence: evidence)
  }

  /// A signal says more than a last line that speaks of no error.
  private func rootCause(_ instance: GenerationOutcome.Instance, output: String) -> String {
    if instance.isSuccess {
      return "exited with status 0 before the settle window was over, while others ran"
    }
    if let signal = instance.signal {
      return RootCause.pick(from: output, orLastLine: false)
        ?? "killed by \(SignalName.of(signal))"
    }
    return RootCause.pick(from: output) ?? "exited with status \(instance.status ?? -1)"
  }

  private func endingUnseen() throws(RollbookError) -> Ending {
    var evidence = Evidence()
    evidence.generation = generation.token
    let left = try ProcessTable.members(
      of: folder, token: generation.token.rawValue, keeper: try identity())
    let rest = left.isEmpty ? "" : "; \(left.count) of the program's processes live on"
    return try endingFromOutside(
      "the keeper was killed\(rest)", text: log.tail(), evidence: evidence)
  }

  private func endingFromOutside(
    _ what: String, text: String, evidence: Evidence
  ) throws(RollbookError) -> Ending {
    if let identity = try identity(), identity.bootID != (try Boot.id()) {
      return Ending(
        cause: .reboot, rootCause: "the machine was restarted", text: text, evidence: evidence)
    }
    return Ending(cause: .lost, rootCause: what, text: text, evidence: evidence)
  }

  private func identity() throws(RollbookError) -> KeeperIdentity? {
    try JSON.read(KeeperIdentity.self, folder.identity)
  }
}

/// The log of one generation: `logs/<application id>/<token>.log`, and `.1` before it.
struct GenerationLog {
  let path: String

  init(_ home: Home, _ application: ApplicationID, _ token: GenerationToken) {
    path = "\(home.logs)/\(application)/\(token).log"
  }

  init(path: String) { self.path = path }

  /// The newest output; a cut is marked.
  ///
  /// - Parameters:
  ///   - end: the size of the log up to which it counts; nil for all of it. Less than 0 for so many
  ///     bytes before the end of the older file.
  ///   - limit: the most bytes that are read.
  ///   - rest: what is said after it.
  func tail(
    before end: Int64? = nil, limit: Int = Failure.textLimit, followedBy rest: String = ""
  ) -> String {
    let isOlder = end.map { $0 < 0 } ?? false
    let newest: (bytes: [UInt8], size: Int64) =
      isOlder ? ([], 0) : lastBytes(path, before: end, limit: limit)
    // The log may have been moved: what came before is in the older file.
    let older = lastBytes(
      path + ".1", before: isOlder ? end : nil, limit: limit - newest.bytes.count)
    return Failure.tail(
      older.bytes + newest.bytes, of: older.size + newest.size, followedBy: rest)
  }

  /// - Parameter offset: nil for the newest bytes; beyond the end, where the log has been moved to
  ///   `.1` since, reading begins anew at 0.
  func part(from offset: Int64?, limit: Int) -> LogPart? {
    guard let file = try? Files.openIfThere(path) else { return nil }
    let size = Int64(lseek(file.raw, 0, SEEK_END))
    var start = offset ?? max(0, size - Int64(limit))
    if start < 0 || start > size { start = 0 }
    guard let bytes = try? read(file, from: start, count: min(limit, Int(size - start))) else {
      return nil
    }
    return LogPart(bytes: bytes, nextOffset: start + Int64(bytes.count))
  }

  /// The last bytes of a file before an end, less than 0 for one that is counted from the file's own,
  /// and how many there are; none where it cannot be read.
  private func lastBytes(
    _ path: String, before end: Int64?, limit: Int
  ) -> (bytes: [UInt8], size: Int64) {
    guard let file = try? Files.openIfThere(path) else { return ([], 0) }
    let whole = Int64(lseek(file.raw, 0, SEEK_END))
    let size = max(0, min(whole, end.map { $0 < 0 ? whole + $0 : $0 } ?? whole))
    let start = max(0, size - Int64(limit))
    return ((try? read(file, from: start, count: Int(size - start))) ?? [], size)
  }

  private func read(
    _ file: borrowing Descriptor, from start: Int64, count: Int
  ) throws(RollbookError) -> [UInt8] {
    lseek(file.raw, off_t(start), SEEK_SET)
    var bytes: [UInt8] = []
    while bytes.count < count {
      var buffer = [UInt8](repeating: 0, count: min(count - bytes.count, 1 << 20))
      let got = try file.read(into: &buffer, path: path)
      if got == 0 { break }
      bytes += buffer[..<got]
    }
    return bytes
  }
}
