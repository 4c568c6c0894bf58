#if CommandLine && Flink
import Glibc
import Testing

extension FlinkTests {
  /// What dies under an operation: the job manager, a task manager, the network, Rollbook itself.
  ///
  /// One after another: each has a cluster of its own.
  @Suite(.serialized) struct LossTests {
    @Test("The job manager is killed during an update: settled, and never two jobs")
    func jobManager() async throws {
      let cluster = try await FlinkCluster()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let update = try stage.background(
          "update", "shop", "--description", "two", "--settle", "5")
        try await stage.waitUntilObserved(version: 2)
        try cluster.send(SIGKILL, to: "jobmanager")
        try await cluster.startJobManager()
        // The cluster does not know the job any more; once nothing of it can run it is started again.
        let run = try await update.end(withinSeconds: 200)
        run.exits(0)
        try await stage.expectGoodEnd("RUNNING 2", on: cluster, restored: 2)
      }
      await cluster.down()
    }

    @Test("The request breaks off while main() runs: awaited for its grace, then rolled back")
    func request() async throws {
      let cluster = try await FlinkCluster()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let code = try await FlinkCluster.jar("sleeps-in-main")
        let update = try stage.background(
          "update", "shop", "--code", code, "--submit-grace", "6", "--arg", "--out", "--arg",
          stage.counted, "--arg", "--seconds", "--arg", "60")
        try await wait(until: "version 2 is asked for") {
          try await stage.steps("UpdateApplication", of: "shop").contains("deployed")
        }
        try cluster.send(SIGKILL, to: "jobmanager")
        try await cluster.startJobManager()
        let run = try await update.end(withinSeconds: 200)
        run.exits(3).says("the answer to the job's submission was lost")
        try await stage.expectGoodEnd("RUNNING 1", on: cluster, restored: 1)
      }
      await cluster.down()
    }

    @Test("The job manager is killed while the old version is stopped: its last checkpoint goes on")
    func jobManagerInStop() async throws {
      let cluster = try await FlinkCluster(["--set", "execution.checkpointing.interval=1s"])
      try await onStage { stage in
        try await stage.createAndStartJob(
          on: cluster, jar: "saves-slowly", "--arg", "--seconds", "--arg", "2")
        let update = try stage.background("update", "shop", "--description", "two")
        try await wait(until: "the savepoint is under way") {
          try await stage.steps("UpdateApplication", of: "shop").contains("stopping")
        }
        try cluster.send(SIGKILL, to: "jobmanager")
        try await cluster.startJobManager()
        let run = try await update.end(withinSeconds: 200)
        if run.status != 0 {
          let settle = try stage.background("settle")
          try await settle.end(withinSeconds: 200).exits(0)
        }
        #expect(try await stage.standing("shop") == "RUNNING 2", "\(run.described)")
        try await stage.expectLiving(1, on: cluster)
        stage.expectCountsGoOn(restored: 1)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
      await cluster.down()
    }

    @Test("A task manager is killed in the settle window: the change fails and goes back")
    func taskManager() async throws {
      let cluster = try await FlinkCluster()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let update = try stage.background(
          "update", "shop", "--description", "two", "--settle", "20")
        try await stage.waitUntilObserved(version: 2)
        try cluster.send(SIGKILL, to: "taskmanager-0")
        try await cluster.startTaskManager()
        let run = try await update.end(withinSeconds: 200)
        run.exits(3)
        try await stage.expectGoodEnd("RUNNING 1", on: cluster, restored: 1)
      }
      await cluster.down()
    }

    @Test("The job manager hangs in the middle of an update, which goes on when it answers again")
    func hangs() async throws {
      let cluster = try await FlinkCluster(["--set", "heartbeat.timeout=60000"])
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let update = try stage.background(
          "update", "shop", "--description", "two", "--settle", "5")
        try await stage.waitUntilObserved(version: 2)
        try cluster.send(SIGSTOP, to: "jobmanager")
        let detail = try await stage.rollbook("status", "shop")
        detail.exits(0).shows("cannot be reached")
        try cluster.send(SIGCONT, to: "jobmanager")
        try await update.end(withinSeconds: 100).exits(0)
        try await stage.expectGoodEnd("RUNNING 2", on: cluster, restored: 1)
      }
      await cluster.down()
    }

    @Test("A job that the cluster has lost is found ended, and starts again with its newest state")
    func lostJob() async throws {
      let cluster = try await FlinkCluster()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        try await stage.rollbook("snapshot", "create", "shop", "kept").exits(0)
        try cluster.send(SIGKILL, to: "jobmanager")
        try cluster.send(SIGKILL, to: "taskmanager-0")
        try await cluster.startJobManager()
        try await cluster.startTaskManager()
        // An empty list of jobs is no answer for a minute.
        try await stage.rollbook("status", "shop").exits(0).shows("missing")
        let settle = try stage.background("settle")
        try await settle.end(withinSeconds: 150).exits(0)
        #expect(try await stage.standing("shop") == "READY 1")
        let ended = try await stage.newest("ApplicationEnded", of: "shop")
        #expect(ended["OperationStatus"].text == "FAILED")
        try await stage.rollbook("start", "shop").exits(0)
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("stop", "shop").exits(0)
        stage.expectCountsGoOn(restored: 1)
      }
      await cluster.down()
    }
  }
}
#endif
