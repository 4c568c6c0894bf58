#if CommandLine && Server
import Foundation
import Testing

/// The article's own session, with the aws command and only `--endpoint-url` added.
@Suite struct ArticleTests {
  @Test("The article on processes: opt in, a failing update, what the operations tell")
  func onProcesses() async throws {
    try await onServer { server in
      try server.upload(Program.counter("three"), as: "three")
      try await Article(server: server, message: "it does not work").follow()
    }
  }
}

/// The article, on a server whose bucket holds `counter`, `three` and `throwing`.
struct Article {
  let server: TestServer
  /// What the failing version says.
  let message: String
  /// More of the application's configuration.
  var configuration = ""

  /// Creates an application, brings it to version 3, RUNNING, and goes on as the article does.
  func follow() async throws {
    try await server.aws(
      "create-application", "--application-name", "shop", "--runtime-environment", "FLINK-1_19",
      "--service-execution-role", "arn:aws:iam::000000000000:role/r",
      "--application-configuration",
      "{\"ApplicationCodeConfiguration\":\(server.code("counter"))\(configuration)}"
    ).exits(0).shows("\"ApplicationStatus\": \"READY\"")
    try await server.aws("start-application", "--application-name", "shop").exits(0)
    try await server.wait(for: "RUNNING")
    // The article's first step: opt in.
    try await server.aws(
      "update-application", "--application-name", "shop", "--current-application-version-id", "1",
      "--application-configuration-update",
      "{\"ApplicationSystemRollbackConfigurationUpdate\": {\"RollbackEnabledUpdate\": true}}"
    ).exits(0).shows("\"ApplicationStatus\": \"UPDATING\"").shows("\"ApplicationVersionId\": 2")
    try await server.wait(for: "RUNNING")
    try await update(to: "three", from: 2).exits(0)
    try await server.wait(for: "RUNNING")
    let updated = try await update(to: "throwing", from: 3).exits(0)
      .shows("\"ApplicationVersionId\": 4").json()
    let failed = updated["OperationId"].text
    _ = try await server.ended(failed)
    try await server.wait(for: "RUNNING")
    try await expectOperations(failed)
    let detail = try await server.aws("describe-application", "--application-name", "shop")
      .exits(0).json()["ApplicationDetail"]
    #expect(detail["ApplicationStatus"].text == "RUNNING")
    #expect(detail["ApplicationVersionId"].int == 3)
    #expect(detail["ApplicationVersionRolledBackFrom"].int == 4)
    #expect(detail["ApplicationVersionRolledBackTo"].int == 3)
  }

  /// Member for member what the article shows.
  private func expectOperations(_ failed: String) async throws {
    let list = try await server.aws("list-application-operations", "--application-name", "shop")
      .exits(0).json()["ApplicationOperationInfoList"].array
    #expect(
      list.prefix(3).map { "\($0["Operation"].text) \($0["OperationStatus"].text)" } == [
        "SystemRollbackApplication SUCCESSFUL", "UpdateApplication FAILED",
        "UpdateApplication SUCCESSFUL",
      ])
    #expect(
      list.allSatisfy {
        $0.keys == ["Operation", "OperationId", "StartTime", "EndTime", "OperationStatus"]
      })
    let details = try await describe(failed)
    #expect(details["OperationStatus"].text == "FAILED")
    let change = details["ApplicationVersionChangeDetails"]
    #expect(change["ApplicationVersionUpdatedFrom"].int == 3)
    #expect(change["ApplicationVersionUpdatedTo"].int == 4)
    let failure = details["OperationFailureDetails"]
    #expect(failure["RollbackOperationId"].text == list[0]["OperationId"].text)
    #expect(failure["ErrorInfo"]["ErrorString"].text.contains(message))
    let rollback = try await describe(list[0]["OperationId"].text)
    let back = rollback["ApplicationVersionChangeDetails"]
    #expect(back["ApplicationVersionUpdatedFrom"].int == 4)
    #expect(back["ApplicationVersionUpdatedTo"].int == 3)
  }

  private func update(to key: String, from version: Int) async throws -> Run {
    try await server.aws(
      "update-application", "--application-name", "shop", "--current-application-version-id",
      String(version), "--application-configuration-update",
      """
      {"ApplicationCodeConfigurationUpdate":{"CodeContentUpdate":\
      {"S3ContentLocationUpdate":{"FileKeyUpdate":"\(key)"}}}}
      """)
  }

  private func describe(_ operation: String) async throws -> JSON {
    try await server.aws(
      "describe-application-operation", "--application-name", "shop", "--operation-id", operation
    ).exits(0).json()["ApplicationOperationInfoDetails"]
  }
}
#endif
