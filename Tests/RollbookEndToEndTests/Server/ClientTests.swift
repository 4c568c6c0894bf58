#if CommandLine && Server
import Foundation
import Testing

/// The real clients: boto3 with botocore's parsing, and what they rely on.
@Suite struct ClientTests {
  @Test("boto3 follows the article", arguments: ["article", "pages", "race", "terraform"])
  func boto(scenario: String) async throws {
    try await onServer { server in
      try await server.boto(scenario).exits(0).shows("ok")
    }
  }

  @Test("With keys, only what is signed with them is answered")
  func keys() async throws {
    try await onStage { stage in
      let file = try stage.write(
        "[test]\naws_access_key_id = AKIATEST\naws_secret_access_key = s3cret\n", to: "keys",
        mode: 0o600)
      let server = try await stage.serve(["--credentials", file])
      try await server.boto("keys", "AKIATEST", "s3cret").exits(0).shows("ok")
      let unsigned = try await server.wire.call("ListApplications")
      #expect(unsigned.status == 400)
      #expect(unsigned.error == "MissingAuthenticationTokenException")
      // The journal names the key; the log does not hold the secret.
      let operations = try await stage.json("operations", "shop")["ApplicationOperationInfoList"]
      #expect(operations.array.map { $0["Actor"].text } == ["AKIATEST"])
      #expect(!server.command.err.contains("s3cret"))
    }
  }

  @Test(
    "What is expired, or was changed after it was signed, leaves no trace but a line of the log")
  func signatures() async throws {
    try await onStage { stage in
      let file = try stage.write(
        "[test]\naws_access_key_id = AKIATEST\naws_secret_access_key = s3cret\n", to: "keys",
        mode: 0o600)
      let server = try await stage.serve(["--credentials", file])
      try await server.boto("signatures", "AKIATEST", "s3cret").exits(0).shows("ok")
      // The update that was in order is the only one.
      #expect(
        try await stage.operations("shop") == [
          "UpdateApplication SUCCESSFUL", "CreateApplication SUCCESSFUL",
        ])
      for (error, count) in [
        ("InvalidSignatureException", 4), ("MissingAuthenticationTokenException", 2),
        ("IncompleteSignatureException", 1),
      ] {
        #expect(server.command.err.components(separatedBy: error).count - 1 == count)
      }
    }
  }

  @Test("Keys that others may read are refused")
  func readableKeys() async throws {
    try await onStage { stage in
      let file = try stage.write(
        "[test]\naws_access_key_id = A\naws_secret_access_key = s\n", to: "keys", mode: 0o644)
      try await stage.rollbook("serve", "--listen", "127.0.0.1:0", "--credentials", file)
        .exits(64).says("Others may read the credentials").says("chmod 600")
    }
  }

  @Test("Without keys it listens on this machine only, and for nobody's page")
  func loopback() async throws {
    try await onStage { stage in
      try await stage.rollbook("serve", "--listen", "0.0.0.0:0").exits(64)
        .says("Without keys anybody who reaches 0.0.0.0 could change what runs here.")
      #expect(!FileManager.default.fileExists(atPath: stage.home))
      let server = try await stage.serve()
      let call = [
        ("X-Amz-Target", "KinesisAnalytics_20180523.ListApplications"),
        ("Content-Type", "application/x-amz-json-1.1"),
      ]
      let page = try await server.wire.send(
        headers: call + [("Origin", "http://127.0.0.1:\(server.port)")], body: Array("{}".utf8))
      #expect(page.status == 403)
      #expect(page.error == "AccessDeniedException")
      let head =
        "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n"
        + call.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n{}"
      let rebound = try #require(try await server.wire.send(Array(head.utf8)))
      #expect(rebound.status == 403)
      let form = try await server.wire.send(
        headers: [call[0], ("Content-Type", "text/plain")], body: Array("{}".utf8))
      #expect(form.status == 404)
      #expect(form.error == "UnknownOperationException")
      #expect(try await server.wire.call("ListApplications").status == 200)
      #expect(server.command.err.contains("no --credentials"))
    }
  }

  @Test("What the command line made is there for the endpoint, and the other way round")
  func bothWays() async throws {
    try await onServer { server in
      let code = try server.stage.write(Program.idle, to: "idle")
      try await server.stage.rollbook("create", "made", "--code", code, "--settle", "0.2").exits(0)
      let detail = try await server.detail("made")
      #expect(detail["ApplicationStatus"].text == "READY")
      #expect(detail["RuntimeEnvironment"].text == "PROCESS-1")
      try await server.start("made")
      #expect(try await server.stage.standing("made") == "RUNNING 1")
      try await server.create()
      let made = try await server.stage.operationList("shop")
      #expect(made.map { $0["Actor"].text } == ["unverified"])
    }
  }

  @Test("A parallelism that is updated is the one of an application of the command line too")
  func parallelism() async throws {
    try await onServer { server in
      let code = try server.stage.write(Program.idle, to: "idle")
      try await server.stage.rollbook("create", "made", "--code", code).exits(0)
      _ = try await server.update(
        version: 1,
        """
        {"FlinkApplicationConfigurationUpdate":{"ParallelismConfigurationUpdate":\
        {"ParallelismUpdate":3}}}
        """, name: "made")
      #expect(try await server.detail("made")["ApplicationVersionId"].int == 2)
      let shown = try await server.detail("made")["ApplicationConfigurationDescription"][
        "FlinkApplicationConfigurationDescription"]["ParallelismConfigurationDescription"]
      #expect(shown["Parallelism"].int == 3)
      #expect(shown["ConfigurationType"].text == "CUSTOM")
      // What was true of the version before is told of it.
      let before = try await server.call(
        "DescribeApplicationVersion", ",\"ApplicationVersionId\":1", name: "made"
      ).json()["ApplicationVersionDetail"]
      #expect(before["ApplicationVersionId"].int == 1)
      #expect(before["ApplicationVersionUpdatedFrom"] == .null)
      let old = before["ApplicationConfigurationDescription"][
        "FlinkApplicationConfigurationDescription"]["ParallelismConfigurationDescription"]
      #expect(old["Parallelism"].int == 1)
      let missing = try await server.call(
        "StartApplication",
        ",\"RunConfiguration\":{\"ApplicationRestoreConfiguration\":{\"ApplicationRestoreType\":"
          + "\"RESTORE_FROM_CUSTOM_SNAPSHOT\",\"SnapshotName\":\"none\"}}", name: "made")
      #expect(missing.error == "InvalidArgumentException", "\(missing.body)")
    }
  }

  @Test("A zip with run, inline or in a bucket, is unpacked and run")
  func archives() async throws {
    try await onServer { server in
      let stage = server.stage
      try FileManager.default.createDirectory(
        atPath: stage.path("zip/lib"), withIntermediateDirectories: true)
      try stage.write(Program.idle, to: "zip/run")
      try stage.write("x", to: "zip/lib/data", mode: 0o644)
      let archive = stage.path("bucket/code.zip")
      try await stage.run([
        "python3", "-c",
        "import shutil, sys; shutil.make_archive(sys.argv[1][:-4], 'zip', sys.argv[2])", archive,
        stage.path("zip"),
      ]).exits(0)
      try await server.create("zipped", code: "code.zip")
      try await server.start("zipped")
      let inline = try #require(FileManager.default.contents(atPath: archive)).base64EncodedString()
      let answer = try await server.wire.call(
        "UpdateApplication",
        """
        {"ApplicationName":"zipped","CurrentApplicationVersionId":1,\
        "ApplicationConfigurationUpdate":{"ApplicationCodeConfigurationUpdate":\
        {"CodeContentUpdate":{"ZipFileContentUpdate":"\(inline)"}}}}
        """)
      #expect(answer.status == 200, "\(answer.body)")
      let details = try await server.ended(try answer.json()["OperationId"].text, of: "zipped")
      #expect(details["OperationStatus"].text == "SUCCESSFUL", "\(details)")
      try await wait(until: "nothing of it is left") {
        let incoming = stage.home + "/incoming"
        return try FileManager.default.contentsOfDirectory(atPath: incoming).allSatisfy {
          try $0.hasSuffix(".lock")
            || FileManager.default.contentsOfDirectory(atPath: incoming + "/" + $0).isEmpty
        }
      }
    }
  }

  @Test("Property groups reach a process as a file, and the group environment as its environment")
  func properties() async throws {
    try await onServer { server in
      let program = """
        #!/bin/sh
        cp "$ROLLBOOK_PROPERTIES" "\(server.stage.path("seen.json"))"
        echo "$COLOUR" > "\(server.stage.path("seen.env"))"
        while :; do sleep 0.05; done
        """
      try server.upload(program, as: "program")
      try await server.create(
        code: "program",
        configuration: """
          ,"EnvironmentProperties":{"PropertyGroups":[\
          {"PropertyGroupId":"source","PropertyMap":{"topic":"a","group":"b"}},\
          {"PropertyGroupId":"environment","PropertyMap":{"COLOUR":"red"}}]}
          """)
      try await server.start()
      let seen = try JSON(parsing: try #require(server.stage.text(server.stage.path("seen.json"))))
      #expect(seen.array.count == 1)
      #expect(seen[0]["PropertyGroupId"].text == "source")
      #expect(seen[0]["PropertyMap"]["topic"].text == "a")
      #expect(server.stage.text(server.stage.path("seen.env")) == "red\n")
      let described = try await server.detail()["ApplicationConfigurationDescription"][
        "EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
      #expect(described.array.map { $0["PropertyGroupId"].text } == ["environment", "source"])
    }
  }
}
#endif
