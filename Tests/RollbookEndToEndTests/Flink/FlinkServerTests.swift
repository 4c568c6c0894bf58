#if CommandLine && Flink && Server
import Foundation
import Testing

extension FlinkTests {
  /// The endpoint before a real cluster.
  @Suite struct ServerTests {
    @Test("The article with the aws command, on Flink: the counts go on, the dashboard is there")
    func article() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let server = try await stage.serve(
          settle: "0.5", runtime: ["--runtime", "flink", "--flink-url", cluster.url])
        let files = FileManager.default
        for (key, jar) in [
          ("counter", "counting"), ("three", "counting"), ("throwing", "throws-in-main"),
        ] {
          let place = stage.path("bucket/" + key)
          try? files.removeItem(atPath: place)
          try files.copyItem(atPath: try await FlinkCluster.jar(jar), toPath: place)
        }
        // A job is given the group environment as plain arguments, others with the group's name.
        try await Article(
          server: server, message: "Exception thrown to show system-rollback",
          configuration: """
            ,"EnvironmentProperties":{"PropertyGroups":[\
            {"PropertyGroupId":"environment","PropertyMap":{"out":"\(stage.counted)"}},\
            {"PropertyGroupId":"other","PropertyMap":{"k":"v"}}]}
            """
        ).follow()
        try await stage.expectLiving(1, on: cluster)
        let dashboard = try await server.aws(
          "create-application-presigned-url", "--application-name", "shop", "--url-type",
          "FLINK_DASHBOARD_URL"
        ).exits(0).json()["AuthorizedUrl"].text
        let jobs = try await stage.jobStates(on: cluster).filter { $0.value == "RUNNING" }
        #expect(dashboard == "\(cluster.url)/#/job/running/\(try #require(jobs.keys.first))")
        try await server.aws("stop-application", "--application-name", "shop").exits(0)
        try await server.wait(for: "READY")
        try await stage.expectLiving(0, on: cluster)
        stage.expectCountsGoOn(restored: 3)
        #expect(try await server.detail()["RuntimeEnvironment"].text == "FLINK-1_19")
      }
    }

    @Test("A jar is a jar for a job, whatever the server makes")
    func otherRuntime() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let server = try await stage.serve()
        let place = stage.path("bucket/new.jar")
        try FileManager.default.copyItem(
          atPath: try await FlinkCluster.jar("counting"), toPath: place)
        let ended = try await server.update(
          version: 1,
          """
          {"ApplicationCodeConfigurationUpdate":{"CodeContentUpdate":{"S3ContentLocationUpdate":\
          {"BucketARNUpdate":"\(TestServer.bucket)","FileKeyUpdate":"new.jar"}}}}
          """)
        #expect(ended["OperationStatus"].text == "SUCCESSFUL", "\(ended)")
        try await stage.rollbook("stop", "shop", "--force").exits(0)
        try await stage.expectLiving(0, on: cluster)
      }
    }

    @Test("An environment that the cluster has not is refused, and nothing is written")
    func environment() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let server = try await stage.serve(
          runtime: ["--runtime", "flink", "--flink-url", cluster.url])
        let answer = try await server.wire.call(
          "CreateApplication",
          """
          {"ApplicationName":"shop","RuntimeEnvironment":"FLINK-1_18",\
          "ServiceExecutionRole":"arn:aws:iam::1:role/r"}
          """)
        #expect(answer.error == "InvalidArgumentException")
        #expect(answer.message.contains("It would run on FLINK-1_19, not on FLINK-1_18."))
        #expect(
          try await server.wire.call("ListApplications").body == "{\"ApplicationSummaries\":[]}")
      }
    }
  }
}
#endif
