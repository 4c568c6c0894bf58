import Glibc
import Rollbook
import RollbookProcess
import Testing

@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct DiskFullTests {
  @Test(
    "Where the state as it was left does not fit, the copy that was taken before is the snapshot",
    .enabled(if: SmallDisk.isThere, "NOT TESTED: a small disk cannot be mounted here (root can)"))
  func fullAtStop() async throws {
    let bench = try Bench()
    let script = """
      #!/bin/sh
      trap 'echo saved > "$ROLLBOOK_STATE/value"; exit 0' TERM
      head -c 500000 /dev/zero > "$ROLLBOOK_STATE/big"
      echo early > "$ROLLBOOK_STATE/value"
      echo $$ > "$ROLLBOOK_STATE/pid"
      while :; do sleep 0.02; done
      """
    let generation = try await bench.started(script)
    _ = try await bench.state(generation, "pid")
    try Files.makeFolder(bench.home.snapshots + "/7")
    // Room for one copy.
    let disk = try SmallDisk(bench.home.snapshots + "/7", kilobytes: 900, in: bench)
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == "early\n")
    #expect(bench.snapshotNames() == ["11", "11.json"])
    #expect(try bench.members(generation).isEmpty)
    withExtendedLifetime(disk) {}
  }
}
