#if CommandLine && Flink
import Testing

extension FlinkTests {
  /// Scaling by savepoint and resubmission, and snapshots by hand.
  @Suite struct ScalingTests {
    /// A job that waits for slots takes all that are free: no other test may want one.
    @Test("A scaling takes the state along; what wants more than the slots goes back")
    func scale() async throws {
      let cluster = try await FlinkCluster(["--slots", "4"])
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.rollbook("scale", "shop", "--parallelism", "2").exits(0)
        let detail = try await stage.json("status", "shop")["ApplicationDetail"]
        #expect(detail["Parallelism"].int == 2)
        #expect(detail["ApplicationVersionId"].int == 1)
        let run = try await stage.rollbook("scale", "shop", "--parallelism", "40")
        run.exits(3).says("Could not acquire the minimum required resources")
        let after = try await stage.json("status", "shop")["ApplicationDetail"]
        #expect(after["ApplicationStatus"].text == "RUNNING")
        #expect(after["Parallelism"].int == 2)
        try await stage.rollbook("scale", "shop", "--parallelism", "40").exits(5)
          .says("failed at parallelism 40 before")
        let update = try await stage.rollbook(
          "update", "shop", "--description", "wide", "--parallelism", "40")
        update.exits(3).says("Could not acquire the minimum required resources")
        let still = try await stage.json("status", "shop")["ApplicationDetail"]
        #expect(still["Parallelism"].int == 2)
        #expect(still["ApplicationVersionId"].int == 1)
        try await stage.expectLiving(1, on: cluster)
        // The same code, deployed again and again, was uploaded once.
        let jars = try await stage.run(["curl", "-s", cluster.url + "/jars"])
        #expect(try jars.json()["files"].array.count == 1)
        try await stage.rollbook("stop", "shop").exits(0)
        stage.expectCountsGoOn(restored: 3)
      }
      await cluster.down()
    }

    @Test("The adaptive scheduler runs a job on what there is: that is a failure, and says so")
    func adaptive() async throws {
      let cluster = try await FlinkCluster([
        "--slots", "4", "--set", "jobmanager.scheduler=adaptive",
        "--set", "jobmanager.adaptive-scheduler.resource-wait-timeout=2s",
      ])
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let run = try await stage.rollbook("scale", "shop", "--parallelism", "8")
        run.exits(3).says("at parallelism 4, not 8")
        let after = try await stage.json("status", "shop")["ApplicationDetail"]
        #expect(after["ApplicationStatus"].text == "RUNNING")
        #expect(after["Parallelism"].int == 1)
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("stop", "shop").exits(0)
        stage.expectCountsGoOn(restored: 1)
      }
      await cluster.down()
    }

    @Test("Snapshots by hand are savepoints: taken, started from, deleted with their bytes")
    func snapshots() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let folder = stage.path("savepoints")
        try await stage.createAndStartJob(
          on: cluster, "--savepoint-directory", "file://\(folder)")
        try await stage.rollbook("logs", "shop").exits(0).shows(
          "switched from INITIALIZING to RUNNING")
        try await stage.rollbook("snapshot", "create", "shop", "one").exits(0)
        let shown = try await stage.json("snapshot", "show", "shop", "one")["SnapshotDetails"]
        let path = String(shown["Location"].text.dropFirst(5))
        #expect(path.hasPrefix(folder + "/"), "\(shown)")
        #expect(stage.text(path + "/_metadata") != nil, "\(shown)")
        #expect(shown["SnapshotStatus"].text == "READY")
        try await stage.rollbook("stop", "shop").exits(0)
        try await stage.rollbook("start", "shop", "--from", "one").exits(0)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
        try await stage.rollbook("snapshot", "delete", "shop", "one").exits(0)
        #expect(stage.text(path + "/_metadata") == nil)
        stage.expectCountsGoOn(restored: 1)
        try await stage.expectLiving(0, on: cluster)
      }
    }
  }
}
#endif
