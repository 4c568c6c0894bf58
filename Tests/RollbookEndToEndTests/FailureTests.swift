#if CommandLine
import Testing

/// The ways in which a change fails and heals itself.
@Suite struct FailureTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let name: String
    let program: String
    var mode = 0o755
    var options: [String] = []
    let phases: [String]
    let rootCause: String
    var exitStatus: Int?
    var signal: Int?

    var testDescription: String { name }
  }

  static let ways = [
    Way(
      name: "exits 0 at once", program: Program.exitsAtOnce, phases: ["start", "settle"],
      rootCause: "exited with status 0"),
    Way(
      name: "is killed by a signal", program: Program.killsItself, phases: ["start", "settle"],
      rootCause: "killed by signal 9 (SIGKILL)", signal: 9),
    Way(
      name: "throws at once", program: Program.throwingAtOnce, phases: ["start", "settle"],
      rootCause: "fatal error: it does not work", exitStatus: 1),
    Way(
      name: "never gets ready", program: Program.idle,
      options: ["--ready-check", "false", "--timeout", "0.5", "--settle", "0.1"], phases: ["start"],
      rootCause: "not ready within 0.5 s"),
    Way(
      name: "parallelism above the maximum", program: Program.counter("two"),
      options: ["--parallelism", "3", "--max-parallelism", "2"], phases: ["deploy"],
      rootCause: "parallelism 3 is higher than the max parallelism 2"),
    Way(
      name: "not executable", program: Program.counter("two"), mode: 0o644, phases: ["deploy"],
      rootCause: "next.sh: not executable (Permission denied)"),
  ]

  @Test("What the ready check said is in the failure")
  func readyCheck() async throws {
    try await onStage { stage in
      let check = "echo 'curl: connection refused' >&2; false"
      try await stage.create("shop", Program.idle, "--ready-check", check, "--timeout", "1")
      try await stage.rollbook("start", "shop").exits(4).says("cause: not ready within 1 s")
      let failure = try await stage.newest("StartApplication", of: "shop")[
        "OperationFailureDetails"]
      #expect(failure["RootCause"].text == "not ready within 1 s")
      #expect(failure["Text"].text.contains("ready check said:\ncurl: connection refused\n"))
    }
  }

  @Test("An update that fails is rolled back by itself", arguments: ways)
  func update(_ way: Way) async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.counter, "--rollback")
      try await stage.waitUntilCounting("shop", above: 3)
      let code = try stage.write(way.program, to: "next.sh", mode: way.mode)
      let run = try await stage.rollbook(
        ["update", "shop", "--code", code] + Stage.long + way.options)
      run.exits(3).shows("rolled back to version 1, RUNNING").says("cause: \(way.rootCause)")
      let detail = try await stage.json("status", "shop")["ApplicationDetail"]
      #expect(detail["ApplicationStatus"].text == "RUNNING")
      #expect(detail["ApplicationVersionId"].int == 1)
      #expect(detail["Parallelism"].int == 1)
      #expect(
        try await stage.operations("shop") == [
          "SystemRollbackApplication SUCCESSFUL", "UpdateApplication FAILED",
          "StartApplication SUCCESSFUL", "CreateApplication SUCCESSFUL",
        ])
      let failed = try await stage.newest("UpdateApplication", of: "shop")
      let failure = failed["OperationFailureDetails"]
      #expect(way.phases.contains(failure["Phase"].text), "\(failure)")
      #expect(failure["RootCause"].text == way.rootCause)
      #expect(failed["RollbackDecision"]["Code"].text == "ROLLBACK_STARTED")
      if let status = way.exitStatus { #expect(failure["Evidence"]["ExitStatus"].int == status) }
      if let signal = way.signal { #expect(failure["Evidence"]["Signal"].int == signal) }
      #expect(stage.running("shop") == [1])
      #expect(stage.keepers().count == 1)
      try await stage.waitUntilCounting("shop")
      stage.expectContinuity()
    }
  }

  @Test("What fails in its bake time is rolled back, and what it wrote is dropped")
  func bake() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.counter, "--rollback")
      try await stage.waitUntilCounting("shop", above: 3)
      let code = try stage.write(Program.counterThatFailsWhenTold, to: "two.sh")
      let update = try stage.background(
        "update", "shop", "--code", code, "--bake", "600", "--property",
        "TRIGGER=\(stage.path("fail"))")
      try await wait(until: "the bake time has begun") {
        try await stage.steps("UpdateApplication", of: "shop").contains("running")
      }
      #expect(try await stage.standing("shop") == "UPDATING 2")
      try await stage.rollbook("scale", "shop", "--parallelism", "2").exits(5).says("in flight")
      try stage.write("", to: "fail")
      try await update.end().exits(3).shows("rolled back to version 1, RUNNING")
      #expect(try await stage.standing("shop") == "RUNNING 1")
      let failure = try await stage.newest("UpdateApplication", of: "shop")[
        "OperationFailureDetails"]
      #expect(failure["Phase"].text == "bake")
      #expect(failure["RootCause"].text == "fatal error: told to fail")
      #expect(failure["Evidence"]["ExitStatus"].int == 7)
      #expect(stage.running("shop") == [1])
      try await wait(until: "version 1 has begun again") { stage.begun() == [1, 2, 1] }
      let ends = stage.ledger().filter { $0.version == 1 }.map(\.count)
      #expect(ends == [0, ends[1], ends[1]])
    }
  }

  @Test("One of two instances that fails in the bake time fails it, however long the other takes")
  func bakeOfSeveral() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop", Program.idle, "--rollback", "--parallelism", "2")
      let code = try stage.write(
        """
        #!/bin/sh
        trap '' TERM
        while [ ! -e "$TRIGGER$ROLLBOOK_INSTANCE" ]; do sleep 0.02; done
        echo 'fatal error: told to fail'
        exit 7

        """, to: "two.sh")
      let trigger = stage.path("fail")
      let update = try stage.background(
        "update", "shop", "--code", code, "--bake", "20", "--stop-grace", "60", "--property",
        "TRIGGER=\(trigger)")
      try await wait(until: "the bake time has begun") {
        try await stage.steps("UpdateApplication", of: "shop").contains("running")
      }
      try stage.write("", to: "fail0")
      try await wait(until: "the failure is seen") {
        try await stage.steps("UpdateApplication", of: "shop").contains("failing")
      }
      try stage.write("", to: "fail1")
      try await update.end().exits(3).shows("rolled back to version 1 with parallelism 2, RUNNING")
      let failure = try await stage.newest("UpdateApplication", of: "shop")[
        "OperationFailureDetails"]
      #expect(failure["Phase"].text == "bake")
      #expect(failure["RootCause"].text == "fatal error: told to fail")
      #expect(failure["Evidence"]["ExitStatus"].int == 7)
      #expect(failure["Evidence"]["Instance"].int == 0)
      #expect(stage.running("shop") == [1, 1])
    }
  }

  @Test("A scaling above the maximum is rolled back, remembered, and tried again when forced")
  func scaling() async throws {
    try await onStage { stage in
      try await stage.createAndStart(
        "shop", Program.idle, "--rollback", "--max-parallelism", "2")
      let refusal = "parallelism 3 is higher than the max parallelism 2"
      try await stage.rollbook("scale", "shop", "--parallelism", "3")
        .exits(3)
        .shows("the scaling failed; rolled back to version 1 with parallelism 1, RUNNING")
        .says(refusal)
      #expect(
        try await stage.operations("shop").prefix(2) == [
          "SystemRollbackApplication SUCCESSFUL", "ScaleApplication FAILED",
        ])
      let failed = try await stage.newest("ScaleApplication", of: "shop")
      #expect(failed["ParallelismChangeDetails"]["ParallelismUpdatedFrom"].int == 1)
      #expect(failed["ParallelismChangeDetails"]["ParallelismUpdatedTo"].int == 3)
      #expect(failed["OperationFailureDetails"]["Phase"].text == "deploy")
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(stage.running("shop") == [1])

      let before = try await stage.operations("shop").count
      try await stage.rollbook("scale", "shop", "--parallelism", "3")
        .exits(5).says("failed at parallelism 3 before")
      #expect(try await stage.operations("shop").count == before)
      try await stage.rollbook("scale", "shop", "--parallelism", "3", "--force").exits(3)
        .says(refusal)
      try await stage.rollbook("scale", "shop", "--parallelism", "2").exits(0)
      #expect(stage.instances(of: "shop").map(\.index) == [0, 1])
      #expect(stage.keepers().count == 1)
    }
  }

  @Test(
    "Where no snapshot can be taken the old program goes on untouched", arguments: [true, false])
  func noSnapshot(isRolledBack: Bool) async throws {
    try await onStage { stage in
      try await stage.createAndStart(
        "shop", Program.counter, isRolledBack ? "--rollback" : "--no-rollback")
      try await stage.waitUntilCounting("shop", above: 3)
      let before = stage.instances(of: "shop")
      // No folder can be made here.
      let obstacle = try stage.write("", to: "home/snapshots/1")
      let run = try await stage.update("shop", Program.counter("two"))
      run.exits(3).shows("version 1 was never stopped, RUNNING")
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(stage.instances(of: "shop") == before)
      let count = try #require(stage.count(of: "shop"))
      try await stage.waitUntilCounting("shop", above: count)
      let failed = try await stage.newest("UpdateApplication", of: "shop")
      #expect(failed["OperationFailureDetails"]["Phase"].text == "snapshot")
      #expect(failed["RollbackDecision"]["Code"].text == "OLD_VERSION_UNTOUCHED")
      #expect(
        try await stage.operations("shop").dropLast(2)
          == (isRolledBack ? ["SystemRollbackApplication SUCCESSFUL"] : [])
          + ["UpdateApplication FAILED"])
      // Once there is room the same update succeeds, as the next version.
      try stage.remove(obstacle)
      try await stage.update("shop", Program.counter("two")).exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 3")
      try await wait(until: "version 3 has begun") { stage.begun() == [1, 3] }
      stage.expectContinuity()
    }
  }
}
#endif
