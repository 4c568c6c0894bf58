#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// Snapshots through the endpoint, and what else is answered by an application's settings.
@Suite struct SnapshotTests {
  @Test("At a thousand snapshots no more are made by hand; those of updates still are")
  func limit() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      for index in 1...999 {
        _ = try await endpoint.engine.execute(
          .createSnapshot(name: "s\(index)"), on: "shop", by: Requester(actor: "tester"))
      }
      try await endpoint.makeSnapshot("last")
      #expect(
        try await endpoint.error("CreateApplicationSnapshot", ",\"SnapshotName\":\"more\"")
          == "LimitExceededException")
      try await endpoint.update()
      let newest = try await endpoint.call("ListApplicationSnapshots", ",\"Limit\":1")
      #expect(newest["SnapshotSummaries"]?.array?.first?["ApplicationVersionId"]?.integer == 1)
      #expect(newest["SnapshotSummaries"]?.array?.first?["SnapshotName"]?.string != "last")
      // Deleting makes room: two, as the update's own is counted too.
      for name in ["s1", "s2"] { try await endpoint.deleteSnapshot(name) }
      try await endpoint.call("CreateApplicationSnapshot", ",\"SnapshotName\":\"more\"")
    }
  }

  @Test("Times are compared by the second: the tools send no more")
  func seconds() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      let made = try await endpoint.makeSnapshot("s")
      #expect(
        try await endpoint.error(
          "DeleteApplicationSnapshot",
          ",\"SnapshotName\":\"s\",\"SnapshotCreationTimestamp\":\(Int(made) - 1)")
          == "InvalidArgumentException")
      try await endpoint.deleteSnapshot("s")
      #expect(
        try await endpoint.error("DescribeApplicationSnapshot", ",\"SnapshotName\":\"s\"")
          == "InvalidArgumentException")
    }
  }

  @Test("A snapshot's name is taken once, and none is made where they are disabled")
  func refusals() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      try await endpoint.makeSnapshot("s")
      #expect(
        try await endpoint.error("CreateApplicationSnapshot", ",\"SnapshotName\":\"s\"")
          == "ResourceInUseException")
      try await endpoint.update(
        ",\"ApplicationConfigurationUpdate\":{\"ApplicationSnapshotConfigurationUpdate\":"
          + "{\"SnapshotsEnabledUpdate\":false}}")
      #expect(
        try await endpoint.error("CreateApplicationSnapshot", ",\"SnapshotName\":\"t\"")
          == "InvalidRequestException")
    }
  }

  @Test("That there is no snapshot is told in the words that Terraform knows")
  func missing() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      for (operation, more) in [
        ("DescribeApplicationSnapshot", ",\"SnapshotName\":\"no\""),
        (
          "DeleteApplicationSnapshot",
          ",\"SnapshotName\":\"no\",\"SnapshotCreationTimestamp\":1"
        ),
      ] {
        do {
          try await endpoint.call(operation, more)
          Issue.record("\(operation) was answered")
        } catch let error as WireError {
          #expect(error.code == .invalidArgument)
          #expect(error.message.contains("does not exist"))
        }
      }
    }
  }

  @Test("The dashboard's address is there while it runs, for a session of a length that is allowed")
  func dashboard() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      func address(_ more: String = "") async throws -> String? {
        try await endpoint.call(
          "CreateApplicationPresignedUrl", ",\"UrlType\":\"FLINK_DASHBOARD_URL\"\(more)")[
            "AuthorizedUrl"]?.string
      }
      let seconds = ",\"SessionExpirationDurationInSeconds\":"
      for length in ["", seconds + "1800", seconds + "43200"] {
        #expect(try await address(length)?.hasPrefix("http://cluster:8081/#/job/running/") == true)
      }
      for length in ["1799", "43201"] {
        #expect(
          try await endpoint.error(
            "CreateApplicationPresignedUrl",
            ",\"UrlType\":\"FLINK_DASHBOARD_URL\"\(seconds)\(length)") == "ValidationException")
      }
    }
  }

  @Test("A boolean that was sent as a text is one")
  func texts() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create(
        ",\"ApplicationSystemRollbackConfiguration\":{\"RollbackEnabled\":\"true\"}")
      let shown = try await endpoint.detail()["ApplicationConfigurationDescription"]
      #expect(
        shown?["ApplicationSystemRollbackConfigurationDescription"]?["RollbackEnabled"]?.bool
          == true)
    }
  }
}

extension ScriptedEndpoint {
  fileprivate func deleteSnapshot(_ name: String) async throws {
    let made = Int(try await snapshot(name)["SnapshotCreationTimestamp"]?.seconds ?? 0)
    try await call(
      "DeleteApplicationSnapshot",
      ",\"SnapshotName\":\"\(name)\",\"SnapshotCreationTimestamp\":\(made)")
    try await wait(until: "\(name) is gone") {
      try await self.error("DescribeApplicationSnapshot", ",\"SnapshotName\":\"\(name)\"")
        == "InvalidArgumentException"
    }
  }
}
#endif
