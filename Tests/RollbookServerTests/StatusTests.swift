#if Server
import Foundation
import Rollbook
import RollbookTesting
import Testing

@testable import RollbookServer

/// Which call is answered how in which status: docs/AWS-API.md has the same table.
@Suite struct StatusTests {
  /// A status, and how an application gets there and stays.
  enum Standing: String, CaseIterable, CustomTestStringConvertible {
    case ready = "READY"
    case starting = "STARTING"
    case running = "RUNNING"
    case stopping = "STOPPING"
    case forceStopping = "FORCE_STOPPING"
    case updating = "UPDATING"
    case autoscaling = "AUTOSCALING"
    case rollingBack = "ROLLING_BACK"
    case deleting = "DELETING"

    var testDescription: String { rawValue }

    var isInFlight: Bool { self != .ready && self != .running }
  }

  /// The answers to a call: an error's name in so many statuses, else an answer.
  struct Row {
    let operation: String
    var more = ""
    /// In what is in flight, unless something else is said.
    var inFlight = "ResourceInUseException"
    var errors: [Standing: String] = [:]

    func error(in standing: Standing) -> String {
      errors[standing] ?? (standing.isInFlight ? inFlight : "")
    }
  }

  private static let request = "InvalidRequestException"
  private static let use = "ResourceInUseException"
  private static let argument = "InvalidArgumentException"
  private static let atVersion = ",\"CurrentApplicationVersionId\":VERSION"

  /// Source: facts of the service, and what docs/AWS-API.md says of the differences.
  private static let rows = [
    Row(operation: "StartApplication", errors: [.running: use]),
    Row(operation: "StopApplication", errors: [.ready: request]),
    Row(
      operation: "StopApplication", more: ",\"Force\":true", inFlight: "",
      errors: [.ready: request, .forceStopping: use, .deleting: use]),
    Row(operation: "UpdateApplication", more: atVersion),
    Row(
      operation: "AddApplicationVpcConfiguration",
      more: atVersion
        + ",\"VpcConfiguration\":{\"SubnetIds\":[\"s\"],\"SecurityGroupIds\":[\"g\"]}"),
    Row(
      operation: "DeleteApplicationVpcConfiguration",
      more: atVersion + ",\"VpcConfigurationId\":\"1.1\""),
    Row(
      operation: "AddApplicationCloudWatchLoggingOption",
      more: atVersion + ",\"CloudWatchLoggingOption\":{\"LogStreamARN\":\"arn:x\"}"),
    Row(
      operation: "DeleteApplicationCloudWatchLoggingOption",
      more: atVersion + ",\"CloudWatchLoggingOptionId\":\"2.1\""),
    Row(
      operation: "RollbackApplication", more: atVersion,
      errors: [.ready: request, .running: request, .updating: "", .autoscaling: ""]),
    Row(
      operation: "CreateApplicationSnapshot", more: ",\"SnapshotName\":\"s\"",
      errors: [.ready: request]),
    Row(
      operation: "DeleteApplicationSnapshot",
      more: ",\"SnapshotName\":\"kept\",\"SnapshotCreationTimestamp\":SNAPSHOT"),
    Row(operation: "DescribeApplicationSnapshot", more: ",\"SnapshotName\":\"kept\"", inFlight: ""),
    Row(
      operation: "DescribeApplicationSnapshot", more: ",\"SnapshotName\":\"none\"",
      inFlight: argument, errors: [.ready: argument, .running: argument]),
    Row(operation: "ListApplicationSnapshots", inFlight: ""),
    Row(operation: "DeleteApplication", more: ",\"CreateTimestamp\":CREATED"),
    Row(
      operation: "UpdateApplicationMaintenanceConfiguration",
      more: ",\"ApplicationMaintenanceConfigurationUpdate\":"
        + "{\"ApplicationMaintenanceWindowStartTimeUpdate\":\"05:30\"}"),
    Row(
      operation: "CreateApplicationPresignedUrl", more: ",\"UrlType\":\"FLINK_DASHBOARD_URL\"",
      errors: [.ready: use]),
    Row(operation: "DescribeApplication", inFlight: ""),
    Row(operation: "ListApplicationVersions", inFlight: ""),
    Row(
      operation: "DescribeApplicationVersion", more: ",\"ApplicationVersionId\":1", inFlight: ""),
    Row(operation: "ListApplicationOperations", inFlight: ""),
    Row(
      operation: "CreateApplication", inFlight: use, errors: [.ready: use, .running: use]),
  ]

  @Test("A call is answered by the status of its application", arguments: Standing.allCases)
  func table(standing: Standing) async throws {
    for row in Self.rows {
      try await ScriptedEndpoint.run { endpoint in
        let snapshot = try await endpoint.bring(to: standing)
        let detail = try await endpoint.detail()
        #expect(detail["ApplicationStatus"]?.string == standing.rawValue)
        let version = detail["ApplicationVersionId"]?.integer ?? 0
        let more = row.more
          .replacing("VERSION", with: "\(version)")
          .replacing("CREATED", with: "\(Int(detail["CreateTimestamp"]?.seconds ?? 0))")
          .replacing("SNAPSHOT", with: "\(Int(snapshot))")
        let error =
          if row.operation == "CreateApplication" {
            try await endpoint.error { try await endpoint.create() }
          } else {
            try await endpoint.error(row.operation, more)
          }
        #expect(error == row.error(in: standing), "\(row.operation)\(more)")
      }
    }
  }

  @Test("A call about an application that there is not is answered ResourceNotFoundException")
  func missing() async throws {
    try await ScriptedEndpoint.run { endpoint in
      for row in Self.rows where row.operation != "CreateApplication" {
        let more = row.more.replacing("VERSION", with: "1").replacing("CREATED", with: "1")
          .replacing("SNAPSHOT", with: "1")
        let error = try await endpoint.error(row.operation, more)
        #expect(error == "ResourceNotFoundException", "\(row.operation)")
      }
    }
  }

  @Test(
    "While a snapshot is made or deleted, everything else has to wait", arguments: [true, false])
  func snapshot(isMade: Bool) async throws {
    try await ScriptedEndpoint.run { endpoint in
      let created = try await endpoint.bring(to: .running)
      let prepared = try await endpoint.engine.prepare(
        isMade ? .createSnapshot(name: "new") : .deleteSnapshot(name: "kept"), on: "shop",
        by: Requester(actor: "tester"))
      #expect(try await endpoint.status() == "RUNNING")
      for (operation, more) in [
        (
          "DeleteApplicationSnapshot",
          ",\"SnapshotName\":\"kept\",\"SnapshotCreationTimestamp\":\(Int(created))"
        ),
        ("CreateApplicationSnapshot", ",\"SnapshotName\":\"other\""),
        ("UpdateApplication", ",\"CurrentApplicationVersionId\":1"),
        ("StopApplication", ""), ("RollbackApplication", ",\"CurrentApplicationVersionId\":1"),
      ] {
        #expect(try await endpoint.error(operation, more) == Self.use, "\(operation)")
      }
      let name = isMade ? "new" : "kept"
      let shown = try await endpoint.call(
        "DescribeApplicationSnapshot", ",\"SnapshotName\":\"\(name)\"")
      #expect(
        shown["SnapshotDetails"]?["SnapshotStatus"]?.string == (isMade ? "CREATING" : "DELETING"))
      endpoint.runner.perform(prepared)
    }
  }
}

extension ScriptedEndpoint {
  /// Brings the application to a status in which it stays.
  ///
  /// - Returns: when its snapshot `kept` was made.
  func bring(to standing: StatusTests.Standing) async throws -> Double {
    let parts =
      ",\"VpcConfigurations\":[{\"SubnetIds\":[\"s\"],\"SecurityGroupIds\":[\"g\"]}]"
    try await create(parts, ",\"CloudWatchLoggingOptions\":[{\"LogStreamARN\":\"arn:log\"}]")
    try await start()
    let made = try await makeSnapshot("kept")
    try await leave(for: standing)
    return made
  }

  /// From RUNNING to another status.
  private func leave(for standing: StatusTests.Standing) async throws {
    switch standing {
    case .running: break
    case .ready: try await expectSuccess(of: try await call("StopApplication"))
    case .starting:
      try await expectSuccess(of: try await call("StopApplication"))
      runtime.change { $0.behaviours[1] = .isNeverReady }
      try await call("StartApplication")
    case .stopping, .forceStopping:
      silence()
      try await call("StopApplication", standing == .stopping ? "" : ",\"Force\":true")
    case .updating:
      runtime.change { $0.behaviours[2] = .isNeverReady }
      _ = try await beginUpdate()
    case .autoscaling:
      // The service scales by itself; here the command line does, and policies.
      runtime.change { $0.behavioursByParallelism[2] = .isNeverReady }
      runner.perform(
        try await engine.prepare(
          .scale(parallelism: 2, ifVersion: nil, force: false), on: "shop",
          by: Requester(actor: "tester"), control: runner.control))
    case .rollingBack:
      try await update()
      runtime.change { $0.behaviours[1] = .isNeverReady }
      try await call("RollbackApplication", ",\"CurrentApplicationVersionId\":2")
    case .deleting:
      silence()
      try await call(
        "DeleteApplication",
        ",\"CreateTimestamp\":\(Int(try await detail()["CreateTimestamp"]?.seconds ?? 0))")
    }
  }
}
#endif
