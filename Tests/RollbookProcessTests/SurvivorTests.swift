import Glibc
import Rollbook
import RollbookProcess
import Testing

/// What a killed keeper leaves.
@Suite(.fewAtATime, .timeLimit(.minutes(10))) struct SurvivorTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// A program that is paused when its keeper is killed.
  struct Paused: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let script: String
    /// What it leaves in its state folder.
    let value: String
  }

  private static let saving = """
    trap 'echo saved > "$ROLLBOOK_STATE/value"; exit 0' TERM
    echo early > "$ROLLBOOK_STATE/value"
    echo $$ > "$ROLLBOOK_STATE/pid"
    while :; do sleep 0.02; done
    """

  static let programs = [
    // The system ends it: it sends SIGHUP and SIGCONT to the stopped processes of a group whose last
    // tie to its session is gone.
    Paused(testDescription: "plain", script: "#!/bin/sh\n\(saving)", value: "early\n"),
    Paused(
      testDescription: "ignores SIGHUP", script: "#!/bin/sh\ntrap '' HUP\n\(saving)",
      value: "saved\n"),
    // Of another session, which the system leaves as it is.
    Paused(
      testDescription: "left the session",
      script: """
        #!/bin/sh
        trap '' HUP
        [ "$1" = again ] || exec setsid --wait "$0" again
        \(saving)
        """,
      value: "saved\n"),
    Paused(
      testDescription: "waits for a helper that left the session",
      script: """
        #!/bin/sh
        trap '' HUP
        setsid sh -c 'trap "exit 0" TERM; echo $$ > "$ROLLBOOK_STATE/helper"
          while :; do sleep 0.02; done' &
        helper=$!
        trap 'kill $helper; wait $helper; echo saved > "$ROLLBOOK_STATE/value"; exit 0' TERM
        while ! [ -s "$ROLLBOOK_STATE/helper" ]; do sleep 0.02; done
        echo early > "$ROLLBOOK_STATE/value"
        echo $$ > "$ROLLBOOK_STATE/pid"
        while :; do sleep 0.02; done
        """,
      value: "saved\n"),
  ]

  @Test("A keeper killed while its program is paused keeps nobody from saving", arguments: programs)
  func paused(_ program: Paused) async throws {
    let generation = try await bench.started(program.script)
    let pid = try #require(Int32(try await bench.state(generation, "pid")))
    let folder = bench.folder(generation)
    let control = try #require(try LineSocket.connect(to: folder))
    #expect(control.send("pause 60"))
    #expect(control.receive(until: .infinity) == .line("ok"))
    kill(try #require(bench.identity(folder)).pid, SIGKILL)
    let facts = try await bench.runtime.stop(generation, taking: bench.target())
    #expect(try bench.text(facts, "value") == program.value)
    #expect(!Files.exists(folder.path + "/killed"), "nobody had to be killed")
    #expect(ProcessEntry(pid)?.isAlive != true)
    #expect(try bench.members(generation).isEmpty)
  }

  @Test("What has a state folder within the program's is the program's, beside it is not")
  func stateWithin() async throws {
    let script = """
      #!/bin/sh
      export OUT="$ROLLBOOK_STATE"
      mkdir "$OUT/part"
      for name in within beside; do
        state="$OUT/part"
        [ $name = within ] || state="${OUT%/state}x/state"
        ROLLBOOK_STATE="$state" NAME=$name setsid sh -c \\
          'cd /; echo $$ > "$OUT/$NAME"; while :; do sleep 0.05; done' &
      done
      while :; do sleep 0.05; done
      """
    let generation = try await bench.started(script)
    let within = try #require(Int32(try await bench.state(generation, "within")))
    let beside = try #require(Int32(try await bench.state(generation, "beside")))
    defer { for pid in [within, beside] { kill(pid, SIGKILL) } }
    let members = try bench.members(generation).map(\.pid)
    #expect(members.contains(within))
    #expect(!members.contains(beside))
    #expect(try await bench.runtime.stop(generation, taking: nil) == nil)
    #expect(ProcessEntry(within)?.isAlive != true)
    #expect(ProcessEntry(beside)?.isAlive == true)
  }

  @Test("One whose folders tell nothing keeps nobody of a killed keeper's from being ended")
  func namelessBesideUnknown() async throws {
    let script = """
      #!/bin/sh
      export OUT="$ROLLBOOK_STATE"
      loop='while :; do sleep 0.05; done'
      ROLLBOOK_STATE=/ sh -c "cd /; echo \\$\\$ > '$OUT/elsewhere'; $loop" &
      env -i sh -c "cd /; echo \\$\\$ > '$OUT/nameless'; $loop" &
      echo $$ > "$OUT/pid"
      while :; do sleep 0.05; done
      """
    let generation = try await bench.started(script)
    var pids: [Int32] = []
    defer { for pid in pids { kill(pid, SIGKILL) } }
    for name in ["pid", "nameless", "elsewhere"] {
      pids.append(try #require(Int32(try await bench.state(generation, name))))
    }
    kill(try #require(bench.identity(bench.folder(generation))).pid, SIGKILL)
    #expect(try await bench.runtime.stop(generation, taking: nil) == nil)
    #expect(pids.filter { ProcessEntry($0)?.isAlive == true } == [])
  }
}
