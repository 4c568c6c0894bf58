#if CommandLine
import Foundation
import Glibc
import Testing

/// What is told to whoever must go on from here.
@Suite struct NextStepTests {
  @Test("An operation whose holder died is shown as interrupted by every verb that shows it")
  func interrupted() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
      for words in [["operations", "shop"], ["operation", "shop", "3"]] {
        let run = try await stage.rollbook(words).exits(0).shows("IN_PROGRESS")
        #expect(!run.out.contains("interrupted"))
      }
      held.command.send(SIGKILL)
      _ = try await held.command.end()
      let note = "interrupted, run `rollbook settle`"
      for words in [
        ["operations", "shop"], ["operation", "shop", "3"], ["list"], ["status", "shop"],
      ] {
        try await stage.rollbook(words).exits(0).shows(note)
      }
      let list = try await stage.operationList("shop")
      #expect(list[0]["IsInterrupted"] == .bool(true))
      #expect(list[1]["IsInterrupted"] == .null)
      let one = try await stage.json("operation", "shop", "3")["ApplicationOperationInfoDetails"]
      #expect(one["IsInterrupted"] == .bool(true))
      try await stage.rollbook("settle").exits(0)
      let run = try await stage.rollbook("operations", "shop").exits(0)
      #expect(!run.out.contains("interrupted"))
    }
  }

  @Test("status of what is READY after a failure tells cause and way out")
  func cause() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      let before = try await stage.rollbook("status", "shop").exits(0)
      #expect(!before.out.contains("CAUSE"))
      try await stage.update("shop", Program.throwingAtOnce, "--settle", "20").exits(4)
      try await stage.rollbook("status", "shop").exits(0)
        .shows("UpdateApplication 3 FAILED: fatal error: it does not work")
        .shows("`rollbook operation shop 3`")
        .shows("`rollbook rollback shop` goes back to version 1")
      let detail = try await stage.json("status", "shop")["ApplicationDetail"]["LastFailure"]
      #expect(detail["RootCause"].text == "fatal error: it does not work")
      #expect(detail["WayOut"].text.contains("rollbook rollback shop"))
      try await stage.rollbook("rollback", "shop").exits(0)
      let after = try await stage.rollbook("status", "shop").exits(0)
      #expect(!after.out.contains("CAUSE"))
    }
  }

  @Test("Whoever stops an update by force is told the way back, by the stop and by status")
  func wayOutOfAStop() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      held.command.send(SIGKILL)
      _ = try await held.command.end()
      let wayOut = "`rollbook rollback shop` goes back to version 1"
      try await stage.rollbook("stop", "shop", "--force").exits(0).says("way out: \(wayOut)")
      try await stage.rollbook("status", "shop").exits(0)
        .shows("UpdateApplication 3 CANCELLED").shows(wayOut)
      try await stage.rollbook("rollback", "shop").exits(0)
      // A plain stop leaves what ran: there is nothing to go back from.
      let stop = try await stage.rollbook("stop", "shop").exits(0)
      #expect(!stop.err.contains("way out"))
    }
  }

  @Test("A stop that fails for its snapshot says how to stop without one")
  func stopWithoutSnapshot() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle)
      // No folder can be made here.
      try stage.write("", to: "home/snapshots/1")
      try await stage.rollbook("stop", "shop").exits(3).shows("the stop failed")
        .says("way out: `rollbook stop shop --force` stops it without a snapshot")
      try await stage.rollbook("stop", "shop", "--force").exits(0)
    }
  }

  @Test("Answers in CSV hold what the verb is about")
  func csv() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle, "--property", "COLOUR=red")
      try await stage.update("shop", Program.counter("two"), "--bake", "0").exits(0)
      try await stage.rollbook("version", "shop", "1", "-o", "csv").exits(0)
        .shows("SettleSeconds,TimeoutSeconds").shows("COLOUR=red")
      try await stage.rollbook("rollback", "shop", "--dry-run", "-o", "csv").exits(0)
        .shows("TakesSnapshotFirst,UsesThatSnapshot").shows("true,")
    }
  }

  @Test("A second Ctrl-C says what it left in progress")
  func secondInterrupt() async throws {
    try await onStage { stage in
      let gate = try stage.write("", to: "gate")
      try await stage.createAndStart("shop", Program.idle, "--ready-check", "test -e '\(gate)'")
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      // What comes back is not ready before somebody lets it: the rollback cannot have ended.
      try FileManager.default.removeItem(atPath: gate)
      try await held.send(SIGINT, until: "RollbackApplication 4: ")
      held.command.send(SIGINT)
      try await held.command.end().exits(130)
        .says("left RollbackApplication 4 in progress: `rollbook settle`")
      try stage.write("", to: "gate")
      try await stage.rollbook("settle").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 1")
    }
  }

  @Test("An answer that cannot be written is no success")
  func unwritten() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.idle)
      let program = Stage.binaries + "/rollbook"
      for words in [
        "operations shop --all", "list", "status shop -o json", "--help", "--version",
        "sql 'SELECT 1'", "version shop 1",
      ] {
        try await stage.run(["/bin/sh", "-c", "'\(program)' \(words) > /dev/full"]).exits(1)
          .says("The answer could not be written: No space left on device")
      }
      try await stage.run(["/bin/sh", "-c", "'\(program)' list >&-"]).exits(1)
        .says("Bad file descriptor")
      // What was done is done.
      try await stage.run(
        ["/bin/sh", "-c", "'\(program)' update shop --description x > /dev/full"]
      ).exits(0)
      #expect(try await stage.standing("shop") == "READY 2")
    }
  }

  @Test("What is not UTF-8 is refused, and named")
  func notText() async throws {
    try await onStage { stage in
      let code = try stage.write(Program.idle, to: "idle.sh")
      let program = Stage.binaries + "/rollbook"
      for (words, place) in [
        ("--home \"$x\" list", "after --home"), ("list --home=\"$x\"", "Argument 2"),
        ("create shop --code \"$x\"", "after --code"),
        ("create shop --code '\(code)' --arg \"$x\"", "after --arg"),
        ("create shop --code '\(code)' --property \"K=$x\"", "after --property"),
        ("create \"$x\" --code '\(code)'", "Argument 2"),
      ] {
        let script = "x=$(printf 'h\\351'); '\(program)' \(words)"
        try await stage.run(["/bin/sh", "-c", script]).exits(64).says("is not text in UTF-8")
          .says(place)
      }
      let script = "ROLLBOOK_HOME=$(printf '/h\\351') '\(program)' list"
      try await stage.run(["/bin/sh", "-c", script]).exits(64).says("ROLLBOOK_HOME")
      #expect(!FileManager.default.fileExists(atPath: stage.home))
      // The character that stands for what could not be read is a character like any other.
      try await stage.rollbook("create", "shop", "--code", code, "--arg", "\u{FFFD}").exits(0)
    }
  }
}
#endif
