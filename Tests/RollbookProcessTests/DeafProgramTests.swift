import Glibc
import Rollbook
import RollbookProcess
import Testing

/// A program that nobody can execute as long as this lives: who tries waits, and a shell that started
/// it by vfork(2) waits too, in a way that cannot be stopped.
private final class HeldProgram {
  let path: String
  private let descriptor: Int32

  init(_ path: String) throws {
    self.path = path
    try Files.write(Array("#!/bin/sh\n".utf8), to: path)
    _ = unsafe chmod(path, 0o755)
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    // F_SETSIG: a signal that does nothing.
    guard descriptor >= 0, fcntl(descriptor, 10, SIGURG) == 0 else {
      throw Overdue(what: "a lease of a file")
    }
    // F_SETLEASE. Whom another test starts just now has the file open until it executes its program.
    let deadline = ContinuousClock.now + .seconds(10)
    while fcntl(descriptor, 1024, F_WRLCK) != 0 {
      guard errno == EAGAIN, ContinuousClock.now < deadline else {
        throw Overdue(what: "a lease of a file")
      }
      sched_yield()
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Not every file system knows leases, not every shell uses vfork.
  static let isThere: Bool = {
    let path = newTestFolder()
    defer { try? Files.removeFile(path) }
    return (try? HeldProgram(path)) != nil && Files.realPath("/bin/sh")?.hasSuffix("/dash") == true
  }()
}

/// Programs that cannot be paused.
@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct DeafProgramTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test(
    "A keeper that is asked to end while it pauses its program ends it at once",
    .enabled(if: HeldProgram.isThere, "NOT TESTED: needs file leases, and dash as /bin/sh"))
  func askedToEnd() async throws {
    let held = try HeldProgram(bench.home.path + "/held")
    let script = """
      #!/bin/sh
      echo $$ > "$ROLLBOOK_STATE/pid$ROLLBOOK_INSTANCE"
      [ $ROLLBOOK_INSTANCE = 1 ] || "\(held.path)"
      while :; do sleep 0.05; done
      """
    let generation = try await bench.started(script, parallelism: 2) { $0.stopGraceSeconds = 0.1 }
    let deaf = try #require(Int32(try await bench.state(generation, "pid0")))
    let other = try #require(Int32(try await bench.state(generation, "pid1")))
    try await eventually("it cannot be stopped") { ProcessEntry(deaf)?.state == "D" }
    let control = try #require(try LineSocket.connect(to: bench.folder(generation)))
    #expect(control.send("pause 1"))
    // Without giving the thread away: it is given up after a while.
    let isPaused = { ProcessEntry(other)?.isStopped == true }
    #expect(control.receive(until: .infinity, isCancelled: isPaused) == .cancelled)
    kill(try #require(bench.identity(bench.folder(generation))).pid, SIGTERM)
    #expect(control.receive(until: .infinity) == .line("ending"))
    #expect(try await bench.ending(generation).cause == .lost)
    #expect(try bench.members(generation).isEmpty)
    withExtendedLifetime(held) {}
  }
}
