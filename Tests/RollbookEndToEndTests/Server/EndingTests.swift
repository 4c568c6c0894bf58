#if CommandLine && Server
import Foundation
import Testing

/// How an application goes back, is stopped and is deleted through the endpoint.
@Suite struct EndingTests {
  @Test("A rollback by request goes back from RUNNING, further each time, and never toggles")
  func requestedRollback() async throws {
    try await onServer { server in
      try await server.create()
      try await server.start()
      for version in 1...2 { _ = try await server.update(version: version) }
      for (from, to) in [(3, 2), (2, 1)] {
        let answer = try await server.call(
          "RollbackApplication", ",\"CurrentApplicationVersionId\":\(from)")
        let begun = try answer.json()
        #expect(begun["ApplicationDetail"]["ApplicationStatus"].text == "ROLLING_BACK")
        _ = try await server.ended(begun["OperationId"].text)
        let detail = try await server.detail()
        #expect(detail["ApplicationVersionId"].int == to)
        #expect(detail["ApplicationVersionRolledBackFrom"].int == from)
        #expect(detail["ApplicationVersionRolledBackTo"].int == to)
      }
      let third = try await server.call(
        "RollbackApplication", ",\"CurrentApplicationVersionId\":1")
      #expect(third.error == "InvalidRequestException")
      let stale = try await server.call(
        "RollbackApplication", ",\"CurrentApplicationVersionId\":3")
      #expect(stale.error == "ConcurrentModificationException")
      let versions = try await server.call("ListApplicationVersions").json()[
        "ApplicationVersionSummaries"]
      #expect(
        versions.array.map {
          "\($0["ApplicationVersionId"].int) \($0["ApplicationStatus"].text)"
        } == ["3 ROLLED_BACK", "2 ROLLED_BACK", "1 RUNNING"])
      // Ids are not used again, and the next update says nothing of the rollback.
      _ = try await server.update(version: 1)
      let detail = try await server.detail()
      #expect(detail["ApplicationVersionId"].int == 4)
      #expect(detail["ApplicationVersionRolledBackFrom"] == .null)
      #expect(detail["ApplicationVersionRolledBackTo"] == .null)
    }
  }

  @Test("A forced stop while an update is in flight cancels it, takes no snapshot, ends READY")
  func forcedStop() async throws {
    try await onServer(["--settle", "20"]) { server in
      let quick = try await server.stage.serve()
      try await quick.create()
      try await quick.start()
      let holder = try server.stage.background("update", "shop", "--redeploy", "--settle", "20")
      try await server.wait(for: "UPDATING")
      try await wait(until: "the new version is watched") {
        try await server.stage.steps("UpdateApplication", of: "shop").contains("deployed")
      }
      let answer = try await server.call("StopApplication", ",\"Force\":true")
      let stop = try answer.json()["OperationId"].text
      #expect(try await server.ended(stop)["Operation"].text == "StopApplication")
      try await server.wait(for: "READY")
      #expect(
        try await server.stage.operations("shop").prefix(2) == [
          "StopApplication SUCCESSFUL", "UpdateApplication CANCELLED",
        ])
      _ = try await holder.end()
    }
  }

  @Test("A RUNNING application can be deleted directly, by the second it was made in")
  func delete() async throws {
    try await onServer { server in
      try await server.create()
      try await server.start()
      guard case .number(let created) = try await server.detail()["CreateTimestamp"] else {
        Issue.record("no CreateTimestamp")
        return
      }
      let wrong = try await server.call(
        "DeleteApplication", ",\"CreateTimestamp\":\(Int(created) - 1)")
      #expect(wrong.error == "InvalidArgumentException")
      let answer = try await server.call(
        "DeleteApplication", ",\"CreateTimestamp\":\(Int(created))")
      #expect(answer.body == "{}")
      try await wait(until: "it is gone") {
        try await server.call("DescribeApplication").error == "ResourceNotFoundException"
      }
      #expect(server.stage.running("shop").isEmpty)
      // The name is free again, with a history of its own.
      try await server.create()
      #expect(try await server.detail()["ApplicationVersionId"].int == 1)
    }
  }
}
#endif
