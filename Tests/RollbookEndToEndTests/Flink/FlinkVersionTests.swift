#if CommandLine && Flink
import Foundation
import Testing

extension FlinkTests {
  /// Other versions of Flink: they are downloaded, 300 MB each, so only in the long form.
  @Suite(
    .serialized,
    .enabled(
      if: ProcessInfo.processInfo.environment["ROLLBOOK_TEST_LONG"] == "1",
      "downloads other Flink versions: ROLLBOOK_TEST_LONG=1 runs it"))
  struct VersionTests {
    @Test("The story on other versions", arguments: ["1.20.1", "2.1.0"])
    func story(_ version: String) async throws {
      let cluster = try await FlinkCluster(version: version)
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.updateJob("throws-in-main").exits(3)
          .says("Exception thrown to show system-rollback")
        try await stage.updateJob("null-pointer").exits(3)
          .says("java.lang.NullPointerException")
        try await stage.updateJob("uid-changed").exits(3)
          .says("Cannot map checkpoint/savepoint state for operator")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("snapshot", "create", "shop", "one").exits(0)
        try await stage.rollbook("snapshot", "delete", "shop", "one").exits(0)
        try await stage.rollbook("stop", "shop").exits(0)
        try await stage.expectLiving(0, on: cluster)
        stage.expectCountsGoOn(restored: 3)
      }
      await cluster.down()
    }

    @Test("An update to another Flink fails: back on the old one, from what that one can read")
    func acrossVersions() async throws {
      let old = try await FlinkCluster()
      let new = try await FlinkCluster(version: "2.1.0")
      try await onStage { stage in
        try await stage.createAndStartJob(on: old)
        let run = try await stage.updateJob("null-pointer", "--flink-url", new.url)
        run.exits(3).says("java.lang.NullPointerException")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: old)
        try await stage.expectLiving(0, on: new)
        // A good version on the new Flink, whose savepoints the old one cannot read.
        try await stage.rollbook("update", "shop", "--flink-url", new.url).exits(0)
        try await stage.expectLiving(1, on: new)
        try await stage.rollbook("snapshot", "create", "shop", "new").exits(0)
        let plan = try await stage.json("rollback", "shop", "--dry-run")["RollbackPlan"]
        #expect(plan["SnapshotVersionId"].int == 1, "\(plan)")
        try await stage.rollbook("rollback", "shop").exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: old)
        try await stage.rollbook("rollback", "shop", "--to-version", "1", "--snapshot", "new")
          .exits(5)
        try await stage.rollbook("stop", "shop").exits(0)
        stage.expectCountsGoOn(restored: 3)
      }
      await old.down()
      await new.down()
    }
  }
}
#endif
