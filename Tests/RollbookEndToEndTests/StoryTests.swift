#if CommandLine
import Testing

/// What the article on system rollback shows.
@Suite struct StoryTests {
  static let message = "Exception thrown to show system-rollback"

  @Test("Version 3 counts, version 4 throws, version 3 counts on, version 5 is the next good one")
  func story() async throws {
    try await onStage { stage in
      let ready = try stage.write("", to: "ready")
      try await stage.create(
        "shop", Program.counter, "--rollback", "--ready-check", "test -e \(ready)")
      try await stage.update("shop", Program.counter("two")).exits(0)
      try await stage.update("shop", Program.counter("three")).exits(0)
      try await stage.rollbook("start", "shop").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 3")
      try await stage.waitUntilCounting("shop", above: 5)

      let code = try stage.write(Program.throwing, to: "four.sh")
      let update = try stage.background(
        "update", "shop", "--code", code, "--settle", "20", "--property",
        "MESSAGE=\(StoryTests.message)",
        "--property", "TRIGGER=\(stage.path("throw"))", "-m", "the article's version 4")
      try await wait(until: "version 4 is deployed") { stage.running("shop") == [4] }
      #expect(try await stage.standing("shop") == "UPDATING 4")
      // Version 3 cannot become ready again before the rollback was seen.
      try stage.remove(ready)
      try stage.write("", to: "throw")
      try await wait(until: "version 3 is deployed again") { stage.running("shop") == [3] }
      #expect(try await stage.standing("shop") == "ROLLING_BACK 4")
      try stage.write("", to: "ready")
      let run = try await update.end()
      run.exits(3).shows("shop: the update failed; rolled back to version 3, RUNNING")
      #expect(try await stage.standing("shop") == "RUNNING 3")

      try await expectTheJournalTellsIt(stage)
      try await stage.waitUntilCounting("shop")
      stage.expectContinuity()

      try await stage.update("shop", Program.counter("five"), "--settle", "0.1", "-m", "the repair")
        .exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 5")
      #expect(stage.running("shop") == [5])
      #expect(stage.keepers().count == 1)
      try await stage.rollbook("stop", "shop").exits(0)
      stage.expectContinuity()
      #expect(stage.begun() == [3, 3, 5])
    }
  }

  private func expectTheJournalTellsIt(_ stage: Stage) async throws {
    #expect(
      try await stage.operations("shop") == [
        "SystemRollbackApplication SUCCESSFUL", "UpdateApplication FAILED",
        "StartApplication SUCCESSFUL", "UpdateApplication SUCCESSFUL",
        "UpdateApplication SUCCESSFUL", "CreateApplication SUCCESSFUL",
      ])
    let list = try await stage.operationList("shop")
    let failed = try await stage.newest("UpdateApplication", of: "shop")
    let change = failed["ApplicationVersionChangeDetails"]
    #expect(change["ApplicationVersionUpdatedFrom"].int == 3)
    #expect(change["ApplicationVersionUpdatedTo"].int == 4)
    #expect(failed["Reason"].text == "the article's version 4")
    #expect(failed["RollbackDecision"]["Code"].text == "ROLLBACK_STARTED")
    let failure = failed["OperationFailureDetails"]
    #expect(failure["RollbackOperationId"].text == list[0]["OperationId"].text)
    #expect(failure["RootCause"].text == "java.lang.RuntimeException: \(StoryTests.message)")
    let text = failure["Text"].text
    #expect(text.contains("starting up\nException in thread \"main\""))
    #expect(text.contains("at com.example.Main.main(Main.java:42)"))
    #expect(failure["ErrorInfo"]["ErrorString"].text.contains(StoryTests.message))
    #expect(failure["Evidence"]["ExitStatus"].int == 1)
    #expect(["start", "settle"].contains(failure["Phase"].text))
    let id = failed["OperationId"].text
    try await stage.rollbook("operation", "shop", id).exits(0)
      .shows("3 → 4").shows(StoryTests.message).shows("at com.example.Main.main(Main.java:42)")
      .shows(list[0]["OperationId"].text)

    let rollback = try await stage.newest("SystemRollbackApplication", of: "shop")
    let back = rollback["ApplicationVersionChangeDetails"]
    #expect(back["ApplicationVersionUpdatedFrom"].int == 4)
    #expect(back["ApplicationVersionUpdatedTo"].int == 3)
    #expect(rollback["CausedByOperationId"].text == id)
    let detail = try await stage.json("status", "shop")["ApplicationDetail"]
    #expect(detail["ApplicationVersionRolledBackFrom"].int == 4)
    #expect(detail["ApplicationVersionRolledBackTo"].int == 3)
    #expect(detail["Observed"]["State"].text == "RUNNING")
  }
}
#endif
