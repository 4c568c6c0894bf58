#if CommandLine && Server
import Foundation
import Testing

/// Edges of the service's behaviour that its clients depend on.
@Suite struct EdgeTests {
  @Test("A new application shows the service's defaults, with or without a configuration")
  func defaults() async throws {
    try await onServer { server in
      let answer = try await server.call(
        "CreateApplication",
        ",\"RuntimeEnvironment\":\"FLINK-1_19\",\"ServiceExecutionRole\":\"arn:aws:iam::1:role/r\"")
      let detail = try answer.json()["ApplicationDetail"]
      #expect(detail["ApplicationStatus"].text == "READY")
      #expect(detail["ApplicationVersionId"].int == 1)
      #expect(
        detail["ApplicationARN"].text
          == "arn:aws:kinesisanalytics:us-east-1:000000000000:application/shop")
      let configuration = detail["ApplicationConfigurationDescription"]
      #expect(
        configuration["ApplicationSnapshotConfigurationDescription"]["SnapshotsEnabled"].isTrue)
      #expect(
        configuration["ApplicationSystemRollbackConfigurationDescription"]["RollbackEnabled"]
          == .bool(false))
      let flink = configuration["FlinkApplicationConfigurationDescription"]
      let parallelism = flink["ParallelismConfigurationDescription"]
      #expect(parallelism["ConfigurationType"].text == "DEFAULT")
      #expect(parallelism["Parallelism"].int == 1)
      #expect(parallelism["AutoScalingEnabled"].isTrue)
      let checkpoints = flink["CheckpointConfigurationDescription"]
      #expect(checkpoints["CheckpointInterval"].int == 60000)
      #expect(checkpoints["MinPauseBetweenCheckpoints"].int == 5000)
      #expect(flink["MonitoringConfigurationDescription"]["LogLevel"].text == "INFO")
      #expect(configuration["RunConfigurationDescription"] == .null)
      #expect(configuration["EnvironmentPropertyDescriptions"] == .null)
      #expect(configuration["ApplicationCodeConfigurationDescription"] == .null)
      #expect(detail["ApplicationDescription"] == .null)
      // Without code there is nothing to start.
      let start = try await server.call("StartApplication")
      #expect(start.error == "InvalidArgumentException")
      #expect(start.message.contains("has no code to start"))
      #expect(try await server.status() == "READY")
    }
  }

  @Test("Settings of type DEFAULT are the default, whatever else is said")
  func defaultTypes() async throws {
    try await onServer { server in
      try await server.create(
        configuration: """
          ,"FlinkApplicationConfiguration":{\
          "CheckpointConfiguration":{"ConfigurationType":"DEFAULT","CheckpointInterval":7},\
          "ParallelismConfiguration":{"ConfigurationType":"DEFAULT","Parallelism":4},\
          "MonitoringConfiguration":{"ConfigurationType":"CUSTOM","LogLevel":"DEBUG"}}
          """)
      let flink = try await server.detail()["ApplicationConfigurationDescription"][
        "FlinkApplicationConfigurationDescription"]
      #expect(flink["CheckpointConfigurationDescription"]["CheckpointInterval"].int == 60000)
      #expect(flink["ParallelismConfigurationDescription"]["Parallelism"].int == 1)
      #expect(flink["MonitoringConfigurationDescription"]["LogLevel"].text == "DEBUG")
      #expect(flink["MonitoringConfigurationDescription"]["MetricsLevel"].text == "APPLICATION")
      _ = try await server.update(
        version: 1,
        """
        {"FlinkApplicationConfigurationUpdate":{"ParallelismConfigurationUpdate":\
        {"ConfigurationTypeUpdate":"CUSTOM","ParallelismUpdate":3,"AutoScalingEnabledUpdate":false}}}
        """)
      let changed = try await server.detail()["ApplicationConfigurationDescription"][
        "FlinkApplicationConfigurationDescription"]["ParallelismConfigurationDescription"]
      #expect(changed["Parallelism"].int == 3)
      #expect(changed["CurrentParallelism"].int == 3)
      #expect(changed["AutoScalingEnabled"] == .bool(false))
    }
  }

  @Test("An update while READY makes a version, runs nothing, and is no target")
  func updateWhileReady() async throws {
    try await onServer { server in
      try await server.create()
      #expect(try await server.update(version: 1)["OperationStatus"].text == "SUCCESSFUL")
      let detail = try await server.detail()
      #expect(detail["ApplicationStatus"].text == "READY")
      #expect(detail["ApplicationVersionId"].int == 2)
      #expect(detail["ApplicationVersionUpdatedFrom"].int == 1)
      #expect(server.stage.running("shop").isEmpty)
      let rollback = try await server.call(
        "RollbackApplication", ",\"CurrentApplicationVersionId\":2")
      #expect(rollback.error == "InvalidRequestException")
    }
  }

  @Test(
    "The run configuration appears with a start, is set back by an update, and goes with a stop")
  func runConfiguration() async throws {
    try await onServer { server in
      try await server.create()
      let skip =
        ",\"RunConfiguration\":{\"ApplicationRestoreConfiguration\":{\"ApplicationRestoreType\":"
        + "\"SKIP_RESTORE_FROM_SNAPSHOT\"},\"FlinkRunConfiguration\":{\"AllowNonRestoredState\":true}}"
      _ = try await server.call("StartApplication", skip)
      try await server.wait(for: "RUNNING")
      func run() async throws -> JSON {
        try await server.detail()["ApplicationConfigurationDescription"][
          "RunConfigurationDescription"]
      }
      let restore = "ApplicationRestoreConfigurationDescription"
      #expect(
        try await run()[restore]["ApplicationRestoreType"].text == "SKIP_RESTORE_FROM_SNAPSHOT")
      #expect(try await run()["FlinkRunConfigurationDescription"]["AllowNonRestoredState"].isTrue)
      _ = try await server.update(version: 1)
      #expect(
        try await run()[restore]["ApplicationRestoreType"].text == "RESTORE_FROM_LATEST_SNAPSHOT")
      #expect(
        try await run()["FlinkRunConfigurationDescription"]["AllowNonRestoredState"]
          == .bool(false))
      _ = try await server.call("StopApplication")
      try await server.wait(for: "READY")
      #expect(try await run() == .null)
      // Starting and stopping make no version.
      #expect(try await server.detail()["ApplicationVersionId"].int == 2)
    }
  }

  @Test("A start whose version fails is not rolled back: READY, the operation FAILED")
  func failedStart() async throws {
    try await onServer { server in
      try await server.create(
        code: "throwing",
        configuration: ",\"ApplicationSystemRollbackConfiguration\":{\"RollbackEnabled\":true}")
      let operation = try await server.call("StartApplication").json()["OperationId"].text
      let details = try await server.ended(operation)
      #expect(details["OperationStatus"].text == "FAILED")
      #expect(details["OperationFailureDetails"]["RollbackOperationId"] == .null)
      #expect(
        details["OperationFailureDetails"]["ErrorInfo"]["ErrorString"].text.hasPrefix(
          "fatal error: it does not work"))
      #expect(try await server.status() == "READY")
    }
  }

  @Test("A failure's text is cut to 512 characters on the wire only; EndTime is always there")
  func errorString() async throws {
    try await onServer(["--settle", "30"]) { server in
      // It fails when it is told to: what is asked before finds the operation in progress.
      let fail = server.stage.path("fail")
      try server.upload(
        """
        #!/bin/sh
        while [ ! -e "\(fail)" ]; do sleep 0.01; done
        for i in $(seq 200); do echo "error: line $i of many" >&2; done
        exit 1
        """,
        as: "wordy")
      try await server.create(code: "wordy")
      let operation = try await server.call("StartApplication").json()["OperationId"].text
      let begun = try await server.call(
        "DescribeApplicationOperation", ",\"OperationId\":\"\(operation)\""
      ).json()["ApplicationOperationInfoDetails"]
      #expect(begun["EndTime"] == begun["StartTime"])
      let listed = try await server.call(
        "ListApplicationOperations", ",\"OperationStatus\":\"IN_PROGRESS\""
      ).json()["ApplicationOperationInfoList"]
      #expect(listed[0]["EndTime"] == .null)
      try server.stage.write("", to: "fail")
      let text = try await server.ended(operation)["OperationFailureDetails"]["ErrorInfo"][
        "ErrorString"
      ].text
      #expect(text.unicodeScalars.count == 512)
      let whole = try await server.stage.json("operation", "shop", operation)
      #expect(
        whole["ApplicationOperationInfoDetails"]["OperationFailureDetails"]["Text"].text.count
          > 2000)
    }
  }

  @Test("Updates of parts that are not there fail before a version is made")
  func unknownParts() async throws {
    try await onServer { server in
      try await server.create(
        configuration:
          ",\"VpcConfigurations\":[{\"SubnetIds\":[\"s\"],\"SecurityGroupIds\":[\"g\"]}]")
      let version = ",\"CurrentApplicationVersionId\":1"
      for (operation, more) in [
        ("DeleteApplicationVpcConfiguration", ",\"VpcConfigurationId\":\"9.1\""),
        ("DeleteApplicationCloudWatchLoggingOption", ",\"CloudWatchLoggingOptionId\":\"9.1\""),
        (
          "UpdateApplication",
          ",\"ApplicationConfigurationUpdate\":{\"VpcConfigurationUpdates\":"
            + "[{\"VpcConfigurationId\":\"9.1\"}]}"
        ),
        (
          "UpdateApplication",
          ",\"CloudWatchLoggingOptionUpdates\":[{\"CloudWatchLoggingOptionId\":\"9.1\"}]"
        ),
      ] {
        let answer = try await server.call(operation, version + more)
        #expect(answer.error == "InvalidArgumentException", "\(answer.body)")
      }
      #expect(try await server.detail()["ApplicationVersionId"].int == 1)
      let deleted = try await server.call(
        "DeleteApplicationVpcConfiguration", version + ",\"VpcConfigurationId\":\"1.1\"")
      #expect(try deleted.json()["ApplicationVersionId"].int == 2)
      let added = try await server.call(
        "AddApplicationVpcConfiguration",
        ",\"CurrentApplicationVersionId\":2,\"VpcConfiguration\":"
          + "{\"SubnetIds\":[\"s2\"],\"SecurityGroupIds\":[\"g2\"]}")
      // Ids are not used again.
      let network = try added.json()["VpcConfigurationDescription"]
      #expect(network["VpcConfigurationId"].text == "2.1")
      #expect(network["SubnetIds"][0].text == "s2")
      #expect(
        try await server.stage.operations("shop").prefix(2) == [
          "AddApplicationVpcConfiguration SUCCESSFUL",
          "DeleteApplicationVpcConfiguration SUCCESSFUL",
        ])
      let filtered = try await server.call(
        "ListApplicationOperations", ",\"Operation\":\"AddApplicationVpcConfiguration\"")
      #expect(try filtered.json()["ApplicationOperationInfoList"].array.count == 1)
      let updates = try await server.call(
        "ListApplicationOperations", ",\"Operation\":\"UpdateApplication\"")
      #expect(try updates.json()["ApplicationOperationInfoList"].array.isEmpty)
    }
  }

  @Test("An update of the properties replaces all groups; an empty list removes them")
  func properties() async throws {
    try await onServer { server in
      try await server.create(
        configuration: ",\"EnvironmentProperties\":{\"PropertyGroups\":"
          + "[{\"PropertyGroupId\":\"a\",\"PropertyMap\":{\"k\":\"v\"}}]}")
      func groups() async throws -> [String] {
        try await server.detail()["ApplicationConfigurationDescription"][
          "EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"].array
          .map { $0["PropertyGroupId"].text }
      }
      #expect(try await groups() == ["a"])
      _ = try await server.update(
        version: 1,
        "{\"EnvironmentPropertyUpdates\":{\"PropertyGroups\":"
          + "[{\"PropertyGroupId\":\"b\",\"PropertyMap\":{\"k\":\"v\"}}]}}")
      #expect(try await groups() == ["b"])
      _ = try await server.update(version: 2)
      #expect(try await groups() == ["b"])
      _ = try await server.update(
        version: 3, "{\"EnvironmentPropertyUpdates\":{\"PropertyGroups\":[]}}")
      #expect(try await groups() == [])
    }
  }
}
#endif
