#if CommandLine && Flink
import Foundation
import Testing

extension FlinkTests {
  /// The ways in which a change fails on Flink and heals itself, the state intact each time.
  @Suite struct FailureTests {
    struct Way: Sendable, CustomTestStringConvertible {
      let name: String
      var jar = "counting"
      var options: [String] = []
      let phases: [String]
      /// What the root cause holds.
      let cause: String

      var testDescription: String { name }
    }

    static let ways = [
      Way(
        name: "main() never executes", jar: "never-executes", phases: ["deploy"],
        cause: "No jobs included in application."),
      Way(
        name: "the entry class is not there", options: ["--entry-class", "jobs.Nope"],
        phases: ["deploy"], cause: "entry point class 'jobs.Nope' was not found"),
      Way(
        name: "main() calls System.exit", jar: "exits-in-main", phases: ["deploy"],
        cause: "Flink user code attempted to exit JVM"),
      Way(
        name: "an operator fails at once, restarted without end", jar: "null-pointer",
        phases: ["start", "settle"], cause: "java.lang.NullPointerException"),
      Way(
        name: "open() fails", jar: "fails-in-open", phases: ["start", "settle"],
        cause: "java.lang.IllegalStateException: open() fails, as this version is made to"),
      Way(
        name: "fails within the bake time", jar: "fails-later",
        options: ["--arg", "--seconds", "--arg", "3", "--bake", "20"], phases: ["bake"],
        cause: "java.lang.IllegalStateException: fails after 3 s, as this version is made to"),
      Way(
        name: "the operator's uid changed", jar: "uid-changed", phases: ["deploy"],
        cause: "Cannot map checkpoint/savepoint state for operator"),
      Way(
        name: "the serializer changed", jar: "serializer-changed", phases: ["start", "settle"],
        cause: "must not be incompatible"),
      Way(
        name: "parallelism above the max parallelism",
        options: ["--parallelism", "3", "--max-parallelism", "2"], phases: ["deploy"],
        cause: "is higher than the max parallelism (2)"),
      Way(
        name: "main() fails when the job runs already", jar: "throws-after-executing",
        phases: ["deploy"], cause: "main() fails after it has executed"),
      Way(
        name: "no checkpoint is completed within the bake time", jar: "saves-slowly",
        options: ["--arg", "--seconds", "--arg", "60", "--bake", "12"], phases: ["bake"],
        cause: "no checkpoint was completed in"),
    ]

    @Test("An update that fails is rolled back by itself", arguments: ways)
    func update(_ way: Way) async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        // Arguments are replaced as a whole.
        let run = try await stage.rollbook(
          ["update", "shop", "--code", try await FlinkCluster.jar(way.jar)]
            + ["--arg", "--out", "--arg", stage.counted] + way.options)
        run.exits(3).shows("rolled back to version 1")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        #expect(
          try await stage.operations("shop").prefix(2) == [
            "SystemRollbackApplication SUCCESSFUL", "UpdateApplication FAILED",
          ])
        let failure = try await stage.newest("UpdateApplication", of: "shop")[
          "OperationFailureDetails"]
        #expect(failure["RootCause"].text.contains(way.cause), "\(failure["RootCause"].text)")
        #expect(way.phases.contains(failure["Phase"].text), "\(failure["Phase"].text)")
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("stop", "shop").exits(0)
        try await stage.expectLiving(0, on: cluster)
        stage.expectCountsGoOn(restored: 1)
      }
    }

    @Test("An operator that fails, and is not restarted: rolled back")
    func withoutRestarts() async throws {
      let cluster = try await FlinkCluster.withoutRestarts()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.updateJob("null-pointer", "--arg", "--out", "--arg", stage.counted).exits(3)
          .says("java.lang.NullPointerException")
        try await stage.expectGoodEnd("RUNNING 1", on: cluster, restored: 1)
      }
    }

    /// The answers about a job are kept for so long, unless a cluster is told otherwise.
    @Test("What fails and is restarted between two answers of the cluster is noticed all the same")
    func defaultRefreshInterval() async throws {
      let cluster = try await FlinkCluster([
        "--set", "web.refresh-interval=3000", "--set", "restart-strategy.type=fixed-delay",
        "--set", "restart-strategy.fixed-delay.delay=1ms",
        "--set", "restart-strategy.fixed-delay.attempts=1000",
      ])
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.rollbook("update", "shop", "--timeout", "3").exits(64).says("3.05 s")
        try await stage.updateJob(
          "fails-later", "--settle", "2", "--arg", "--out", "--arg", stage.counted, "--arg",
          "--seconds", "--arg", "1"
        ).exits(3).says("fails after 1 s")
        try await stage.expectGoodEnd("RUNNING 1", on: cluster, restored: 1)
      }
      await cluster.down()
    }

    @Test(
      "What fails after RUNNING is not rolled back by itself; a rollback that is asked for works")
    func afterRunning() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.updateJob(
          "fails-later", "--arg", "--out", "--arg", stage.counted, "--arg", "--seconds", "--arg",
          "3"
        ).exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 2")
        try await wait(until: "its failure is observed") {
          let detail = try await stage.json("status", "shop")["ApplicationDetail"]
          return detail["Observed"]["State"].text == "FAILING"
        }
        // Flink restarts it again and again: it is not over.
        #expect(try await stage.standing("shop") == "RUNNING 2")
        try await stage.rollbook("rollback", "shop").exits(0)
        try await stage.expectGoodEnd("RUNNING 1", on: cluster, restored: 2)
      }
    }

    @Test("State that the new version does not know is dropped only where that is allowed")
    func allowNonRestoredState() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.updateJob("uid-changed", "--allow-non-restored-state").exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 2")
        let update = try await stage.newest("UpdateApplication", of: "shop")
        let told = update["Steps"].array.map { $0["Message"].text }
        #expect(told.contains { $0.contains("dropped") }, "\(update["Steps"])")
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }

    @Test("A snapshot that was removed behind our back is noticed before anything is stopped")
    func snapshotRemoved() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.rollbook("snapshot", "create", "shop", "kept").exits(0)
        let shown = try await stage.json("snapshot", "show", "shop", "kept")["SnapshotDetails"]
        let location = shown["Location"].text
        #expect(location.hasPrefix("file:"), "\(shown)")
        try stage.remove(String(location.dropFirst(5)))
        let run = try await stage.rollbook(
          "update", "shop", "--description", "two", "--from", "kept")
        run.exits(5).says("kept").says("gone")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: cluster)
        // A rollback that would begin with it.
        try await stage.rollbook("update", "shop", "--description", "two").exits(0)
        let first = try await stage.json("rollback", "shop", "--dry-run")["RollbackPlan"]
        let other = try await stage.json(
          "snapshot", "show", "shop", first["SnapshotName"].text)["SnapshotDetails"]
        try stage.remove(String(other["Location"].text.dropFirst(5)))
        try await stage.rollbook("rollback", "shop").exits(5).says("gone")
        #expect(try await stage.standing("shop") == "RUNNING 2")
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }

    @Test("A stop whose savepoint takes too long is finished by the rollback, which loses nothing")
    func slowSavepoint() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(
          on: cluster, jar: "saves-slowly", "--snapshot-timeout", "1", "--arg", "--seconds",
          "--arg",
          "4")
        let run = try await stage.rollbook("update", "shop", "--description", "two")
        run.says("was not complete within 1 s")
        #expect(run.status != 0)
        // Until it is complete it is said to be under way.
        try await wait(until: "the rollback goes through") {
          try await stage.rollbook("rollback", "shop").status == 0
        }
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: cluster)
        stage.expectCountsGoOn(restored: 1)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }

    @Test("main() that outlasts the timeout starts late, and is never a second job")
    func startsLate() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let run = try await stage.updateJob(
          "sleeps-in-main", "--timeout", "2", "--arg", "--out", "--arg", stage.counted, "--arg",
          "--seconds", "--arg", "6")
        run.exits(3).says("main() has not returned within 2 s")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: cluster)
        let states = try await stage.jobStates(on: cluster)
        // The late one did come, and was cancelled before version 1 was started again.
        #expect(states.values.sorted() == ["CANCELED", "FINISHED", "RUNNING"])
        try await stage.rollbook("stop", "shop").exits(0)
        stage.expectCountsGoOn(restored: 1)
      }
    }

    @Test("main() that outlasts the submit grace leaves a suspect, which is ended later")
    func suspect() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.updateJob(
          "sleeps-in-main", "--timeout", "1", "--submit-grace", "2", "--arg", "--out", "--arg",
          stage.counted, "--arg", "--seconds", "--arg", "8"
        ).exits(3)
        #expect(try await stage.standing("shop") == "RUNNING 1")
        let suspects = "SELECT count(*) AS n FROM suspects"
        let found = try await stage.rollbook("sql", "--output", "jsonl", suspects)
        #expect(try found.exits(0).jsonLines().first?["n"].int == 1)
        try await wait(until: "the late job has come") {
          try await stage.jobStates(on: cluster).values.filter { $0 == "RUNNING" }.count == 2
        }
        try await stage.rollbook("update", "shop", "--description", "three", "--timeout", "60")
          .exits(0)
        try await stage.expectLiving(1, on: cluster)
        let open = """
          SELECT count(*) AS n FROM suspects AS s
          WHERE NOT EXISTS (SELECT 1 FROM suspect_resolutions AS r WHERE r.suspect_id = s.id)
          """
        let left = try await stage.rollbook("sql", "--output", "jsonl", open)
        #expect(try left.exits(0).jsonLines().first?["n"].int == 0)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }
  }
}
#endif
