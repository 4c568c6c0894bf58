#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// Lists: their order, their filters, and where the next page begins.
@Suite struct ListTests {
  @Test("Operations are listed newest first; filters are exact, and combine")
  func operations() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      endpoint.runtime.change { $0.behaviours[3] = .isRefused("no") }
      for _ in 1...2 { _ = try await endpoint.ended(try await endpoint.beginUpdate()) }
      func list(_ more: String) async throws -> [String] {
        let answer = try await endpoint.call("ListApplicationOperations", more)
        return (answer["ApplicationOperationInfoList"]?.array ?? []).map {
          "\($0["Operation"]?.string ?? "") \($0["OperationStatus"]?.string ?? "")"
        }
      }
      let update = ",\"Operation\":\"UpdateApplication\""
      #expect(
        try await list(update) == ["UpdateApplication FAILED", "UpdateApplication SUCCESSFUL"])
      #expect(
        try await list(update + ",\"OperationStatus\":\"FAILED\"") == ["UpdateApplication FAILED"])
      #expect(try await list(",\"Operation\":\"updateApplication\"") == [])
      // Members are named exactly too: another one is not known, and means nothing.
      #expect(try await list(",\"operation\":\"UpdateApplication\"").count == 4)
      #expect(
        try await endpoint.error("ListApplicationOperations", ",\"OperationStatus\":\"failed\"")
          == "ValidationException")
    }
  }

  @Test("The next page of the applications begins behind a name")
  func applications() async throws {
    try await ScriptedEndpoint.run { endpoint in
      for name in ["b", "a", "c"] {
        _ = try await endpoint.send(
          "CreateApplication",
          """
          {"ApplicationName":"\(name)","RuntimeEnvironment":"FLINK-1_19",\
          "ServiceExecutionRole":"arn:r"}
          """)
      }
      let first = try await endpoint.send("ListApplications", "{\"Limit\":2}")
      #expect(first["NextToken"]?.string == "b")
      let second = try await endpoint.send("ListApplications", "{\"NextToken\":\"b\"}")
      #expect(second["ApplicationSummaries"]?.array?.map { $0["ApplicationName"]?.string } == ["c"])
      #expect(second["NextToken"] == nil)
    }
  }

  @Test("A rollback by request wants a snapshot where they are enabled, and takes none where not")
  func snapshots() async throws {
    try await ScriptedEndpoint.run { endpoint in
      try await endpoint.create()
      try await endpoint.start()
      try await endpoint.update()
      // What the update left is gone, and nothing else can be had.
      let list = try await endpoint.call("ListApplicationSnapshots")["SnapshotSummaries"]?.array
      let snapshot = try #require(list?.first)
      let made = Int(snapshot["SnapshotCreationTimestamp"]?.seconds ?? 0)
      let name = snapshot["SnapshotName"]?.string ?? ""
      try await endpoint.call(
        "DeleteApplicationSnapshot",
        ",\"SnapshotName\":\"\(name)\",\"SnapshotCreationTimestamp\":\(made)")
      try await endpoint.wait(until: "it is gone") {
        try await endpoint.call("ListApplicationSnapshots")["SnapshotSummaries"]?.array == []
      }
      #expect(
        try await endpoint.error("RollbackApplication", ",\"CurrentApplicationVersionId\":2")
          == "InvalidRequestException")
      #expect(try await endpoint.status() == "RUNNING")
      // An update ties to a version or a token, a rollback to a version only.
      #expect(try await endpoint.error("UpdateApplication") == "InvalidArgumentException")
      #expect(try await endpoint.error("RollbackApplication") == "ValidationException")
    }
  }
}
#endif
