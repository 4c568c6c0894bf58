#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// What goes back, when, and what does not: edges that the service's clients depend on.
@Suite struct RollbackTests {
  private static let enabled =
    ",\"ApplicationSystemRollbackConfiguration\":{\"RollbackEnabled\":true}"

  /// An update of everything that an update can change.
  private static let everything = """
    ,"ServiceExecutionRoleUpdate":"arn:aws:iam::1:role/other",\
    "RuntimeEnvironmentUpdate":"FLINK-1_20",\
    "CloudWatchLoggingOptionUpdates":[{"CloudWatchLoggingOptionId":"2.1",\
    "LogStreamARNUpdate":"arn:other"}],\
    "RunConfigurationUpdate":{"FlinkRunConfiguration":{"AllowNonRestoredState":true}},\
    "ApplicationConfigurationUpdate":{\
    "ApplicationCodeConfigurationUpdate":{"CodeContentUpdate":{"ZipFileContentUpdate":"b3RoZXI="}},\
    "FlinkApplicationConfigurationUpdate":{\
    "CheckpointConfigurationUpdate":{"ConfigurationTypeUpdate":"CUSTOM",\
    "CheckpointIntervalUpdate":7},\
    "MonitoringConfigurationUpdate":{"ConfigurationTypeUpdate":"CUSTOM","LogLevelUpdate":"DEBUG"},\
    "ParallelismConfigurationUpdate":{"ConfigurationTypeUpdate":"CUSTOM","ParallelismUpdate":3}},\
    "EnvironmentPropertyUpdates":{"PropertyGroups":[{"PropertyGroupId":"g",\
    "PropertyMap":{"k":"other"}}]},\
    "ApplicationSnapshotConfigurationUpdate":{"SnapshotsEnabledUpdate":false},\
    "ApplicationSystemRollbackConfigurationUpdate":{"RollbackEnabledUpdate":true},\
    "VpcConfigurationUpdates":[{"VpcConfigurationId":"1.1","SubnetIdUpdates":["other"]}]}
    """

  @Test("A failed update takes nothing with it: all parts go back together")
  func together() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(
        """
        ,"VpcConfigurations":[{"SubnetIds":["s"],"SecurityGroupIds":["g"]}],\
        "EnvironmentProperties":{"PropertyGroups":[{"PropertyGroupId":"g","PropertyMap":{"k":"v"}}]}
        """, ",\"CloudWatchLoggingOptions\":[{\"LogStreamARN\":\"arn:log\"}]")
      try await endpoint.start()
      let before = try await endpoint.detail()
      endpoint.runtime.change { $0.behaviours[2] = .isRefused("main() threw") }
      let begun = try await endpoint.beginUpdate(Self.everything)
      #expect(begun["ApplicationDetail"]?["ApplicationVersionId"]?.integer == 2)
      let details = try await endpoint.ended(begun)
      // The flag that counts is the one of the version that is deployed.
      let id = try #require(details["OperationFailureDetails"]?["RollbackOperationId"]?.string)
      try await endpoint.expectSuccess(of: .object(["OperationId": .string(id)]))
      let after = try await endpoint.detail()
      for member in [
        "ApplicationStatus", "ApplicationVersionId", "ServiceExecutionRole", "RuntimeEnvironment",
        "CloudWatchLoggingOptionDescriptions",
      ] { #expect(after[member] == before[member], "\(member)") }
      let name = "ApplicationConfigurationDescription"
      for member in before[name]?.members ?? [] where member.name != "RunConfigurationDescription" {
        #expect(after[name]?[member.name] == member.value, "\(member.name)")
      }
      // What failed is on record as it was asked for.
      let failed = try await endpoint.call(
        "DescribeApplicationVersion", ",\"ApplicationVersionId\":2")["ApplicationVersionDetail"]
      #expect(failed?["ServiceExecutionRole"]?.string == "arn:aws:iam::1:role/other")
      #expect(failed?[name] != before[name])
    }
  }

  @Test("A logging option names no role: that member is for old clients")
  func role() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(
        "", ",\"CloudWatchLoggingOptions\":[{\"LogStreamARN\":\"arn:log\"}]")
      let options = try await endpoint.detail()["CloudWatchLoggingOptionDescriptions"]?.array
      #expect(
        options?.first?.members?.map(\.name).sorted() == [
          "CloudWatchLoggingOptionId", "LogStreamARN",
        ])
    }
  }

  @Test("A failure after RUNNING is not rolled back: the update stays SUCCESSFUL")
  func afterRunning() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(Self.enabled)
      try await endpoint.start()
      try await endpoint.update()
      endpoint.runtime.change {
        $0.behaviours[2] = .ends(afterObservations: 0, exitStatus: 1, "broke later")
      }
      _ = try await endpoint.engine.settle(endpoint.engine.application(named: "shop"))
      #expect(try await endpoint.status() == "READY")
      #expect(try await endpoint.detail()["ApplicationVersionId"]?.integer == 2)
      #expect(
        try await endpoint.operations().prefix(2) == [
          "ApplicationEnded FAILED", "UpdateApplication SUCCESSFUL",
        ])
    }
  }

  @Test("A bounded job that finishes leaves the application READY, and nobody stopped it")
  func finished() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(Self.enabled)
      try await endpoint.start()
      endpoint.runtime.change {
        $0.behaviours[1] = .ends(afterObservations: 0, exitStatus: 0, "done")
      }
      _ = try await endpoint.engine.settle(endpoint.engine.application(named: "shop"))
      #expect(try await endpoint.status() == "READY")
      #expect(
        try await endpoint.operations() == [
          "ApplicationEnded SUCCESSFUL", "StartApplication SUCCESSFUL",
          "CreateApplication SUCCESSFUL",
        ])
    }
  }

  @Test("Where the rollback fails too, the application is READY, and both operations tell why")
  func failedRollback() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(Self.enabled)
      try await endpoint.start()
      endpoint.runtime.change {
        $0.behaviours = [1: .isRefused("not this one either"), 2: .isRefused("not this one")]
      }
      let details = try await endpoint.ended(try await endpoint.beginUpdate())
      let failure = details["OperationFailureDetails"]
      #expect(
        failure?["ErrorInfo"]?["ErrorString"]?.string?.contains("not this one") == true)
      let id = try #require(failure?["RollbackOperationId"]?.string)
      let rollback = try await endpoint.ended(.object(["OperationId": .string(id)]))
      #expect(rollback["Operation"]?.string == "SystemRollbackApplication")
      #expect(rollback["OperationStatus"]?.string == "FAILED")
      #expect(rollback["OperationFailureDetails"]?["RollbackOperationId"] == nil)
      #expect(
        rollback["OperationFailureDetails"]?["ErrorInfo"]?["ErrorString"]?.string?
          .contains("not this one either") == true)
      #expect(try await endpoint.status() == "READY")
      #expect(try await endpoint.detail()["ApplicationVersionId"]?.integer == 2)
    }
  }

  @Test("An update made while READY that fails at its start is not rolled back")
  func failedStart() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(Self.enabled)
      try await endpoint.start()
      try await endpoint.expectSuccess(of: try await endpoint.call("StopApplication"))
      try await endpoint.update()
      endpoint.runtime.change { $0.behaviours[2] = .isRefused("main() threw") }
      let details = try await endpoint.ended(try await endpoint.call("StartApplication"))
      #expect(details["OperationStatus"]?.string == "FAILED")
      #expect(details["OperationFailureDetails"]?["RollbackOperationId"] == nil)
      #expect(try await endpoint.status() == "READY")
      #expect(try await endpoint.operations()[0] == "StartApplication FAILED")
    }
  }

  @Test("A rollback asked for while an update is in flight ends the update first")
  func inFlight() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      endpoint.runtime.change { $0.behaviours[2] = .isNeverReady }
      let update = try await endpoint.beginUpdate()
      try await endpoint.wait(until: "version 2 is deployed") {
        endpoint.runtime.currentWorld.generations.values.contains { $0.version == 2 }
      }
      let begun = try await endpoint.call(
        "RollbackApplication", ",\"CurrentApplicationVersionId\":2")
      let rollback = try await endpoint.ended(begun)
      #expect(rollback["Operation"]?.string == "RollbackApplication")
      #expect(rollback["OperationStatus"]?.string == "SUCCESSFUL")
      #expect(try await endpoint.ended(update)["OperationStatus"]?.string == "CANCELLED")
      let detail = try await endpoint.detail()
      #expect(detail["ApplicationStatus"]?.string == "RUNNING")
      #expect(detail["ApplicationVersionId"]?.integer == 1)
      #expect(detail["ApplicationVersionRolledBackFrom"]?.integer == 2)
      #expect(detail["ApplicationVersionRolledBackTo"]?.integer == 1)
    }
  }

  @Test("A rollback begins from before the change, not from what the version gone from left")
  func snapshot() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      let id = try await endpoint.engine.application(named: "shop").id
      endpoint.runtime.work("before", in: id)
      try await endpoint.update()
      endpoint.runtime.work("after", in: id)
      try await endpoint.makeSnapshot("later")
      try await endpoint.expectSuccess(
        of: try await endpoint.call("RollbackApplication", ",\"CurrentApplicationVersionId\":2"))
      let alive = endpoint.runtime.currentWorld.alive(of: id).values
      #expect(alive.map(\.state) == [["before"]])
      // What was left behind is kept, and is of the version that took it.
      let list = try await endpoint.call("ListApplicationSnapshots")["SnapshotSummaries"]?.array
      let later = list?.first { $0["SnapshotName"]?.string == "later" }
      #expect(later?["ApplicationVersionId"]?.integer == 2)
    }
  }

  @Test("A forced stop wins against an update that ends at that moment", arguments: 1...12)
  func forcedStop(round: Int) async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      endpoint.runtime.change { $0.behaviours[2] = .isNeverReady }
      let update = try await endpoint.beginUpdate()
      try await endpoint.wait(until: "version 2 is deployed") {
        endpoint.runtime.currentWorld.generations.values.contains { $0.version == 2 }
      }
      async let gettingReady: Void = endpoint.runtime.change { $0.behaviours[2] = .runs }
      let stop = try await endpoint.call("StopApplication", ",\"Force\":true")
      await gettingReady
      try await endpoint.expectSuccess(of: stop)
      #expect(try await endpoint.status() == "READY")
      let status = try await endpoint.ended(update)["OperationStatus"]?.string ?? ""
      #expect(["CANCELLED", "SUCCESSFUL"].contains(status))
      let id = try await endpoint.engine.application(named: "shop").id
      #expect(endpoint.runtime.currentWorld.alive(of: id).isEmpty)
      // It takes no snapshot: there is the one of the update.
      let list = try await endpoint.call("ListApplicationSnapshots")["SnapshotSummaries"]
      #expect(list?.array?.count == 1)
    }
  }
}
#endif
