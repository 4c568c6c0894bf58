#if CommandLine
import Foundation
import Testing

/// Several commands at the same time.
@Suite struct TogetherTests {
  /// Begins an update that is not ready before a file is there, and waits until it is deployed.
  private func heldUpdate(
    _ stage: Stage, _ name: String, readyFile: String = "ready"
  ) async throws -> Command {
    let code = try stage.write(Program.counter("held"), to: "\(name)-held.sh")
    let update = try stage.background(
      "update", name, "--code", code, "--ready-check", "test -e \(stage.path(readyFile))")
    try await wait(until: "version 2 of \(name) is deployed") { stage.running(name) == [2] }
    return update
  }

  @Test("A second change is refused and says who holds the application, and since when")
  func busy() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      let update = try await heldUpdate(stage, "shop")
      let operation = try await stage.newest("UpdateApplication", of: "shop")
      let id = operation["OperationId"].text
      for verb in [
        ["scale", "shop", "--parallelism", "2"], ["update", "shop", "--description", "x"],
        ["stop", "shop"], ["snapshot", "create", "shop"], ["delete", "shop", "--yes"],
      ] {
        try await stage.rollbook(verb).exits(5)
          .says("UpdateApplication \(id) of shop has been in flight since")
          .says(operation["StartTime"].text).says("process \(update.pid), for ")
      }
      try await stage.rollbook("start", "shop").exits(5)
      #expect(try await stage.standing("shop") == "UPDATING 2")
      let shown = try await stage.json("status", "shop")["ApplicationDetail"]
      #expect(shown["OperationInProgress"]["HolderProcessId"].int == Int(update.pid))
      #expect(shown["OperationInProgress"]["IsInterrupted"] == .bool(false))
      let waiting = try stage.background("wait", "shop")
      try stage.write("", to: "ready")
      try await update.end().exits(0)
      try await waiting.end().exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(
        try await stage.operations("shop") == [
          "UpdateApplication SUCCESSFUL", "StartApplication SUCCESSFUL",
          "CreateApplication SUCCESSFUL",
        ])
      stage.expectContinuity()
    }
  }

  @Test("A forced stop cancels what another process drives")
  func forcedStop() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.counter, "--rollback")
      let update = try await heldUpdate(stage, "shop")
      try await stage.rollbook("stop", "shop", "--force", "-m", "enough").exits(0).shows("READY")
        .says("way out: `rollbook rollback shop` goes back to version 1")
      try await update.end().exits(4).shows("the update was cancelled; stopped, READY")
      #expect(
        try await stage.json("status", "shop")["ApplicationDetail"]["ApplicationStatus"].text
          == "READY")
      #expect(stage.running("shop") == [])
      #expect(stage.keepers() == [])
      #expect(
        try await stage.operations("shop").prefix(2) == [
          "StopApplication SUCCESSFUL", "UpdateApplication CANCELLED",
        ])
      let cancelled = try await stage.newest("UpdateApplication", of: "shop")
      #expect(cancelled["RollbackDecision"]["Code"].text == "CANCELLED_BY_REQUEST")
      #expect(cancelled["Cancellations"][0]["Reason"].text == "enough")
      let stop = try await stage.newest("StopApplication", of: "shop")
      #expect(stop["CausedByOperationId"].text == cancelled["OperationId"].text)
      #expect(stop["Parameters"]["Force"] == .bool(true))
    }
  }

  @Test("A rollback cancels what another process drives")
  func rollback() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.waitUntilCounting("shop", above: 3)
      let update = try await heldUpdate(stage, "shop")
      try await stage.rollbook("rollback", "shop").exits(0).shows("RUNNING at version 1")
      try await update.end().exits(3).shows("the update was cancelled; rolled back to version 1")
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(stage.running("shop") == [1])
      #expect(
        try await stage.operations("shop").prefix(2) == [
          "RollbackApplication SUCCESSFUL", "UpdateApplication CANCELLED",
        ])
      try await wait(until: "version 1 has begun again") { stage.begun() == [1, 2, 1] }
      // What version 2 counted before it was given up is left behind.
      let own = stage.ledger().filter { $0.version == 1 }.map(\.count)
      #expect(own == [0, own[1], own[1]])
    }
  }

  @Test("A forced stop gives up a rollback that is under way")
  func forcedStopOfRollback() async throws {
    try await onStage { stage in
      let ready = try stage.write("", to: "ready")
      try await stage.createAndStart(
        "shop", Program.counter, "--rollback", "--ready-check", "test -e \(ready)")
      try stage.remove(ready)
      let code = try stage.write(Program.throwingAtOnce, to: "two.sh")
      let update = try stage.background("update", "shop", "--code", code)
      try await wait(until: "version 1 is deployed again") {
        try await stage.standing("shop") == "ROLLING_BACK 2" && stage.running("shop") == [1]
      }
      try await stage.rollbook("stop", "shop", "--force").exits(0)
      try await update.end().exits(4)
      #expect(
        try await stage.operations("shop").prefix(3) == [
          "StopApplication SUCCESSFUL", "SystemRollbackApplication CANCELLED",
          "UpdateApplication FAILED",
        ])
      #expect(try await stage.standing("shop") == "READY 2")
      #expect(stage.keepers() == [])
    }
  }

  @Test("Changes of two applications go on side by side")
  func twoApplications() async throws {
    try await onStage { stage in
      try await stage.createAndStart("one")
      try await stage.createAndStart("two", Program.idle)
      let update = try await heldUpdate(stage, "one")
      try await stage.update("two", Program.counter).exits(0)
      try await stage.rollbook("stop", "two").exits(0)
      #expect(try await stage.standing("one") == "UPDATING 2")
      #expect(try await stage.standing("two") == "READY 2")
      try stage.write("", to: "ready")
      try await update.end().exits(0)
      #expect(try await stage.standing("one") == "RUNNING 2")
      let list = try await stage.json("list")["ApplicationSummaries"].array
      #expect(list.map { $0["ApplicationName"].text } == ["one", "two"])
      #expect(list.map { $0["ApplicationStatus"].text } == ["RUNNING", "READY"])
    }
  }

  @Test("Eight processes that write at once all make progress")
  func eightWriters() async throws {
    try await onStage { stage in
      let code = try stage.write(Program.idle, to: "idle.sh")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 1...8 {
          group.addTask {
            try await stage.rollbook("create", "app\(number)", "--code", code).exits(0)
            for round in 1...4 {
              try await stage.rollbook(
                "update", "app\(number)", "--property", "ROUND=\(round)"
              ).exits(0)
            }
          }
        }
        try await group.waitForAll()
      }
      let list = try await stage.json("list")["ApplicationSummaries"].array
      #expect(list.map { $0["ApplicationVersionId"].int } == Array(repeating: 5, count: 8))
      let rows = try await stage.json(
        "sql", "SELECT count(*) AS n, count(DISTINCT operation_id) AS d FROM operation_history")
      #expect(rows[0]["n"].int == 40)
      #expect(rows[0]["d"].int == 40)
    }
  }
}
#endif
