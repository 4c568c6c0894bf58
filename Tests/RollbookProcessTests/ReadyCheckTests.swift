import Glibc
import Rollbook
import RollbookProcess
import Testing

/// What becomes of a ready check's output.
@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct ReadyCheckTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// The bytes of the files that hold what ready checks said.
  private func kept(_ folder: GenerationFolder) throws -> Int {
    try folders(folder.path).filter { $0.hasPrefix("ready") }.reduce(0) { sum, name in
      let path = "\(folder.path)/\(name)"
      return sum + (Files.isFile(path) ? try Files.read(path)?.count ?? 0 : 0)
    }
  }

  @Test("Of what a ready check says the end is kept, within limits, while it runs and afterwards")
  func chatty() async throws {
    let generation = try await bench.started(waiter) {
      $0.readyCheck = """
        head -c 3000000 /dev/zero | tr '\\0' x; echo the end
        touch "$ROLLBOOK_STATE/said"; sleep 1000
        """
    }
    let folder = bench.folder(generation)
    try await eventually("the check has spoken") { Files.exists(folder.state + "/said") }
    try #require(try kept(folder) <= 4 * 65536)
    for file in ["ready.log.partial", "ready.log"] {
      try await eventually("\(file) tells its end") {
        let said = await bench.runtime.unreadiness(of: generation)
        guard Files.exists("\(folder.path)/\(file)"), let said else { return false }
        #expect(said.utf8.count <= 65536 + 200)
        return said.hasSuffix("xthe end\n")
      }
    }
    #expect(try kept(folder) <= 4 * 65536)
  }

  @Test("What a ready check leaves behind may go on speaking")
  func escapee() async throws {
    let generation = try await bench.started(waiter) {
      $0.readyCheck = """
        setsid sh -c 'touch "$ROLLBOOK_STATE/left"
          while ! [ -e "$ROLLBOOK_STATE/go" ]; do sleep 0.01; done
          head -c 300000 /dev/zero; echo yes > "$ROLLBOOK_STATE/spoke"; exec sleep 1000' &
        while ! [ -e "$ROLLBOOK_STATE/left" ]; do sleep 0.01; done
        """
    }
    let ready = Observation.running(ready: true, incarnation: generation.token.rawValue)
    try await eventually("it is ready") { await bench.runtime.observe(generation) == ready }
    try Files.write([], to: bench.folder(generation).state + "/go")
    #expect(try await bench.state(generation, "spoke") == "yes")
  }
}
