import Glibc
import Rollbook
import RollbookProcess
import Testing

/// A disk of a test's own, which is full soon.
private final class SmallDisk {
  private let path: String
  /// Removed only when nothing is mounted in it any more.
  private let bench: Bench?

  /// Mounting is for root, and not everywhere even for root.
  static let isThere: Bool = {
    let path = "/tmp/rollbook-test-\(GenerationToken.random())"
    guard (try? Files.makeFolder(path)) != nil else { return false }
    defer { _ = unsafe rmdir(path) }
    return (try? SmallDisk(path, kilobytes: 64)) != nil
  }()

  init(_ path: String, kilobytes: Int, in bench: Bench? = nil) throws {
    self.path = path
    self.bench = bench
    guard
      unsafe system("mount -t tmpfs -o size=\(kilobytes)k rollbook-test '\(path)' 2>/dev/null") == 0
    else { throw Overdue(what: "a mounted disk") }
  }

  deinit { _ = unsafe system("umount -l '\(path)' 2>/dev/null") }
}

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
