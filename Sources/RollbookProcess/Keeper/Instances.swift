internal import Glibc
internal import Rollbook

/// The processes of a generation, in a group of their own within the keeper's session.
struct Instances {
  private let folder: GenerationFolder
  private let keeper: KeeperIdentity
  private let token: String
  /// By instance; nil for one that could not be started.
  private var pids: [Int32?]
  private(set) var endings: [GenerationOutcome.Instance?]
  /// The instance whose end is the generation's failure.
  private(set) var firstFailed: Int?
  private var group: Int32?

  init(_ folder: GenerationFolder, keeper: KeeperIdentity, token: String, count: Int) {
    self.folder = folder
    self.keeper = keeper
    self.token = token
    pids = Array(repeating: nil, count: count)
    endings = Array(repeating: nil, count: count)
  }

  var allHaveEnded: Bool { zip(pids, endings).allSatisfy { $0 == nil || $1 != nil } }
  var oneHasEnded: Bool { endings.contains { $0 != nil } }

  /// Starts all of them, none after the first that cannot be.
  mutating func start(
    _ spec: GenerationSpec, environment: [String: String],
    devNull: Int32, output: Int32
  ) -> String? {
    for index in pids.indices {
      var program = Spawn(
        path: spec.executable, arguments: spec.arguments, environment: environment,
        folder: folder.work, input: devNull, output: output, group: group ?? 0)
      program.environment["ROLLBOOK_INSTANCE"] = String(index)
      switch program.startRetrying() {
      case .success(let pid):
        pids[index] = pid
        group = group ?? pid
      case .failure(let error): return spec.failureText(error.code)
      }
    }
    return nil
  }

  /// Takes the end of a child that may be an instance.
  mutating func take(_ pid: Int32, waitStatus: Int32) {
    guard let index = pids.firstIndex(of: pid), endings[index] == nil else { return }
    let signal = waitStatus & 0x7f
    let ending = GenerationOutcome.Instance(
      status: signal == 0 ? (waitStatus >> 8) & 0xff : nil, signal: signal == 0 ? nil : signal,
      at: .now())
    endings[index] = ending
    if !ending.isSuccess && firstFailed == nil { firstFailed = index }
  }

  /// Makes the end of an instance a failure although it says success: the others went on.
  mutating func markEnded() {
    firstFailed = firstFailed ?? endings.firstIndex { $0 != nil }
  }

  /// Sends SIGTERM to the whole group at once, and to instances that left it.
  func askToEnd() {
    let members = members()
    // Only as long as there is a group: its number is free for others afterwards.
    if let group, members.contains(where: { $0.group == group }) { kill(-group, SIGTERM) }
    for process in members where pids.contains(process.pid) {
      // One that left the group between the look and the signal did not get it.
      guard process.group != group || ProcessEntry(process.pid)?.group != group else { continue }
      kill(process.pid, SIGTERM)
    }
  }

  /// All that lives of the generation: those that left the group too.
  func members() -> [ProcessEntry] {
    // Without /proc there is nothing to see; then the deadlines end what waits for this.
    (try? table()) ?? []
  }

  private func table() throws(RollbookError) -> [ProcessEntry] {
    try ProcessTable.members(of: folder, token: token, keeper: keeper)
  }

  /// Stops all, so that nothing of the generation runs.
  ///
  /// - Returns: false where one cannot be stopped; then all have been continued.
  func pause(until deadline: Double, while isWanted: () -> Bool) -> Bool {
    let isPaused = Pausing.stopAll(
      look: table, stop: { kill($0, SIGSTOP) }, now: Monotonic.now,
      goOn: { seconds in
        Monotonic.sleep(seconds)
        return Monotonic.now() < deadline && isWanted()
      })
    if !isPaused { resume() }
    return isPaused
  }

  func resume() {
    for process in members() { kill(process.pid, SIGCONT) }
  }
}

extension Spawn {
  /// A file that was written a moment ago may be held open for writing by a process that somebody
  /// else is just forking: that passes.
  fileprivate func startRetrying() -> Result<Int32, SpawnError> {
    for _ in 0..<50 {
      let result = start()
      guard case .failure(let error) = result, error.code == ETXTBSY else { return result }
      Monotonic.sleep(0.02)
    }
    return start()
  }
}

extension GenerationSpec {
  fileprivate func failureText(_ code: Int32) -> String {
    let text = Files.errorText(code)
    switch code {
    case EACCES: return "\(displayName): not executable (\(text))"
    case ENOENT where Files.exists(executable):
      return "\(displayName): the interpreter that its first line names is missing (\(text))"
    case ENOEXEC: return "\(displayName): neither a program nor a script with a #! line (\(text))"
    default: return "\(displayName): cannot be started (\(text))"
    }
  }
}
