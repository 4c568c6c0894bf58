import Glibc
import Rollbook
import RollbookProcess
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct CopiedHomeTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  @Test("A copy of a home ends nothing of the original", arguments: [true, false])
  func copied(keeperLives: Bool) async throws {
    let script = """
      #!/bin/sh
      env -i sh -c 'cd /; while :; do sleep 0.05; done' &
      echo $! > "$ROLLBOOK_STATE/nameless"
      setsid sh -c 'cd /; echo $$ > "$ROLLBOOK_STATE/escaped"; while :; do sleep 0.05; done' &
      echo $$ > "$ROLLBOOK_STATE/pid"
      while :; do sleep 0.05; done
      """
    let generation = try await bench.started(script)
    var pids: [Int32] = []
    for name in ["pid", "nameless", "escaped"] {
      pids.append(try #require(Int32(try await bench.state(generation, name))))
    }
    let keeper = try #require(bench.identity(bench.folder(generation)))
    if !keeperLives { kill(keeper.pid, SIGKILL) }

    let copy = Home(path: bench.home.path + "-copy")
    defer { try? FileTree.remove(copy.path) }
    try FileTree.copy(bench.home.path, to: copy.path, endpoints: .skipped)
    let runtime = ProcessRuntime(home: copy)
    guard case .ended(let ending) = await runtime.observe(generation) else {
      Issue.record("it runs in the copy")
      return
    }
    #expect(ending.rootCause == "the keeper was killed")
    #expect(try await runtime.stop(generation, taking: nil) == nil)
    #expect(pids.filter { ProcessEntry($0)?.isAlive != true } == [])

    // The original's own are found all the same.
    #expect(try await bench.runtime.stop(generation, taking: nil) == nil)
    #expect(pids.filter { ProcessEntry($0)?.isAlive == true } == [])
  }
}
