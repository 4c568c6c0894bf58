#if CommandLine
import Testing

/// What is not rolled back by itself, and the ways out.
@Suite struct RecoveryTests {
  /// A counter that cannot start while the file of the property BROKEN is there, and otherwise says
  /// that it is up.
  static let fragile = Program.counter.replacing(
    "#!/bin/sh\n",
    with:
      "#!/bin/sh\n[ ! -e \"$BROKEN\" ] || { echo 'fatal error: no disk' >&2; exit 3; }\n: > up\n")

  @Test("A rollback that fails leaves READY, both failures, no process, and a way out that works")
  func failedRollback() async throws {
    try await onStage { stage in
      try await stage.createAndStart(
        "shop", RecoveryTests.fragile, "--rollback", "--property",
        "BROKEN=\(stage.path("broken"))", "--ready-check", "test -e up")
      try await stage.waitUntilCounting("shop", above: 3)
      let broken = try stage.write("", to: "broken")
      let run = try await stage.update(
        "shop", Program.throwingAtOnce, "--settle", "20", "--ready-check", "")
      run.exits(4).shows("the rollback failed too, READY at version 2, nothing runs")
        .says("way out: `rollbook rollback shop`")
      #expect(try await stage.standing("shop") == "READY 2")
      #expect(stage.running("shop") == [])
      #expect(stage.keepers() == [])
      #expect(
        try await stage.operations("shop").prefix(2) == [
          "SystemRollbackApplication FAILED", "UpdateApplication FAILED",
        ])
      let update = try await stage.newest("UpdateApplication", of: "shop")
      let rollback = try await stage.newest("SystemRollbackApplication", of: "shop")
      #expect(update["RollbackDecision"]["Code"].text == "ROLLBACK_STARTED")
      #expect(rollback["RollbackDecision"]["Code"].text == "ROLLBACK_FAILED")
      #expect(
        update["OperationFailureDetails"]["RootCause"].text == "fatal error: it does not work")
      #expect(rollback["OperationFailureDetails"]["RootCause"].text == "fatal error: no disk")

      try stage.remove(broken)
      try await stage.rollbook("rollback", "shop").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(stage.running("shop") == [1])
      try await stage.waitUntilCounting("shop")
      stage.expectContinuity()
    }
  }

  @Test("A start that fails is not rolled back")
  func failedStart() async throws {
    try await onStage { stage in
      try await stage.create("shop", Program.throwingAtOnce, "--rollback", "--settle", "20")
      try await stage.rollbook("start", "shop").exits(4)
        .shows("the start failed; READY at version 1, nothing runs")
        .says("cause: fatal error: it does not work")
      #expect(try await stage.standing("shop") == "READY 1")
      #expect(stage.keepers() == [])
      #expect(
        try await stage.operations("shop") == [
          "StartApplication FAILED", "CreateApplication SUCCESSFUL",
        ])
      let failed = try await stage.newest("StartApplication", of: "shop")
      #expect(failed["RollbackDecision"]["Code"].text == "START_IS_NOT_ROLLED_BACK")
      // A better version is made while it is READY, and runs.
      try await stage.update("shop", Program.counter, "--settle", "0.1").exits(0).shows(
        "READY at version 2")
      try await stage.rollbook("start", "shop").exits(0)
      #expect(stage.running("shop") == [2])
    }
  }

  @Test("Not opted in: READY at the bad version, the reason recorded, and the way out works")
  func notOptedIn() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.waitUntilCounting("shop", above: 3)
      try await stage.update("shop", Program.throwingAtOnce, "--settle", "20").exits(4)
        .says("NOT_ENABLED").says("way out: `rollbook rollback shop`")
      #expect(try await stage.standing("shop") == "READY 2")
      #expect(stage.running("shop") == [])
      let failed = try await stage.newest("UpdateApplication", of: "shop")
      #expect(failed["RollbackDecision"]["Code"].text == "NOT_ENABLED")
      #expect(failed["RollbackDecision"]["Reason"].text != "")
      #expect(try await stage.operations("shop").first == "UpdateApplication FAILED")
      try await stage.rollbook("rollback", "shop").exits(0).shows("RUNNING at version 1")
      #expect(stage.running("shop") == [1])
      try await stage.waitUntilCounting("shop")
      stage.expectContinuity()
    }
  }

  @Test("After RUNNING nothing is rolled back by itself; asked for, it goes back step by step")
  func failureAfterRunning() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.counter, "--rollback")
      try await stage.waitUntilCounting("shop", above: 2)
      try await stage.update("shop", Program.counter("two")).exits(0)
      try await stage.waitUntilCounting("shop", above: 4)
      try await stage.update(
        "shop", Program.counterThatFailsWhenTold, "--property", "TRIGGER=\(stage.path("fail"))"
      ).exits(0)
      try await wait(until: "version 3 counts") { stage.begun() == [1, 2, 3] }
      let trigger = try stage.write("", to: "fail")
      try await wait(until: "version 3 has failed") { stage.keepers() == [] }
      let detail = try await stage.json("status", "shop")["ApplicationDetail"]
      #expect(detail["ApplicationStatus"].text == "RUNNING")
      #expect(detail["Observed"]["State"].text == "ENDED")
      // Whoever changes something is told first what had happened.
      try await stage.rollbook("rollback", "shop").exits(5).says("READY at version 3")
      #expect(
        try await stage.operations("shop").prefix(2) == [
          "ApplicationEnded FAILED", "UpdateApplication SUCCESSFUL",
        ])
      let ended = try await stage.newest("ApplicationEnded", of: "shop")
      #expect(ended["OperationFailureDetails"]["Phase"].text == "run")
      #expect(ended["OperationFailureDetails"]["Evidence"]["ExitStatus"].int == 7)
      #expect(stage.running("shop") == [])

      try await stage.rollbook("rollback", "shop").exits(0).shows("RUNNING at version 2")
      #expect(stage.running("shop") == [2])
      try await stage.waitUntilCounting("shop")
      try await stage.rollbook("rollback", "shop").exits(0).shows("RUNNING at version 1")
      #expect(stage.running("shop") == [1])
      try await wait(until: "version 1 counts") { stage.begun() == [1, 2, 3, 2, 1] }
      try await stage.rollbook("rollback", "shop").exits(5).says("no earlier version")
      #expect(stage.running("shop") == [1])
      try stage.remove(trigger)
      try await stage.rollbook("rollback", "shop", "--to-version", "3").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 3")
      #expect(stage.running("shop") == [3])
      try await wait(until: "version 3 counts") { stage.begun() == [1, 2, 3, 2, 1, 3] }
      expectStates(stage)
    }
  }

  /// Each goes on from the newest state that it can read.
  private func expectStates(_ stage: Stage) {
    let lines = stage.ledger()
    func began(_ index: Int) -> Int? {
      lines.filter { $0.event == "began" }.dropFirst(index).first?.count
    }
    func ended(_ version: Int, _ index: Int) -> Int? {
      lines.filter { $0.event == "ended" && $0.version == version }.dropFirst(index).first?.count
    }
    #expect(began(1) == ended(1, 0))
    #expect(began(2) == ended(2, 0))
    // Version 3's state is not for version 2, nor version 2's for version 1.
    #expect(began(3) == ended(2, 0))
    #expect(began(4) == ended(1, 0))
    #expect(began(5) == ended(1, 1))
  }

  @Test("Without snapshots a rollback begins anew, and no snapshot is taken")
  func withoutSnapshots() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.counter, "--rollback", "--no-snapshots")
      try await stage.waitUntilCounting("shop", above: 3)
      try await stage.update("shop", Program.throwingAtOnce, "--settle", "20").exits(3)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      try await wait(until: "version 1 counts") { stage.begun() == [1, 1] }
      #expect(stage.ledger().filter { $0.event == "began" }.map(\.count) == [0, 0])
      try await stage.rollbook("snapshot", "create", "shop").exits(5).says("not enabled")
      try await stage.rollbook("stop", "shop").exits(0)
      #expect(try await stage.json("snapshot", "list", "shop")["SnapshotSummaries"].array == [])
      #expect(stage.keepers() == [])
    }
  }
}
#endif
