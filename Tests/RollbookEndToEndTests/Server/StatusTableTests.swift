#if CommandLine && Server
import Foundation
import Testing

/// Which call is answered how in which status: docs/AWS-API.md has the same table.
@Suite struct StatusTableTests {
  /// A call and the error of each status; empty for an answer. A row is about a fresh application.
  struct Row: Sendable, CustomTestStringConvertible {
    let operation: String
    let more: String
    let ready: String
    let running: String
    let starting: String
    let updating: String

    var testDescription: String { operation + more }
  }

  private static let busy = "ResourceInUseException"
  private static let request = "InvalidRequestException"

  static let rows = [
    Row(
      operation: "StartApplication", more: "", ready: "", running: busy, starting: busy,
      updating: busy),
    Row(
      operation: "StopApplication", more: "", ready: request, running: "", starting: busy,
      updating: busy),
    Row(
      operation: "StopApplication", more: ",\"Force\":true", ready: request, running: "",
      starting: "", updating: ""),
    Row(
      operation: "UpdateApplication", more: ",\"CurrentApplicationVersionId\":VERSION", ready: "",
      running: "", starting: busy, updating: busy),
    Row(
      operation: "AddApplicationVpcConfiguration",
      more: ",\"CurrentApplicationVersionId\":VERSION,\"VpcConfiguration\":"
        + "{\"SubnetIds\":[\"s\"],\"SecurityGroupIds\":[\"g\"]}",
      ready: "", running: "", starting: busy, updating: busy),
    Row(
      operation: "AddApplicationCloudWatchLoggingOption",
      more: ",\"CurrentApplicationVersionId\":VERSION,\"CloudWatchLoggingOption\":"
        + "{\"LogStreamARN\":\"arn:x\"}",
      ready: "", running: "", starting: busy, updating: busy),
    Row(
      operation: "RollbackApplication", more: ",\"CurrentApplicationVersionId\":VERSION",
      ready: request, running: request, starting: busy, updating: ""),
    Row(
      operation: "CreateApplicationSnapshot", more: ",\"SnapshotName\":\"s\"", ready: request,
      running: "", starting: busy, updating: busy),
    Row(
      operation: "DeleteApplication", more: ",\"CreateTimestamp\":CREATED", ready: "",
      running: "", starting: busy, updating: busy),
    Row(
      operation: "UpdateApplicationMaintenanceConfiguration",
      more: ",\"ApplicationMaintenanceConfigurationUpdate\":"
        + "{\"ApplicationMaintenanceWindowStartTimeUpdate\":\"05:30\"}",
      ready: "", running: "", starting: busy, updating: busy),
    Row(
      operation: "CreateApplicationPresignedUrl", more: ",\"UrlType\":\"FLINK_DASHBOARD_URL\"",
      ready: busy, running: "InvalidArgumentException", starting: busy, updating: busy),
    Row(
      operation: "DescribeApplication", more: "", ready: "", running: "", starting: "",
      updating: ""),
  ]

  @Test("A call is answered by the status of its application", arguments: rows)
  func row(row: Row) async throws {
    try await onServer(["--settle", "20"]) { server in
      // A long window for what is to be seen on the way; a short one for what is to run.
      let quick = try await server.stage.serve()
      try await quick.create("ready")
      try await quick.create("running")
      try await quick.start("running")
      try await server.create("starting")
      try await quick.create("updating")
      try await quick.start("updating")
      _ = try await server.wire.call("StartApplication", "{\"ApplicationName\":\"starting\"}")
      let holder = try server.stage.background(
        "update", "updating", "--redeploy", "--settle", "20")
      defer { withExtendedLifetime(holder) {} }
      for (name, status, expected) in [
        ("ready", "READY", row.ready), ("running", "RUNNING", row.running),
        ("starting", "STARTING", row.starting), ("updating", "UPDATING", row.updating),
      ] {
        try await server.wait(for: status, of: name)
        let detail = try await server.detail(name)
        guard case .number(let created) = detail["CreateTimestamp"] else {
          Issue.record("no CreateTimestamp in \(detail)")
          return
        }
        let more = row.more
          .replacing("VERSION", with: String(detail["ApplicationVersionId"].int))
          .replacing("CREATED", with: String(Int(created)))
        let answer = try await server.wire.call(
          row.operation, "{\"ApplicationName\":\"\(name)\"\(more)}")
        #expect(answer.error == expected, "\(name): \(answer.body)")
        #expect(answer.status == (expected.isEmpty ? 200 : 400))
      }
      let missing = try await server.wire.call(
        row.operation,
        "{\"ApplicationName\":\"none\""
          + row.more.replacing("VERSION", with: "1").replacing("CREATED", with: "1") + "}")
      #expect(missing.error == "ResourceNotFoundException")
    }
  }
}
#endif
