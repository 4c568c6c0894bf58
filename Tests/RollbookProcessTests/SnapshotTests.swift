import Glibc
import Rollbook
import RollbookProcess
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct SnapshotTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  private let counter = """
    #!/bin/sh
    echo $$ > "$ROLLBOOK_STATE/pid"
    while :; do echo tick >> "$ROLLBOOK_STATE/ticks"; sleep 0.01; done
    """

  private func isStopped(_ pid: Int32) -> Bool { ProcessEntry(pid)?.isStopped == true }

  @Test("A snapshot of a running program, which goes on; restored, verified, removed")
  func life() async throws {
    let generation = try await bench.started(counter)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    _ = try await bench.state(generation, "ticks")
    let facts = try await bench.runtime.snapshot(generation, into: bench.target())
    #expect(!isStopped(pid))
    #expect(try await bench.runtime.snapshot(generation, into: bench.target()) == facts)
    #expect(bench.snapshotNames() == ["11", "11.json"])
    let ticks = try #require(FileLock.read(facts.location + "/ticks"))
    #expect(facts.size == Int64(ticks.utf8.count + String(pid).utf8.count + 1))
    try await bench.runtime.verify(bench.snapshot(facts))

    let other = try bench.generation(waiter)
    try await bench.deploy(other, restore: bench.snapshot(facts))
    _ = try await bench.state(other, "pid")
    #expect(FileLock.read(bench.folder(other).state + "/ticks") == ticks)
    #expect(try await bench.runtime.findSnapshot(bench.target()) == facts)

    try Files.write(Array("forged\n".utf8), to: facts.location + "/ticks")
    await #expect(throws: RuntimeFailure.self) {
      try await bench.runtime.verify(bench.snapshot(facts))
    }
    let third = try bench.generation(waiter)
    await #expect(throws: RuntimeFailure.self) {
      try await bench.deploy(third, restore: bench.snapshot(facts))
    }
    #expect(await bench.runtime.observe(third) == .absent)

    for _ in 0..<2 { try await bench.runtime.removeSnapshot(bench.target()) }
    #expect(bench.snapshotNames() == [])
    #expect(try await bench.runtime.findSnapshot(bench.target()) == nil)
    await #expect(throws: RuntimeFailure.self) {
      try await bench.runtime.verify(bench.snapshot(facts))
    }
  }

  @Test("A program that was paused goes on when the requester is gone")
  func requesterGone() async throws {
    let generation = try await bench.started(counter, parallelism: 2)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    let control = try #require(try LineSocket.connect(to: bench.folder(generation)))
    #expect(control.send("pause 60"))
    #expect(control.receive(until: .infinity) == .line("ok"))
    #expect(try bench.members(generation).allSatisfy { $0.isStopped })
    await #expect {
      _ = try await bench.runtime.snapshot(generation, into: bench.target())
    } throws: { ($0 as? RuntimeFailure)?.effect == .untouched }
    #expect(isStopped(pid), "another request does not end the pause")
    control.close()
    try await eventually("it goes on") { !isStopped(pid) }
  }

  @Test("A program that was paused goes on when its time has passed")
  func timeout() async throws {
    let generation = try await bench.started(counter)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    let control = try #require(try LineSocket.connect(to: bench.folder(generation)))
    #expect(control.send("pause 0.1"))
    #expect(control.receive(until: .infinity) == .line("ok"))
    try await eventually("it goes on") { !isStopped(pid) }
    #expect(control.send("continue"))
    #expect(control.receive(until: .infinity) == .line("error not paused"))
  }

  @Test("A snapshot that takes too long leaves nothing behind")
  func overdue() async throws {
    let generation = try await bench.started(counter)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    await #expect {
      _ = try await bench.runtime.snapshot(generation, into: bench.target(timeoutSeconds: 0))
    } throws: { ($0 as? RuntimeFailure)?.effect == .untouched }
    #expect(bench.snapshotNames() == [])
    try await eventually("it goes on") { !isStopped(pid) }
  }

  @Test("A link out of the state folder is no snapshot, sockets are left out")
  func contents() async throws {
    let script = """
      #!/bin/sh
      mkfifo "$ROLLBOOK_STATE/pipe"
      ln -s data "$ROLLBOOK_STATE/current"
      echo $$ > "$ROLLBOOK_STATE/pid"
      while :; do sleep 0.05; done
      """
    let generation = try await bench.started(script)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    let facts = try await bench.runtime.snapshot(generation, into: bench.target(12))
    #expect(folders(facts.location) == ["current", "pid"])
    _ = unsafe symlink("/etc", bench.folder(generation).state + "/out")
    await #expect {
      _ = try await bench.runtime.snapshot(generation, into: bench.target())
    } throws: { error in
      guard let failure = error as? RuntimeFailure else { return false }
      return failure.effect == .untouched && failure.rootCause.contains("/out")
    }
    #expect(bench.snapshotNames() == ["12", "12.json"])
    try await eventually("it goes on") { !isStopped(pid) }
  }

  @Test("What does not run cannot be copied")
  func notRunning() async throws {
    let generation = try await bench.started("#!/bin/sh\nexit 0\n")
    _ = try await bench.ending(generation)
    await #expect {
      _ = try await bench.runtime.snapshot(generation, into: bench.target())
    } throws: { ($0 as? RuntimeFailure)?.effect == .ended }
  }
}
