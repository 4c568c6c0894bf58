internal import CRollbookProcess
internal import Glibc
internal import Rollbook

/// What a keeper holds once its starter has let it go on.
struct OpenGate {
  let folder: GenerationFolder
  let spec: GenerationSpec
  let identity: KeeperIdentity
  let control: KeeperControl
  let secrets: [String: String]
  let starter: LineSocket
  /// Where signals are read from.
  let signals: Int32
}

/// A keeper before anything of its program may run.
enum KeeperGate {
  /// Says who this keeper is, and waits until that is durable.
  ///
  /// - Returns: nil where the starter went away: then nothing of the program ever runs.
  static func pass(_ folder: GenerationFolder, starter: LineSocket) throws(RollbookError)
    -> OpenGate?
  {
    guard unsafe chdir(folder.path) == 0 else { throw Files.failure("enter", folder.path) }
    // What programs write is kept from others by the folders above it.
    umask(0o022)
    let signals = rollbook_take_signals()
    guard signals >= 0, rollbook_become_subreaper() == 0 else {
      throw Files.failure("set up", "the keeper")
    }
    guard let spec = try JSON.read(GenerationSpec.self, folder.spec) else {
      throw RollbookError(.system, "there is no \(folder.spec)")
    }
    guard let me = ProcessEntry(getpid()) else { throw Files.failure("read", "/proc/self/stat") }
    let identity = KeeperIdentity(bootID: spec.bootID, pid: me.pid, startTime: me.startTime)
    let control = try KeeperControl()
    // What cannot be logged is not started.
    try Files.makeFolder(Files.parent(of: spec.log))
    _ = try Descriptor.open(spec.log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW)
    try Files.write(try JSON.encode(identity), to: folder.identity)
    guard starter.send(try JSON.encode(GateMessage.waiting(identity))),
      case .line(let line) = starter.receive(until: .infinity),
      case .open(let secrets) = try JSON.decode(
        GateMessage.self, Array(line.utf8), from: "the gate")
    else { return nil }
    try Files.write([], to: folder.started)
    return OpenGate(
      folder: folder, spec: spec, identity: identity, control: control, secrets: secrets,
      starter: starter, signals: signals)
  }
}

/// The executable that keeps one generation.
package enum KeeperProgram {
  /// The descriptor on which the starter hands over the gate.
  static let gateDescriptor: Int32 = 3

  /// Keeps the generation whose folder is the only argument, until it has ended.
  ///
  /// - Returns: the exit status.
  package static func run(_ arguments: [String]) -> Int32 {
    guard arguments.count == 2, fcntl(gateDescriptor, F_GETFD) >= 0 else {
      complain("usage: rollbook-keeper FOLDER, by rollbook itself")
      return 64
    }
    _ = fcntl(gateDescriptor, F_SETFD, FD_CLOEXEC)
    let starter = LineSocket(adopting: gateDescriptor)
    let folder = GenerationFolder(path: arguments[1])
    do throws(RollbookError) {
      let lock = try takeLock(folder)
      guard let gate = try KeeperGate.pass(folder, starter: starter) else { return 0 }
      try Keeper(gate).run()
      // Held until here: the outcome is durable before the lock is free.
      _ = consume lock
      return 0
    } catch {
      complain(error.message)
      if let message = try? JSON.encode(GateMessage.failed(error.message)) {
        _ = starter.send(message)
      }
      return 1
    }
  }

  /// A keeper whose starter died may hold it still, for as long as it takes to notice.
  private static func takeLock(_ folder: GenerationFolder) throws(RollbookError) -> FileLock {
    let deadline = Monotonic.now() + 2
    while Monotonic.now() < deadline {
      if let lock = try FileLock.tryAcquire(folder.alive) { return lock }
      Monotonic.sleep(0.005)
    }
    throw RollbookError(.system, "another keeper holds \(folder.alive)")
  }

  private static func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }
}
