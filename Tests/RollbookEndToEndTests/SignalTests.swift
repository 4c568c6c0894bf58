#if CommandLine
import Foundation
import Glibc
import Testing

/// What signals mean to a verb that changes something.
@Suite struct SignalTests {
  private static let update = ["update", "shop", "--redeploy"]

  private func running(_ stage: Stage) async throws {
    try await stage.createSaver()
    try await stage.rollbook("start", "shop").exits(0)
  }

  // MARK: SIGTERM

  @Test("SIGTERM before the old version is stopped leaves at a durable step")
  func termBeforeStop() async throws {
    try await onStage { stage in
      try await running(stage)
      let before = stage.livingGenerations()
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before stop")
      held.command.send(SIGTERM)
      let run = try await held.command.end()
      run.exits(1).says("at a durable step").says("rollbook settle")
      #expect(try await stage.inFlight()["IsInterrupted"].isTrue)
      #expect(stage.livingGenerations() == before)
      #expect(try await stage.observed().state == "RUNNING")
      try await stage.rollbook("settle").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
      stage.expectContinuity()
    }
  }

  @Test("SIGTERM once the old version is stopped goes on to the outcome")
  func termAfterStop() async throws {
    for point in ["after stop", "before deploy"] {
      try await onStage { stage in
        try await running(stage)
        let held = try await stage.hold("update", "shop", "--redeploy", at: point)
        try await held.send(SIGTERM, until: "asked to leave")
        try? held.release()
        try await held.command.end().exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 2")
        #expect(stage.running("shop") == [2])
      }
    }
  }

  @Test("A second SIGTERM leaves, and what it left is settled")
  func termTwice() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: "before deploy")
      try await held.send(SIGTERM, until: "asked to leave")
      held.command.send(SIGTERM)
      try await held.command.end().exits(128 + SIGTERM)
      #expect(stage.livingGenerations().isEmpty)
      try await stage.rollbook("settle").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
    }
  }

  @Test("SIGTERM while a program takes its time to end goes on to the outcome")
  func termWhileEnding() async throws {
    try await onStage { stage in
      let code = try stage.write(Program.lingerer, to: "slow.sh")
      try await stage.createSaver(
        "shop", "--code", code, "--property", "MAYEND=\(stage.path("end"))")
      try await stage.rollbook("start", "shop").exits(0)
      let update = try stage.background(SignalTests.update)
      try await waitUntilAsked(stage)
      update.send(SIGTERM)
      try await wait(until: "it says so") { update.err.contains("asked to leave") }
      try stage.write("", to: "end")
      try await update.end().exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      stage.expectContinuity()
    }
  }

  private func waitUntilAsked(_ stage: Stage) async throws {
    let state = try #require(stage.instances(of: "shop").first).state
    let work = state.dropLast("state".count) + "work"
    try await wait(until: "the program is asked to end") { stage.text(work + "/asked") != nil }
  }

  // MARK: SIGHUP

  @Test(
    "SIGHUP changes nothing", arguments: ["before stop", "after stop", "before deploy"])
  func hangUp(_ point: String) async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("update", "shop", "--redeploy", at: point)
      held.command.send(SIGHUP)
      try held.release()
      try await held.command.end().exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
    }
  }

  @Test("A terminal that goes away between the versions changes nothing")
  func lostTerminal() async throws {
    try await onStage { stage in
      try await running(stage)
      let hold = stage.path("hold")
      let terminal = try Terminal(
        [Stage.binaries + "/rollbook", "update", "shop", "--redeploy"],
        environment: [
          "ROLLBOOK_HOME": stage.home, "ROLLBOOK_HOLD_AT": "after stop",
          "ROLLBOOK_HOLD_FILE": hold, "TERM": "xterm", "PATH": "/usr/bin:/bin",
        ])
      try await wait(until: "the old version is stopped") { stage.text(hold) != nil }
      #expect(stage.livingGenerations().isEmpty)
      terminal.close()
      try FileManager.default.removeItem(atPath: hold)
      let status = try await wait(for: "its end") { terminal.status }
      #expect(status == 0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
      stage.expectContinuity()
    }
  }

  @Test("Nobody reads what it says any more: it goes on to the outcome")
  func lostReader() async throws {
    try await onStage { stage in
      try await running(stage)
      let binary = Stage.binaries + "/rollbook"
      try await stage.run([
        "/bin/sh", "-c", "'\(binary)' update shop --redeploy 2>&1 | true",
      ]).exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
    }
  }

  // MARK: SIGINT

  @Test(
    "Ctrl-C on an update or a scaling rolls back",
    arguments: [SignalTests.update, ["scale", "shop", "--parallelism", "2"]])
  func interruptChange(_ words: [String]) async throws {
    try await onStage { stage in
      try await running(stage)
      let old = stage.livingGenerations()
      // Before the old version was stopped: it was never touched.
      var held = try await stage.hold(words, at: "before stop")
      try await held.send(SIGINT, until: "a rollback follows")
      try await held.command.end().exits(3)
      #expect(stage.livingGenerations() == old)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      let kind = words[0] == "scale" ? "ScaleApplication" : "UpdateApplication"
      let both = ["RollbackApplication SUCCESSFUL", "\(kind) CANCELLED"]
      #expect(try await stage.operations("shop").prefix(2) == both[...])
      // After that: it comes back with its state.
      held = try await stage.hold(words, at: "before deploy")
      try await held.send(SIGINT, until: "a rollback follows")
      try await held.command.end().exits(3)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(try await stage.operations("shop").prefix(2) == both[...])
      #expect(stage.running("shop") == [1])
      #expect(stage.livingGenerations().isDisjoint(with: old))
      stage.expectContinuity()
    }
  }

  @Test("Ctrl-C while a new version is not ready yet rolls back")
  func interruptWaiting() async throws {
    try await onStage { stage in
      try await running(stage)
      let update = try stage.background(["update", "shop", "--ready-check", "false"])
      try await stage.waitForStep("deployed", of: 3)
      update.send(SIGINT)
      try await update.end().exits(3)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(stage.running("shop") == [1])
      #expect(stage.livingGenerations().count == 1)
      #expect(stage.beginnings().last == 1)
    }
  }

  @Test("Ctrl-C on a start ends as a forced stop")
  func interruptStart() async throws {
    try await onStage { stage in
      try await stage.createSaver("shop", "--ready-check", "false")
      let start = try stage.background("start", "shop")
      try await stage.waitForStep("deployed", of: 2)
      start.send(SIGINT)
      try await start.end().exits(4).says("a forced stop follows")
      #expect(try await stage.standing("shop") == "READY 1")
      let both = ["StopApplication SUCCESSFUL", "StartApplication CANCELLED"]
      #expect(try await stage.operations("shop").prefix(2) == both[...])
      #expect(stage.livingGenerations().isEmpty)
    }
  }

  @Test("Ctrl-C on a snapshot gives it up, and the program goes on")
  func interruptSnapshot() async throws {
    try await onStage { stage in
      try await running(stage)
      let held = try await stage.hold("snapshot", "create", "shop", "mine", at: "before snapshot")
      try await held.send(SIGINT, until: "giving up")
      try await held.command.end().exits(3)
      #expect(try await stage.operations("shop").first?.hasSuffix(" CANCELLED") == true)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(stage.instances(of: "shop").count == 1)
      let instance = try #require(stage.instances(of: "shop").first)
      #expect(ProcessFacts(instance.pid)?.state != "T")
      // The name is free.
      try await stage.rollbook("snapshot", "create", "shop", "mine").exits(0)
    }
  }

  @Test("Ctrl-C on a stop says that it finishes; a second one leaves")
  func interruptStop() async throws {
    try await onStage { stage in
      try await running(stage)
      var held = try await stage.hold("stop", "shop", at: "before stop")
      try await held.send(SIGINT, until: "finishes first")
      try held.release()
      try await held.command.end().exits(0)
      #expect(try await stage.standing("shop") == "READY 1")

      try await stage.rollbook("start", "shop").exits(0)
      held = try await stage.hold("stop", "shop", at: "before stop")
      try await held.send(SIGINT, until: "finishes first")
      held.command.send(SIGINT)
      try await held.command.end().exits(128 + SIGINT)
      try await stage.rollbook("settle").exits(0)
      #expect(try await stage.standing("shop") == "READY 1")
      #expect(stage.livingGenerations().isEmpty)
      stage.expectContinuity()
    }
  }
}
#endif
