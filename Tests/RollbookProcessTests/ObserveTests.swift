import Glibc
import Rollbook
import RollbookProcess
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct ObserveTests {
  let bench: Bench

  init() throws { bench = try Bench(logLimit: 4096) }

  @Test("Nobody has heard of it")
  func absent() async throws {
    #expect(await bench.runtime.observe(try bench.generation(waiter)) == .absent)
    #expect(await bench.runtime.log(of: try bench.generation(waiter), from: nil, limit: 9) == nil)
  }

  @Test("It runs, and its incarnation is its token")
  func running() async throws {
    let generation = try await bench.started(waiter)
    #expect(
      await bench.runtime.observe(generation)
        == .running(ready: true, incarnation: generation.token.rawValue))
  }

  @Test("It is ready once its check passes, in its folder and with its environment")
  func readyCheck() async throws {
    let generation = try await bench.started(waiter) {
      $0.properties = ["MARK": "green"]
      $0.readyCheck = "[ $ROLLBOOK_INSTANCE = 0 ] && [ -e $MARK ]"
    }
    let notReady = Observation.running(ready: false, incarnation: generation.token.rawValue)
    try await eventually("the check has run") {
      Files.exists(bench.folder(generation).path + "/ready.log")
    }
    #expect(await bench.runtime.observe(generation) == notReady)
    try Files.write([], to: bench.folder(generation).work + "/green")
    try await eventually("it is ready") {
      await bench.runtime.observe(generation) != notReady
    }
    let observed = await bench.runtime.observe(generation)
    #expect(observed == .running(ready: true, incarnation: generation.token.rawValue))
  }

  @Test("Exit status 0 of all instances is success")
  func finished() async throws {
    let generation = try await bench.started("#!/bin/sh\necho done\n", parallelism: 3) {
      $0.settleSeconds = 0
    }
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .finished)
    #expect(ending.text == "done\ndone\ndone\n")
    #expect(!ending.isFromOutside)
  }

  @Test("An exit status names the line that says why, or itself")
  func failed() async throws {
    let loud = try await bench.started("#!/bin/sh\necho 'error: no disk' >&2\necho bye\nexit 3\n")
    let ending = try await bench.ending(loud)
    #expect(ending.cause == .failed)
    #expect(ending.rootCause == "error: no disk")
    #expect(ending.text == "error: no disk\nbye\n")
    #expect(ending.evidence.exitStatus == 3)
    #expect(ending.evidence.signal == nil)
    #expect(ending.evidence.instance == 0)
    #expect(ending.evidence.generation == loud.token)
    let silent = try await bench.started("#!/bin/sh\nexit 1\n")
    #expect(try await bench.ending(silent).rootCause == "exited with status 1")
  }

  @Test("One instance killed ends the others, and is the one that is named")
  func oneKilled() async throws {
    let script = """
      #!/bin/sh
      trap 'echo "error: told to go"; exit 9' TERM
      echo $$ > "$ROLLBOOK_STATE/pid$ROLLBOOK_INSTANCE"
      while :; do sleep 0.02; done
      """
    let generation = try await bench.started(script, parallelism: 3)
    for index in 0..<3 { _ = try await bench.state(generation, "pid\(index)") }
    let pid = try #require(Int32(try await bench.state(generation, "pid1")))
    kill(pid, SIGKILL)
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .failed)
    #expect(ending.evidence.instance == 1)
    #expect(ending.evidence.signal == SIGKILL)
    #expect(ending.evidence.exitStatus == nil)
    #expect(ending.rootCause == "killed by signal 9 (SIGKILL)")
    #expect(ending.text.contains("told to go"))
    #expect(try bench.members(generation).isEmpty)
  }

  /// Instance 1 leaves once it is told to; the others go on.
  private static let leaver = """
    #!/bin/sh
    echo $$ > "$ROLLBOOK_STATE/pid$ROLLBOOK_INSTANCE"
    while :; do
      [ $ROLLBOOK_INSTANCE = 1 ] && [ -e "$ROLLBOOK_STATE/leave" ] && exit 0
      sleep 0.02
    done
    """

  @Test("An instance that exits 0 before the settle window is over fails the generation")
  func leftEarly() async throws {
    let generation = try await bench.started(ObserveTests.leaver, parallelism: 3) {
      $0.settleSeconds = 3600
    }
    for index in 0..<3 { _ = try await bench.state(generation, "pid\(index)") }
    try Files.write([], to: bench.folder(generation).state + "/leave")
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .failed)
    #expect(ending.evidence.instance == 1)
    #expect(ending.evidence.exitStatus == 0)
    #expect(ending.rootCause.hasPrefix("exited with status 0 before the settle window was over"))
    #expect(try bench.members(generation).isEmpty)
  }

  @Test("The settle window begins when the ready check has passed")
  func leftBeforeReady() async throws {
    let generation = try await bench.started(ObserveTests.leaver, parallelism: 2) {
      $0.settleSeconds = 0
      $0.readyCheck = "false"
    }
    try Files.write([], to: bench.folder(generation).state + "/leave")
    #expect(try await bench.ending(generation).evidence.instance == 1)
  }

  @Test("After the settle window one instance that exits 0 leaves the others running")
  func leftLater() async throws {
    let generation = try await bench.started(ObserveTests.leaver, parallelism: 3) {
      $0.settleSeconds = 0
      $0.readyCheck = "true"
    }
    let ready = Observation.running(ready: true, incarnation: generation.token.rawValue)
    try await eventually("it is ready") { await bench.runtime.observe(generation) == ready }
    let pid = try #require(Int32(try await bench.state(generation, "pid1")))
    try Files.write([], to: bench.folder(generation).state + "/leave")
    try await eventually("the instance has left") { ProcessEntry(pid) == nil }
    #expect(await bench.runtime.observe(generation) == ready)
    for index in [0, 2] {
      let pid = try #require(Int32(try await bench.state(generation, "pid\(index)")))
      #expect(ProcessEntry(pid)?.isAlive == true)
    }
  }

  @Test("A killed keeper is seen as such, survivors counted, and a restarted machine as that")
  func keeperKilled() async throws {
    let generation = try await bench.started(waiter)
    let pid = try await bench.state(generation, "pid")
    let folder = bench.folder(generation)
    let keeper = try #require(bench.identity(folder))
    kill(keeper.pid, SIGKILL)
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .lost)
    #expect(ending.isFromOutside)
    #expect(ending.rootCause.hasPrefix("the keeper was killed; "))
    #expect(ProcessEntry(try #require(Int32(pid)))?.isAlive == true)

    let text = try #require(FileLock.read(folder.identity))
    let parts = text.split(separator: "\"bootID\":\"", omittingEmptySubsequences: false)
    let changed = "\(parts[0])\"bootID\":\"another\(parts[1])"
    try Files.write(Array(changed.utf8), to: folder.identity)
    #expect(try await bench.ending(generation).cause == .reboot)

    #expect(try await bench.runtime.stop(generation, taking: nil) == nil)
    #expect(ProcessEntry(try #require(Int32(pid)))?.isAlive != true)
  }

  @Test("A keeper that is asked to end by SIGTERM ends its program, and says so")
  func keeperTerminated() async throws {
    let generation = try await bench.started(waiter)
    _ = try await bench.state(generation, "pid")
    kill(try #require(bench.identity(bench.folder(generation))).pid, SIGTERM)
    let ending = try await bench.ending(generation)
    #expect(ending.cause == .lost)
    #expect(try bench.members(generation).isEmpty)
  }

  @Test("A log is read in parts, and moved away once it is too long")
  func logs() async throws {
    let generation = try await bench.started(
      "#!/bin/sh\ni=0\nwhile [ $i -lt 1000 ]; do echo \"line $i\"; i=$((i+1)); done\n")
    _ = try await bench.ending(generation)
    let newest = try #require(await bench.runtime.log(of: generation, from: nil, limit: 9))
    #expect(String(decoding: newest.bytes, as: UTF8.self) == "line 999\n")
    let path = "\(bench.home.logs)/7/\(generation.token).log"
    #expect(try #require(try Files.read(path)).count <= 4096)
    #expect(Files.exists(path + ".1"))
    let first = try #require(await bench.runtime.log(of: generation, from: 0, limit: 10))
    #expect(first.nextOffset == 10)
    let rest = try #require(await bench.runtime.log(of: generation, from: 10, limit: 1 << 20))
    #expect(rest.nextOffset == newest.nextOffset)
    let past = try #require(
      await bench.runtime.log(of: generation, from: 1 << 20, limit: 10))
    #expect(past == first)
  }

  @Test("A text that is too long is cut, and the cut is marked", arguments: [1 << 22, 1_500_000])
  func longText(logLimit: Int64) async throws {
    let bench = try Bench(logLimit: logLimit)
    let generation = try await bench.started(
      "#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x >&2\necho 'error: last' >&2\nexit 3\n")
    let ending = try await bench.ending(generation)
    #expect(ending.text.utf8.count <= Failure.textLimit)
    #expect(ending.text.hasSuffix("xxxerror: last\n"))
    let kept = ending.text.drop { $0 != "\n" }.dropFirst()
    let size = try logSize(bench, generation)
    #expect(ending.text.hasPrefix("[… \(size - kept.utf8.count) bytes cut by Rollbook …]\n"))
    let failure = Failure(phase: .start, rootCause: "", text: ending.text)
    #expect(failure.text == ending.text)
  }

  private func logSize(_ bench: Bench, _ generation: Generation) throws -> Int {
    let path = "\(bench.home.logs)/7/\(generation.token).log"
    return try (Files.read(path)?.count ?? 0) + (Files.read(path + ".1")?.count ?? 0)
  }

  @Test("An orphan that left the session ends with its generation")
  func escaped() async throws {
    let script = """
      #!/bin/sh
      setsid sh -c 'echo $$ > "$ROLLBOOK_STATE/escaped"; while :; do sleep 0.05; done' &
      while ! [ -s "$ROLLBOOK_STATE/escaped" ]; do sleep 0.01; done
      """
    let generation = try await bench.started(script)
    #expect(try await bench.ending(generation).cause == .finished)
    let pid = try #require(Int32(try await bench.state(generation, "escaped")))
    #expect(ProcessEntry(pid)?.isAlive != true)
  }
}
