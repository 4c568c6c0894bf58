#if CommandLine && Server
import Foundation
import Testing

/// What is changed without an operation; and what moto answers otherwise than the service.
@Suite struct TagTests {
  private let arn = "arn:aws:kinesisanalytics:us-east-1:000000000000:application/shop"

  @Test("Tags are listed, added, replaced and removed, and are no operations")
  func tags() async throws {
    try await onServer { server in
      let created = try await server.wire.call(
        "CreateApplication",
        """
        {"ApplicationName":"shop","RuntimeEnvironment":"FLINK-1_19","ServiceExecutionRole":"arn:r",\
        "Tags":[{"Key":"team","Value":"a"},{"Key":"empty"}]}
        """)
      #expect(created.status == 200, "\(created.body)")
      // Only ListTagsForResource shows them.
      #expect(!created.body.contains("team"))
      func tags() async throws -> [String] {
        let answer = try await server.wire.call(
          "ListTagsForResource", "{\"ResourceARN\":\"\(arn)\"}")
        return try answer.json()["Tags"].array.map { "\($0["Key"].text)=\($0["Value"].text)" }
      }
      #expect(try await tags() == ["empty=", "team=a"])
      let tagged = try await server.wire.call(
        "TagResource",
        "{\"ResourceARN\":\"\(arn)\",\"Tags\":[{\"Key\":\"team\",\"Value\":\"b\"},{\"Key\":\"x\",\"Value\":\"1\"}]}"
      )
      #expect(tagged.body == "{}")
      #expect(try await tags() == ["empty=", "team=b", "x=1"])
      _ = try await server.wire.call(
        "UntagResource", "{\"ResourceARN\":\"\(arn)\",\"TagKeys\":[\"x\",\"none\"]}")
      #expect(try await tags() == ["empty=", "team=b"])
      #expect(try await server.stage.operations("shop") == ["CreateApplication SUCCESSFUL"])
      #expect(try await server.detail()["ApplicationVersionId"].int == 1)
    }
  }

  @Test("More than fifty tags, and tags of the service's own, are refused")
  func limits() async throws {
    try await onServer { server in
      try await server.create()
      let many = (0..<51).map { "{\"Key\":\"k\($0)\",\"Value\":\"v\"}" }.joined(separator: ",")
      let answer = try await server.wire.call(
        "TagResource", "{\"ResourceARN\":\"\(arn)\",\"Tags\":[\(many)]}")
      #expect(answer.error == "TooManyTagsException")
      // The one exception whose member begins small.
      #expect(try !answer.json()["message"].text.isEmpty)
      let own = try await server.wire.call(
        "TagResource", "{\"ResourceARN\":\"\(arn)\",\"Tags\":[{\"Key\":\"aws:x\"}]}")
      #expect(own.error == "InvalidArgumentException")
      let foreign = try await server.wire.call(
        "ListTagsForResource",
        "{\"ResourceARN\":\"\(arn.replacing("us-east-1", with: "eu-west-1"))\"}")
      #expect(foreign.error == "InvalidArgumentException")
      let missing = try await server.wire.call(
        "ListTagsForResource", "{\"ResourceARN\":\"\(arn)x\"}")
      #expect(missing.error == "ResourceNotFoundException")
    }
  }

  @Test("The maintenance window begins when asked, and ends eight hours later")
  func maintenance() async throws {
    try await onServer { server in
      try await server.create()
      let window = "ApplicationMaintenanceConfigurationDescription"
      #expect(
        try await server.detail()[window]["ApplicationMaintenanceWindowStartTime"].text == "03:00")
      let answer = try await server.wire.call(
        "UpdateApplicationMaintenanceConfiguration",
        """
        {"ApplicationName":"shop","ApplicationMaintenanceConfigurationUpdate":\
        {"ApplicationMaintenanceWindowStartTimeUpdate":"22:15"}}
        """)
      #expect(try answer.json()[window]["ApplicationMaintenanceWindowEndTime"].text == "06:15")
      #expect(
        try await server.detail()[window]["ApplicationMaintenanceWindowStartTime"].text == "22:15")
    }
  }

  @Test("What moto answers otherwise is answered as the service does")
  func moto() async throws {
    try await onServer { server in
      try await server.create()
      let list = try await server.wire.call("ListApplications").json()["ApplicationSummaries"]
      #expect(list[0]["ApplicationStatus"].text == "READY")
      let detail = try await server.detail()
      #expect(detail["ApplicationName"].text == "shop")
      guard case .number = detail["CreateTimestamp"] else {
        Issue.record("a time that is no number: \(detail["CreateTimestamp"])")
        return
      }
      let content = detail["ApplicationConfigurationDescription"][
        "ApplicationCodeConfigurationDescription"]["CodeContentDescription"]
      #expect(content["CodeMD5"].text.count == 32)
      #expect(content["CodeSize"].int == Program.counter.utf8.count)
      let again = try await server.wire.call(
        "CreateApplication",
        """
        {"ApplicationName":"shop","RuntimeEnvironment":"FLINK-1_19","ServiceExecutionRole":"arn:r"}
        """)
      #expect(again.error == "ResourceInUseException")
      let missing = try await server.wire.call(
        "DescribeApplication", "{\"ApplicationName\":\"no\"}")
      #expect(missing.status == 400)
    }
  }
}
#endif
