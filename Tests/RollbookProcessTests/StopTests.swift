import Glibc
import Rollbook
import RollbookProcess
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct StopTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// Writes its state when it is told to end.
  private let saver = """
    #!/bin/sh
    trap 'echo saved > "$ROLLBOOK_STATE/value"; exit 0' TERM
    echo early > "$ROLLBOOK_STATE/value"
    echo $$ > "$ROLLBOOK_STATE/pid"
    while :; do sleep 0.02; done
    """
  /// Spoils its state when it is told to end, and does not end.
  private let stubborn = """
    #!/bin/sh
    trap 'echo spoilt > "$ROLLBOOK_STATE/value"' TERM
    echo early > "$ROLLBOOK_STATE/value"
    echo $$ > "$ROLLBOOK_STATE/pid"
    while :; do sleep 0.02; done
    """

  @Test("What a program saves when it is told to end is the snapshot, and asking again answers it")
  func saves() async throws {
    let generation = try await bench.started(saver)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "saved\n")
    #expect(ProcessEntry(pid)?.isAlive != true)
    #expect(facts?.location == bench.home.snapshots + "/7/11")
    #expect(bench.snapshotNames() == ["11", "11.json"])
    #expect(try await bench.runtime.stop(generation, taking: bench.target()) == facts)
    #expect(try await bench.runtime.findSnapshot(bench.target()) == facts)
    #expect(try bench.members(generation).isEmpty)
    // The former folder stays.
    #expect(Files.isFolder(bench.folder(generation).state))
  }

  @Test("After a SIGKILL the copy that was taken before is the snapshot")
  func killed() async throws {
    let generation = try await bench.started(stubborn) { $0.stopGraceSeconds = 0.2 }
    _ = try await bench.state(generation, "pid")
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "early\n")
    #expect(FileLock.read(bench.folder(generation).state + "/value") == "spoilt\n")
    #expect(bench.snapshotNames() == ["11", "11.json"])
    #expect(try bench.members(generation).isEmpty)
  }

  @Test("Where no snapshot can be had, the program goes on as before")
  func impossible() async throws {
    let generation = try await bench.started(saver)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    try Files.write([], to: bench.home.snapshots)
    await #expect {
      _ = try await bench.runtime.stop(generation, taking: bench.target())
    } throws: { error in
      guard let failure = error as? RuntimeFailure else { return false }
      return failure.effect == .untouched && failure.rootCause.contains(bench.home.snapshots)
    }
    try await eventually("it goes on") { ProcessEntry(pid)?.isStopped == false }
    guard case .running = await bench.runtime.observe(generation) else {
      Issue.record("it does not run")
      return
    }
    try Files.removeFile(bench.home.snapshots)
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "saved\n")
  }

  @Test("What an earlier attempt left by half is made anew")
  func leftovers() async throws {
    let generation = try await bench.started(saver)
    _ = try await bench.state(generation, "pid")
    let path = bench.home.snapshots + "/7/11"
    for name in [".partial", ".paused", ""] {
      try Files.makeFolder(path + name)
      try Files.write(Array("stale\n".utf8), to: "\(path)\(name)/value")
    }
    try Files.write([], to: path + ".json.1.tmp")
    #expect(try await bench.runtime.findSnapshot(bench.target()) == nil)
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "saved\n")
    try await bench.runtime.removeSnapshot(bench.target())
    #expect(bench.snapshotNames() == [])
  }

  @Test("A stop that others began is waited for, and its paused copy is kept")
  func overtaken() async throws {
    let generation = try await bench.started(stubborn) { $0.stopGraceSeconds = 0.5 }
    _ = try await bench.state(generation, "pid")
    let (runtime, target) = (bench.runtime, bench.target())
    async let first = runtime.stop(generation, taking: nil)
    async let second = runtime.stop(generation, taking: target)
    _ = try await (first, second)
    #expect(try bench.members(generation).isEmpty)
    #expect(bench.snapshotNames() == ["11", "11.json"])
  }

  @Test("An instance that left the group is told to end too")
  func instanceOutside() async throws {
    let script = """
      #!/bin/sh
      # Instance 0 leads the group, and cannot leave it but by another process.
      [ "$ROLLBOOK_INSTANCE$1" = 1 ] && exec setsid "$0" again
      trap 'echo saved > "$ROLLBOOK_STATE/value$ROLLBOOK_INSTANCE"; exit 0' TERM
      echo $$ > "$ROLLBOOK_STATE/pid$ROLLBOOK_INSTANCE"
      while :; do sleep 0.02; done
      """
    let generation = try await bench.started(script, parallelism: 2)
    _ = try await bench.state(generation, "pid1")
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value1") == "saved\n")
  }

  @Test("Once one instance has failed all has, however long the others take to end")
  func oneEnded() async throws {
    let script = """
      #!/bin/sh
      trap 'echo told > "$ROLLBOOK_STATE/told"' TERM
      echo $$ > "$ROLLBOOK_STATE/pid$ROLLBOOK_INSTANCE"
      while [ ! -e "$ROLLBOOK_STATE/end$ROLLBOOK_INSTANCE" ]; do sleep 0.02; done
      exit 1
      """
    let generation = try await bench.started(script, parallelism: 2)
    for name in ["pid0", "pid1"] { _ = try await bench.state(generation, name) }
    let state = bench.folder(generation).state
    try Files.write([], to: state + "/end0")
    _ = try await bench.state(generation, "told")
    guard case .failing(let ending) = await bench.runtime.observe(generation) else {
      Issue.record("it is well, or over")
      return
    }
    #expect(ending.evidence.exitStatus == 1)
    #expect(ending.evidence.instance == 0)
    #expect(ending.rootCause == "exited with status 1")
    try Files.write([], to: state + "/end1")
    _ = try await bench.runtime.stop(generation, taking: nil)
  }

  @Test("Without a target everything ends, and asking again is no error")
  func plain() async throws {
    let generation = try await bench.started(waiter, parallelism: 2)
    _ = try await bench.state(generation, "pid")
    for _ in 0..<2 {
      #expect(try await bench.runtime.stop(generation, taking: nil) == nil)
      #expect(try bench.members(generation).isEmpty)
    }
    guard case .ended(let ending) = await bench.runtime.observe(generation) else {
      Issue.record("it has not ended")
      return
    }
    #expect(ending.cause == .finished)
  }

  @Test("The state of one that ended by itself is adopted as it was left")
  func adopted() async throws {
    let generation = try await bench.started(
      "#!/bin/sh\necho last > \"$ROLLBOOK_STATE/value\"\nexit 1\n")
    _ = try await bench.ending(generation)
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "last\n")
  }

  @Test("What never started leaves no snapshot")
  func neverStarted() async throws {
    let generation = try bench.generation(waiter)
    #expect(try await bench.runtime.stop(generation, taking: bench.target()) == nil)
    #expect(bench.snapshotNames() == [])
  }

  @Test("Survivors of a killed keeper are ended, and what they saved is adopted")
  func survivors() async throws {
    let generation = try await bench.started(saver, parallelism: 2)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    kill(try #require(bench.identity(bench.folder(generation))).pid, SIGKILL)
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "saved\n")
    #expect(ProcessEntry(pid)?.isAlive != true)
    #expect(try bench.members(generation).isEmpty)
  }

  @Test(
    "A program that speaks outlives its keeper, saves when it is told to, and all is in the log",
    arguments: [
      // Speaks all the time.
      "while :; do i=$((i+1)); echo \"line $i\"; echo $i > \"$ROLLBOOK_STATE/at\"; sleep 0.02; done",
      // A shell that tells of the end of what it waits for, before it comes to its trap.
      "echo 1 > \"$ROLLBOOK_STATE/at\"; while :; do sleep 1000; done",
    ])
  func speakingSurvivor(_ loop: String) async throws {
    // More than a pipe holds is said in the end.
    let script = """
      #!/bin/sh
      end() {
        head -c 300000 /dev/zero | tr '\\0' x
        echo the last words
        echo saved > "$ROLLBOOK_STATE/value"
        exit 0
      }
      trap end TERM
      i=0
      \(loop)
      """
    let generation = try await bench.started(script)
    let before = try await bench.state(generation, "at")
    let folder = bench.folder(generation)
    let keeper = try #require(bench.identity(folder))
    kill(keeper.pid, SIGKILL)
    try await eventually("the keeper is dead") { ProcessEntry(keeper.pid)?.isAlive != true }
    if loop.contains("line") {
      try await eventually("it goes on") {
        (FileLock.read(folder.state + "/at").flatMap { Int($0.dropLast()) } ?? 0)
          > (Int(before) ?? 0) + 3
      }
    }
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "saved\n")
    #expect(try bench.members(generation).isEmpty)
    let log = try #require(await bench.runtime.log(of: generation, from: nil, limit: 1 << 20))
    let text = String(decoding: log.bytes, as: UTF8.self)
    #expect(text.hasSuffix("the last words\n"))
    #expect(text.filter { $0 == "x" }.count == 300_000)
    #expect(!Files.exists(folder.output))
  }

  @Test("One that left group and session, and holds on, is ended too")
  func escaped() async throws {
    let script = """
      #!/bin/sh
      setsid sh -c 'trap "" TERM; echo $$ > "$ROLLBOOK_STATE/escaped"; while :; do sleep 0.05; done' &
      while :; do sleep 0.02; done
      """
    let generation = try await bench.started(script) { $0.stopGraceSeconds = 0.3 }
    let pid = try #require(Int32(try await bench.state(generation, "escaped")))
    #expect(try await bench.runtime.stop(generation, taking: nil) == nil)
    #expect(ProcessEntry(pid)?.isAlive != true)
  }

  @Test("A stop that is cancelled before it began leaves everything as it was")
  func cancelled() async throws {
    let generation = try await bench.started(saver)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    let (runtime, target) = (bench.runtime, bench.target())
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await runtime.stop(generation, taking: target)
    }
    task.cancel()
    await #expect {
      _ = try await task.value
    } throws: { ($0 as? RuntimeFailure)?.effect == .untouched }
    #expect(bench.snapshotNames() == [])
    try await eventually("it goes on") { ProcessEntry(pid)?.isStopped == false }
  }
}
