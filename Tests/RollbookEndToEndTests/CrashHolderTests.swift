#if CommandLine
import Glibc
import Testing

/// The holder of an operation dies or hangs while others wait, stop, or give it up.
@Suite struct CrashHolderTests {
  private func running(_ stage: Stage) async throws {
    try await stage.createSaver()
    try await stage.rollbook("start", "shop").exits(0)
  }

  // MARK: wait

  @Test("wait settles what it waits for where the holder is killed, and ends as that does")
  func waitForKilled() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      let waiting = try stage.background("wait", "shop")
      held.command.send(SIGKILL)
      try await waiting.end().exits(0).shows("RUNNING at version 2")
      #expect(stage.running("shop") == [2])
      stage.expectContinuity()
    }
  }

  @Test("wait ends as a failed operation does, and does not disturb its holder")
  func waitForFailed() async throws {
    try await onStage { stage in
      try await running(stage)
      let bad = try stage.write(Program.throwingAtOnce, to: "bad.sh")
      let held = try await stage.hold("update", "shop", "--code", bad, at: "before deploy")
      let waiting = try stage.background("wait", "shop")
      // Later it might find the rollback only, and end as that does.
      try await wait(until: "it waits for the update") {
        waiting.err.contains("waiting for UpdateApplication")
      }
      try held.release()
      try await held.command.end().exits(3)
      try await waiting.end().exits(3)
      #expect(try await stage.standing("shop") == "RUNNING 1")
    }
  }

  @Test("Ctrl-C ends a wait, and leaves what it waits for alone", arguments: [SIGINT, SIGTERM])
  func interruptWait(_ signal: Int32) async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      let waiting = try stage.background("wait", "shop")
      // From the first look on its handler is there.
      try await wait(until: "it has opened the journal") {
        readLinks(of: waiting.pid).contains { $0.hasSuffix("/journal.db") }
      }
      waiting.send(signal)
      try await waiting.end().exits(128 + signal)
      try held.release()
      try await held.command.end().exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
    }
  }

  // MARK: A holder that hangs

  @Test("A holder that hangs is named, and ended by --kill-holder")
  func killHolder() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
      try await hang(held.command)
      let refused = try await stage.rollbook("stop", "shop")
      refused.exits(5).says("process \(held.command.pid)").says("has been in flight since")
      try await stage.rollbook("stop", "shop", "--force", "--kill-holder").exits(0)
        .says("The holder of shop was ended")
      try await held.command.end().exits(128 + SIGKILL)
      // The old version had not been touched when the update was given up.
      #expect(try await stage.standing("shop") == "READY 1")
      #expect(stage.livingGenerations().isEmpty)
      let both = ["StopApplication SUCCESSFUL", "UpdateApplication CANCELLED"]
      #expect(try await stage.operations("shop").prefix(2) == both[...])
      try await stage.rollbook("stop", "shop", "--kill-holder").exits(5)
        .says("Nobody holds shop")
    }
  }

  @Test("stop --kill-holder without force settles, and says what that changed")
  func killHolderAndSettle() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      try await hang(held.command)
      try await stage.rollbook("stop", "shop", "--kill-holder").exits(5).says("settling")
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
      try await stage.rollbook("stop", "shop").exits(0)
      stage.expectContinuity()
    }
  }

  // MARK: Abandoning

  @Test("An abandoned operation cannot go on: its holder starts nothing any more")
  func abandon() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      try await hang(held.command)
      try await stage.rollbook("stop", "shop", "--force", "--abandon").exits(0)
      #expect(try await stage.standing("shop") == "READY 2")
      let both = ["StopApplication SUCCESSFUL", "UpdateApplication FAILED"]
      #expect(try await stage.operations("shop").prefix(2) == both[...])
      let failed = try await stage.newest("UpdateApplication", of: "shop")
      #expect(failed["OperationFailureDetails"]["Phase"].text == "abandoned")

      held.command.send(SIGCONT)
      try held.release()
      try await held.command.end().exits(5).says("`rollbook operations shop` tells by whom")
      #expect(stage.livingGenerations().isEmpty)
      #expect(stage.keepers().isEmpty)
      try await stage.rollbook("start", "shop").exits(0)
      #expect(stage.running("shop") == [2])
      stage.expectContinuity()
    }
  }

  @Test("What an abandoned operation had started is ended before anything else starts")
  func suspects() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "after deploy")
      let abandoned = stage.livingGenerations()
      held.command.send(SIGKILL)
      _ = try await held.command.end()
      try await stage.rollbook("stop", "shop", "--force", "--abandon").exits(0)
      #expect(try await stage.standing("shop") == "READY 2")
      #expect(stage.livingGenerations() == abandoned)
      try await stage.rollbook("start", "shop").exits(0)
      #expect(stage.livingGenerations().count == 1)
      #expect(stage.livingGenerations().isDisjoint(with: abandoned))
      #expect(stage.running("shop") == [2])
      try await stage.rollbook("stop", "shop").exits(0)
      try await stage.rollbook("stop", "shop", "--force", "--abandon").exits(5)
    }
  }

  @Test("What was abandoned is shown while it runs, and settle ends it")
  func settleSuspects() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
      held.command.send(SIGKILL)
      _ = try await held.command.end()
      let abandoned = stage.livingGenerations()
      try await stage.rollbook("stop", "shop", "--force", "--abandon").exits(0)
        .says("version 1 may still run; `rollbook settle` ends it")
      #expect(stage.livingGenerations() == abandoned)
      let status = try await stage.rollbook("status", "shop").exits(0)
        .shows("version 1 may still run since its operation was abandoned").shows("now it runs")
      #expect(!status.out.contains("nothing runs"))
      let shown = try await stage.json("status", "shop")["ApplicationDetail"]["Suspects"].array
      #expect(shown.map { $0["Observed"]["State"].text } == ["RUNNING"])
      #expect(shown.map { $0["ApplicationVersionId"].int } == [1])
      try await stage.rollbook("stop", "shop", "--force").exits(5).says("`rollbook settle`")
      try await stage.rollbook("list").exits(0).shows("may still run, run `rollbook settle`")

      try await stage.rollbook("settle").exits(0).shows("shop: version 1").shows("was ended")
      #expect(stage.livingGenerations().isEmpty)
      try await stage.rollbook("status", "shop").exits(0).shows("nothing runs")
      try await stage.rollbook("settle").exits(0).says("nothing to settle")
    }
  }

  @Test("What was abandoned and cannot be ended leaves something to be settled")
  func unreachableSuspect() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
      held.command.send(SIGKILL)
      _ = try await held.command.end()
      try await stage.rollbook("stop", "shop", "--force", "--abandon").exits(0)
      let mend = try stage.breakLock(of: try #require(stage.instances(of: "shop").first))
      try await stage.rollbook("settle").exits(1)
        .shows("shop: version 1 may still run (operation 3) and could not be ended")
        .shows("run `rollbook settle` again")
      try mend()
      try await stage.rollbook("settle").exits(0).shows("was ended")
      #expect(stage.livingGenerations().isEmpty)
    }
  }

  private func hang(_ command: Command) async throws {
    command.send(SIGSTOP)
    try await wait(until: "it hangs") { ProcessFacts(command.pid)?.state == "T" }
  }
}
#endif
