#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// What died is driven by the settler, and nobody who asks waits for it longer than he must.
@Suite struct SettlingTests {
  @Test("More applications than are settled at a time: all have their turn")
  func turns() async throws {
    try await ScriptedEndpoint.run { endpoint in
      for index in 0..<7 {
        let name = "app-\(index)"
        let configuration = VersionConfiguration(codeName: "x")
        _ = try await endpoint.engine.create(
          CreateRequest(
            name: name, runtime: "scripted", codePath: "/bin/true", configuration: configuration,
            parallelism: 1), by: Requester(actor: "tester"))
        _ = try await endpoint.engine.execute(
          .start(restore: nil, allowNonRestoredState: false), on: name,
          by: Requester(actor: "tester"))
      }
      endpoint.runtime.change {
        $0.behaviours[1] = .ends(afterObservations: 0, exitStatus: 1, "gone")
      }
      let settler = Settler(
        engine: endpoint.engine, control: endpoint.runner.control, logger: endpoint.logger,
        limit: 2)
      let settling = Task { try await settler.run() }
      for index in 0..<7 {
        let application = try await endpoint.engine.application(named: "app-\(index)")
        try await endpoint.wait(until: "app-\(index) is READY") {
          try await endpoint.engine.state(of: application).status == .ready
        }
      }
      settling.cancel()
      _ = await settling.result
    }
  }

  @Test("A rollback gives up an interrupted update where it stands: the old version is not touched")
  func interrupted() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      let before = endpoint.runtime.currentWorld.generations
      let update = try await endpoint.leaveUpdate()
      async let rollback = endpoint.call(
        "RollbackApplication", ",\"CurrentApplicationVersionId\":2")
      // Settled before, the update would have gone on, perhaps too far for that.
      try await endpoint.waitForCancellation()
      let settling = Task { try await endpoint.settler.run() }
      try await endpoint.expectSuccess(of: try await rollback)
      #expect(try await endpoint.operation(update)["OperationStatus"]?.string == "CANCELLED")
      #expect(try await endpoint.detail()["ApplicationVersionId"]?.integer == 1)
      let after = endpoint.runtime.currentWorld.generations
      #expect(Set(after.keys) == Set(before.keys) && after.values.allSatisfy(\.isAlive))
      settling.cancel()
      _ = await settling.result
    }
  }

  @Test("What gives up an interrupted update is recorded although the cluster is away")
  func unreachable() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      _ = try await endpoint.leaveUpdate()
      endpoint.runtime.change { $0.isReachable = false }
      let settling = Task { try await endpoint.settler.run() }
      async let stop = endpoint.error("StopApplication", ",\"Force\":true")
      try await endpoint.waitForCancellation()
      endpoint.runtime.change { $0.isReachable = true }
      _ = try await stop
      try await endpoint.wait(for: "READY")
      #expect(try await endpoint.operations()[0] == "StopApplication SUCCESSFUL")
      settling.cancel()
      _ = await settling.result
    }
  }

  @Test("A rollback that began by itself refuses another, and gives way to a forced stop")
  func already() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(
        ",\"ApplicationSystemRollbackConfiguration\":{\"RollbackEnabled\":true}")
      try await endpoint.start()
      endpoint.runtime.change {
        $0.behaviours = [1: .isNeverReady, 2: .isRefused("main() threw")]
      }
      let update = try await endpoint.beginUpdate()
      try await endpoint.wait(for: "ROLLING_BACK")
      // What is in flight now is the rollback: a second one is refused, a forced stop is not.
      #expect(
        try await endpoint.error("RollbackApplication", ",\"CurrentApplicationVersionId\":2")
          == "ResourceInUseException")
      #expect(try await endpoint.ended(update)["OperationStatus"]?.string == "FAILED")
      let stop = try await endpoint.call("StopApplication", ",\"Force\":true")
      try await endpoint.expectSuccess(of: stop)
      #expect(try await endpoint.status() == "READY")
    }
  }

  @Test(
    "An update that fails before it is given up: a stop ends its rollback, a rollback is told of it"
  )
  func failedMeanwhile() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(
        ",\"ApplicationSystemRollbackConfiguration\":{\"RollbackEnabled\":true}")
      try await endpoint.start()
      endpoint.runtime.change { $0.behaviours[2] = .isNeverReady }
      _ = try await endpoint.beginUpdate()
      // What a request sees that is overtaken by the failure.
      let application = try await endpoint.engine.application(named: "shop")
      let seen = try await endpoint.engine.state(of: application)
      let update = try #require(seen.inFlight)
      endpoint.runtime.change {
        $0.behaviours = [1: .isNeverReady, 2: .ends(afterObservations: 0, exitStatus: 1, "no")]
      }
      try await endpoint.wait(for: "ROLLING_BACK")
      func giveUp(_ request: ChangeRequest) async throws -> PreparedOperation {
        try await endpoint.engine.giveUp(
          update, in: seen, for: request, by: Requester(actor: "tester"),
          control: endpoint.runner.control
        ) {}
      }
      let rollback = try await giveUp(.rollback(RollbackRequest()))
      #expect(rollback.operation.kind == .systemRollback)
      let stop = try await giveUp(.stop(force: true))
      #expect(stop.operation.kind == .stop)
      endpoint.runner.perform(stop)
      try await endpoint.wait(for: "READY")
      #expect(
        try await endpoint.operations().prefix(3) == [
          "StopApplication SUCCESSFUL", "SystemRollbackApplication CANCELLED",
          "UpdateApplication FAILED",
        ])
    }
  }

  @Test("What does not give up an interrupted operation is refused, and it goes on")
  func refused() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      let start = try await endpoint.engine.prepare(
        .start(restore: nil, allowNonRestoredState: false), on: "shop",
        by: Requester(actor: "tester")
      ).operation.id
      #expect(
        try await endpoint.error("RollbackApplication", ",\"CurrentApplicationVersionId\":1")
          == "ResourceInUseException")
      let settling = Task { try await endpoint.settler.run() }
      try await endpoint.expectSuccess(of: .object(["OperationId": .string("\(start)")]))
      settling.cancel()
      _ = await settling.result
    }
  }

  @Test("Who asks while the runtime does not know what runs is not kept waiting")
  func missing() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      endpoint.runtime.change { world in world.forgotten.formUnion(world.generations.keys) }
      #expect(try await endpoint.error("StopApplication") == "ResourceInUseException")
      #expect(try await endpoint.status() == "RUNNING")
    }
  }
}

extension ScriptedEndpoint {
  /// An update whose holder dies before it has done anything.
  fileprivate func leaveUpdate() async throws -> String {
    var update = UpdateRequest { (old) throws(RollbookError) in old }
    update.redeploy = true
    let prepared = try await engine.prepare(
      .update(update), on: "shop", by: Requester(actor: "tester"))
    return prepared.operation.id.description
  }

  fileprivate func waitForCancellation() async throws {
    let id = try await engine.application(named: "shop").id
    try await wait(until: "the cancellation is on record") {
      try await self.engine.journal.read { (reader) throws(RollbookError) in
        guard let newest = try reader.newestOperation(of: id) else { return false }
        return try !reader.cancellations(of: newest.id).isEmpty
      }
    }
  }
}
#endif
