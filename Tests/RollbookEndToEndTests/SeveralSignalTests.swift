#if CommandLine
import Foundation
import Glibc
import Testing

/// What signals mean to a verb that changes several applications.
@Suite struct SeveralSignalTests {
  /// One more than are started at the same time.
  private static let names = (1...9).map { "app\($0)" }

  @Test(
    "Who interrupts the start of what a reboot ended has no other application started",
    arguments: [SIGINT, SIGTERM])
  func startInterrupted(_ signal: Int32) async throws {
    try await onStage { stage in
      let ready = try stage.write("", to: "ready")
      try stage.write("one\n", to: "boot")
      let boot = ["ROLLBOOK_BOOT_ID_FILE": stage.path("boot")]
      let check = ["--ready-check", "test -e \(ready)", "--timeout", "300", "--settle", "0"]
      let code = try stage.write(Program.idle, to: "idle.sh")
      try await inParallel(Self.names, atMost: 3) { name in
        try await stage.rollbook(["create", name, "--code", code] + check).exits(0)
        try await stage.rollbook(["start", name], environment: boot).exits(0)
      }
      stage.endEverything()
      try stage.write("two\n", to: "boot")
      try stage.remove(ready)
      let start = try stage.background(["start", "--interrupted"], environment: boot)
      try await wait(until: "eight are deployed") {
        try await stage.sql(
          """
          SELECT 1 FROM open_operations AS o
          JOIN operation_steps AS s ON s.operation_id = o.operation_id AND s.step = 'deployed'
          """
        ).count == 8
      }
      start.send(signal)
      if signal == SIGTERM {
        try await wait(until: "it says so") { start.err.contains("asked to leave") }
        try stage.write("", to: "ready")
      }
      try await start.end().exits(1).says("The start of ").says("was not begun")
        .says("`rollbook start --interrupted`")
      let starts = try await stage.sql(
        "SELECT 1 FROM operation_history WHERE kind = 'StartApplication'")
      #expect(starts.count == 9 + 8)
      #expect(stage.keepers().count == (signal == SIGTERM ? 8 : 0))
      // What was not begun is begun by the next one.
      try stage.write("", to: "ready")
      try await stage.rollbook(["start", "--interrupted"], environment: boot).exits(0)
      #expect(stage.keepers().count == (signal == SIGTERM ? 9 : 1))
    }
  }

  @Test("Ctrl-C gives up what is driven here, and not what had to be left")
  func drivenHere() async throws {
    try await onStage { stage in
      for name in ["one", "two"] {
        try await stage.createAndStart(name, Program.idle)
        let held = try await stage.hold("update", name, "--redeploy", at: "before stop")
        held.command.send(SIGKILL)
        _ = try await held.command.end()
      }
      // Nobody can look at the first any more.
      let instance = try #require(stage.instances(of: "one").first)
      let mend = try stage.breakLock(of: instance)
      let held = try await stage.hold("settle", at: "before stop")
      try await wait(until: "the first was left") {
        guard held.command.err.contains("the runtime cannot be reached") else { return false }
        return try await stage.inFlight("one")["IsInterrupted"].isTrue
      }
      try await held.send(SIGINT, until: "giving up")
      let run = try await held.command.end()
      run.exits(1).says("giving up UpdateApplication 6").shows("one: waiting: ")
      #expect(!run.err.contains("giving up UpdateApplication 3"), "\(run.described)")
      let given = try await stage.sql("SELECT DISTINCT operation_id AS id FROM cancellations")
      #expect(given.map { $0["id"].int } == [6])
      try mend()
      try await stage.rollbook("settle").exits(0)
      #expect(try await stage.standing("one") == "RUNNING 2")
      #expect(try await stage.standing("two") == "RUNNING 1")
    }
  }
}
#endif
