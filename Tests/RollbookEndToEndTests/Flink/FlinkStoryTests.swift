#if CommandLine && Flink
import Testing

extension FlinkTests {
  /// What the article on system rollback shows, on a real cluster.
  @Suite struct StoryTests {
    @Test("Version 2 counts, version 3 throws in its main, version 2 counts on, 4 is the next")
    func story() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.rollbook("update", "shop", "--description", "two").exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 2")
        let run = try await stage.updateJob("throws-in-main", "-m", "the new release")
        run.exits(3).shows("shop: the update failed; rolled back to version 2, RUNNING")
          .says("Exception thrown to show system-rollback")
        #expect(try await stage.standing("shop") == "RUNNING 2")
        #expect(
          try await stage.operations("shop") == [
            "SystemRollbackApplication SUCCESSFUL", "UpdateApplication FAILED",
            "UpdateApplication SUCCESSFUL", "StartApplication SUCCESSFUL",
            "CreateApplication SUCCESSFUL",
          ])
        let failed = try await stage.newest("UpdateApplication", of: "shop")
        let failure = failed["OperationFailureDetails"]
        #expect(
          failure["RootCause"].text
            == "java.lang.Exception: Exception thrown to show system-rollback")
        #expect(failure["Text"].text.contains("at jobs.ThrowsInMain.main"))
        #expect(failure["Evidence"]["HttpStatus"].int == 400)
        #expect(failure["Phase"].text == "deploy")
        let rollback = try await stage.newest("SystemRollbackApplication", of: "shop")
        #expect(failure["RollbackOperationId"].text == rollback["OperationId"].text)
        #expect(rollback["CausedByOperationId"].text == failed["OperationId"].text)
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("update", "shop", "--description", "four").exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 4")
        try await stage.rollbook("stop", "shop").exits(0)
        try await stage.expectLiving(0, on: cluster)
        stage.expectCountsGoOn(restored: 3)
        try await stage.rollbook("start", "shop").exits(0)
        stage.expectCountsGoOn(restored: 4)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
        try await stage.expectLiving(0, on: cluster)
      }
    }
  }
}
#endif
