#if CommandLine && Server
import Foundation
import Testing

/// A server on a test's home, on a free port.
struct TestServer: Sendable {
  let stage: Stage
  let command: Command
  let port: UInt16
  var url: String { "http://127.0.0.1:\(port)" }
  var wire: WireClient { WireClient(port: port) }

  // MARK: The AWS clients

  /// Runs the aws command with only `--endpoint-url` added.
  func aws(_ words: [String], keys: (String, String) = ("AKIATEST", "secret")) async throws -> Run {
    let clients = try await AWSClients.folder()
    return try await stage.run(
      [clients + "/bin/aws", "kinesisanalyticsv2", "--endpoint-url", url] + words,
      environment: [
        "AWS_ACCESS_KEY_ID": keys.0, "AWS_SECRET_ACCESS_KEY": keys.1,
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "",
      ])
  }

  func aws(_ words: String...) async throws -> Run { try await aws(words) }

  /// Runs a scenario of the folder `clients` with boto3.
  func boto(_ scenario: String, _ arguments: String...) async throws -> Run {
    let clients = try await AWSClients.folder()
    let script =
      URL(filePath: #filePath).deletingLastPathComponent().path + "/clients/\(scenario).py"
    return try await stage.run(
      [clients + "/bin/python", script, url] + arguments,
      environment: ["PYTHONDONTWRITEBYTECODE": "1"])
  }

  // MARK: What stands

  func detail(_ name: String = "shop") async throws -> JSON {
    try await wire.call("DescribeApplication", "{\"ApplicationName\":\"\(name)\"}").json()[
      "ApplicationDetail"]
  }

  func status(_ name: String = "shop") async throws -> String {
    try await detail(name)["ApplicationStatus"].text
  }

  func wait(for status: String, of name: String = "shop") async throws {
    try await RollbookEndToEndTests.wait(until: "\(name) is \(status)") {
      try await self.status(name) == status
    }
  }

  /// An operation's details, once it has ended.
  func ended(_ operation: String, of name: String = "shop") async throws -> JSON {
    try await RollbookEndToEndTests.wait(for: "the end of operation \(operation)") {
      let details = try await wire.call(
        "DescribeApplicationOperation",
        "{\"ApplicationName\":\"\(name)\",\"OperationId\":\"\(operation)\"}"
      ).json()["ApplicationOperationInfoDetails"]
      return details["OperationStatus"].text == "IN_PROGRESS" ? nil : details
    }
  }

  // MARK: Applications

  /// Puts code where the bucket is.
  func upload(_ text: String, as key: String) throws {
    try stage.write(text, to: "bucket/" + key, mode: 0o644)
  }

  func code(_ key: String) -> String {
    """
    {"CodeContentType":"ZIPFILE","CodeContent":{"S3ContentLocation":\
    {"BucketARN":"\(TestServer.bucket)","FileKey":"\(key)"}}}
    """
  }

  func create(
    _ name: String = "shop", code key: String = "counter", configuration: String = ""
  ) async throws {
    let answer = try await wire.call(
      "CreateApplication",
      """
      {"ApplicationName":"\(name)","RuntimeEnvironment":"FLINK-1_19",\
      "ServiceExecutionRole":"arn:aws:iam::000000000000:role/r","ApplicationConfiguration":\
      {"ApplicationCodeConfiguration":\(code(key))\(configuration)}}
      """)
    #expect(answer.status == 200, "\(answer.body)")
  }

  func start(_ name: String = "shop") async throws {
    let answer = try await wire.call("StartApplication", "{\"ApplicationName\":\"\(name)\"}")
    #expect(answer.status == 200, "\(answer.body)")
    try await wait(for: "RUNNING", of: name)
  }

  /// A call about an application.
  func call(
    _ operation: String, _ more: String = "", name: String = "shop"
  ) async throws -> WireAnswer {
    try await wire.call(operation, "{\"ApplicationName\":\"\(name)\"\(more)}")
  }

  /// An update, to its end.
  func update(
    version: Int, _ configuration: String = "{}", _ more: String = "", name: String = "shop"
  ) async throws -> JSON {
    let answer = try await call(
      "UpdateApplication",
      ",\"CurrentApplicationVersionId\":\(version),\"ApplicationConfigurationUpdate\":"
        + "\(configuration)\(more)", name: name)
    #expect(answer.status == 200, "\(answer.body)")
    return try await ended(try answer.json()["OperationId"].text, of: name)
  }

  static let bucket = "arn:aws:s3:::code"
}

/// The pinned clients, installed once.
enum AWSClients {
  private static let installed = Task { () throws -> String in
    let script =
      URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path + "/scripts/aws-clients"
    let process = Process()
    process.executableURL = URL(filePath: script)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  static func folder() async throws -> String { try await installed.value }
}

extension Stage {
  /// Starts a server; it ends with the stage.
  func serve(
    _ options: [String] = [], settle: String = "0.2", runtime: [String] = [],
    limitOfFiles: Int? = nil
  ) async throws -> TestServer {
    try FileManager.default.createDirectory(
      atPath: path("bucket"), withIntermediateDirectories: true)
    try write(Program.counter, to: "bucket/counter", mode: 0o644)
    try write(Program.throwingAtOnce, to: "bucket/throwing", mode: 0o644)
    let words =
      [Stage.binaries + "/rollbook", "serve", "--listen", "127.0.0.1:0", "--settle", settle]
      + ["--bucket", "\(TestServer.bucket)=\(path("bucket"))"] + runtime + options
    let limited = limitOfFiles.map { ["bash", "-c", "ulimit -n \($0); exec \"$@\"", "-"] + words }
    let command = try start(limited ?? words)
    let port = try await wait(for: "the server's port") { () throws -> UInt16? in
      if let status = command.status { throw Failed(what: "serve: \(status) \(command.err)") }
      return command.out.split(separator: ":").last.flatMap {
        UInt16($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
    return TestServer(stage: self, command: command, port: port)
  }
}

private struct Failed: Error {
  let what: String
}

/// Runs a test with a server on a stage.
func onServer(
  _ options: [String] = [], _ body: (TestServer) async throws -> Void
) async throws {
  try await onStage { stage in try await body(try await stage.serve(options)) }
}
#endif
