#if CommandLine
import Foundation
import Glibc
import Testing

/// What runs dies: the keeper, an instance, everything, the machine.
@Suite struct CrashLossTests {
  @Test("A killed keeper: status tells, settling ends what it left, and nothing is lost")
  func keeper() async throws {
    try await onStage { stage in
      try await stage.createSaver()
      try await stage.rollbook("start", "shop").exits(0)
      let keeper = try #require(stage.keepers().first)
      kill(keeper.pid, SIGKILL)
      try await wait(until: "the keeper is gone") { stage.keepers().isEmpty }
      #expect(stage.running("shop") == [1])
      #expect(try await stage.standing("shop") == "RUNNING 1")
      let seen = try await stage.observed()
      #expect(seen.state == "ENDED")
      #expect(seen.detail.hasPrefix("the keeper was killed; "))

      try await settleEnded(stage, cause: "lost", rootCause: "the keeper was killed")
      try await stage.rollbook("start", "shop").exits(0)
      #expect(stage.running("shop") == [1])
      stage.expectContinuity()
    }
  }

  @Test("One instance of two is killed: the others end, and it is named", arguments: [0, 1])
  func instance(_ index: Int) async throws {
    try await onStage { stage in
      try await stage.createSaver("shop", "--parallelism", "2")
      try await stage.rollbook("start", "shop").exits(0)
      let instances = stage.instances(of: "shop")
      #expect(instances.map(\.index) == [0, 1])
      kill(instances[index].pid, SIGKILL)
      try await wait(until: "the keeper is gone") { stage.keepers().isEmpty }
      #expect(stage.livingGenerations().isEmpty)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(try await stage.observed() == ("ENDED", "killed by signal 9 (SIGKILL)"))

      let ended = try await settleEnded(
        stage, cause: "failed", rootCause: "killed by signal 9 (SIGKILL)")
      let evidence = ended["OperationFailureDetails"]["Evidence"]
      #expect(evidence["Instance"].int == index)
      #expect(evidence["Signal"].int == Int(SIGKILL))
      try await stage.rollbook("start", "shop").exits(0)
      #expect(stage.running("shop") == [1, 1])
      // Instance 0 saves when it is asked to end; killed, it cannot.
      #expect(stage.beginnings() == [0, index == 0 ? 0 : 1])
    }
  }

  @Test("An instance that exits 0 fails a deployment, and nothing once the application is RUNNING")
  func leavers() async throws {
    try await onStage { stage in
      let code = try stage.write(Program.leaver, to: "leaver.sh")
      let leave = stage.path("leave")
      try await stage.createSaver(
        "shop", "--code", code, "--parallelism", "2", "--property", "LEAVE=\(leave)")
      try await stage.rollbook("start", "shop").exits(0)
      try stage.write("", to: "leave")
      try await wait(until: "instance 1 has left") { stage.running("shop") == [1] }
      try await stage.rollbook("settle").exits(0).says("nothing to settle")
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(try await stage.observed().state == "RUNNING")

      // Version 2 leaves at once, version 1 does not any more.
      try FileManager.default.removeItem(atPath: leave)
      let leaving = ["--property", "LEAVE=/dev/null", "--settle", "60", "--timeout", "300"]
      try await stage.rollbook(["update", "shop"] + leaving).exits(3)
      let failed = try await stage.newest("UpdateApplication", of: "shop")
      let failure = failed["OperationFailureDetails"]
      #expect(failure["RootCause"].text.hasPrefix("exited with status 0 before the settle window"))
      #expect(failure["Evidence"]["Instance"].int == 1)
      #expect(failure["Evidence"]["ExitStatus"].int == 0)
    }
  }

  @Test("The whole group and its keeper are killed: what had been saved is there")
  func everything() async throws {
    try await onStage { stage in
      try await stage.createAndStart("shop")
      try await stage.waitUntilCounting("shop", above: 2)
      let count = "\(try #require(stage.instances(of: "shop").first).state)/count-0"
      stage.endEverything()
      #expect(stage.livingGenerations().isEmpty)
      #expect(try await stage.standing("shop") == "RUNNING 1")
      #expect(try await stage.observed() == ("ENDED", "the keeper was killed"))
      let saved = try #require(stage.text(count).flatMap { Int($0.dropLast()) })

      try await settleEnded(stage, cause: "lost", rootCause: "the keeper was killed")
      try await stage.rollbook("start", "shop").exits(0)
      try await wait(until: "it began again") { stage.beginnings().count == 2 }
      #expect(stage.beginnings() == [0, saved])
    }
  }

  @Test("After a reboot what ran is brought back with its newest state, and nothing else")
  func reboot() async throws {
    try await onStage { stage in
      try await stage.createSaver("shop")
      try await stage.createSaver("stopped")
      try await stage.createSaver("crashed")
      try stage.write("one\n", to: "boot")
      for name in ["shop", "stopped", "crashed"] { try await boot(stage, "start", name).exits(0) }
      try await boot(stage, "stop", "stopped").exits(0)
      for instance in stage.instances(of: "crashed") { kill(instance.pid, SIGKILL) }
      try await wait(until: "it has ended") { stage.keepers().count == 1 }
      try await boot(stage, "settle").exits(0).shows("crashed: found ended")
      // A second generation, whose state is the newest.
      try await boot(stage, "update", "shop", "--redeploy").exits(0)

      stage.endEverything()
      try stage.write("two\n", to: "boot")
      let environment = ["ROLLBOOK_BOOT_ID_FILE": stage.path("boot")]
      #expect(try await stage.standing("shop") == "RUNNING 2")
      let seen = try await stage.observed("shop", environment: environment)
      #expect(seen == ("ENDED", "the machine was restarted"))
      try await boot(stage, "settle").exits(0).shows("shop: found ended")
      #expect(try await stage.standing("shop") == "READY 2")
      let ended = try await stage.newest("ApplicationEnded", of: "shop")
      #expect(ended["Parameters"]["Cause"].text == "reboot")
      #expect(ended["OperationFailureDetails"]["RootCause"].text == "the machine was restarted")

      let begun = stage.beginnings().count
      try await boot(stage, "start", "--interrupted").exits(0).shows("shop: RUNNING at version 2")
      #expect(stage.running("shop") == [2])
      #expect(stage.running("stopped") == [])
      #expect(stage.running("crashed") == [])
      #expect(Array(stage.beginnings().dropFirst(begun)) == [1])
      try await boot(stage, "start", "--interrupted").exits(0).says("Nothing was ended by a reboot")
    }
  }

  @Test("A reboot in the middle of an update: the new version is deployed again")
  func rebootInAnUpdate() async throws {
    try await onStage { stage in
      try stage.write("one\n", to: "boot")
      try await stage.createSaver()
      try await boot(stage, "start", "shop").exits(0)
      let died = try await stage.rollbook(
        ["update", "shop", "--redeploy"],
        environment: ["ROLLBOOK_DIE_AT": "16", "ROLLBOOK_BOOT_ID_FILE": stage.path("boot")])
      died.exits(128 + SIGKILL)
      #expect(stage.running("shop") == [2])
      stage.endEverything()
      try stage.write("two\n", to: "boot")
      #expect(try await stage.inFlight()["IsInterrupted"].isTrue)
      try await boot(stage, "settle").exits(0)
      #expect(try await stage.standing("shop") == "RUNNING 2")
      #expect(stage.running("shop") == [2])
      #expect(stage.beginnings().last == 1)
    }
  }

  /// Settles, and expects an ApplicationEnded with its evidence, and that nothing lives.
  @discardableResult
  private func settleEnded(_ stage: Stage, cause: String, rootCause: String) async throws -> JSON {
    try await stage.rollbook("settle").exits(0).shows("shop: found ended")
    #expect(stage.livingGenerations().isEmpty)
    #expect(try await stage.standing("shop") == "READY 1")
    #expect(try await stage.operations("shop").first == "ApplicationEnded FAILED")
    let ended = try await stage.newest("ApplicationEnded", of: "shop")
    #expect(ended["Parameters"]["Cause"].text == cause)
    let failure = ended["OperationFailureDetails"]
    #expect(failure["RootCause"].text.hasPrefix(rootCause))
    #expect(failure["Evidence"]["Generation"].text != "")
    try await stage.rollbook("settle").exits(0).says("nothing to settle")
    return ended
  }

  private func boot(_ stage: Stage, _ words: String...) async throws -> Run {
    try await stage.rollbook(words, environment: ["ROLLBOOK_BOOT_ID_FILE": stage.path("boot")])
  }
}
#endif
