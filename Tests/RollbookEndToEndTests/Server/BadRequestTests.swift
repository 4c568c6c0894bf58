#if CommandLine && Server
import Foundation
import RollbookTesting
import Testing

/// Requests that no client would send.
@Suite struct BadRequestTests {
  /// Requests that are right, to be mutated.
  static let seeds: [(operation: String, body: String)] = [
    ("ListApplications", "{\"Limit\":5}"),
    ("DescribeApplication", "{\"ApplicationName\":\"shop\",\"IncludeAdditionalDetails\":true}"),
    (
      "UpdateApplication",
      """
      {"ApplicationName":"shop","CurrentApplicationVersionId":1,"ApplicationConfigurationUpdate":\
      {"EnvironmentPropertyUpdates":{"PropertyGroups":[{"PropertyGroupId":"g","PropertyMap":\
      {"k":"v"}}]},"FlinkApplicationConfigurationUpdate":{"ParallelismConfigurationUpdate":\
      {"ConfigurationTypeUpdate":"CUSTOM","ParallelismUpdate":2}}}}
      """
    ),
    (
      "CreateApplication",
      """
      {"ApplicationName":"other","RuntimeEnvironment":"FLINK-1_19","ServiceExecutionRole":"arn:r",\
      "Tags":[{"Key":"a","Value":"b"}],"ApplicationConfiguration":{"ApplicationCodeConfiguration":\
      {"CodeContentType":"ZIPFILE","CodeContent":{"ZipFileContent":"IyEvYmluL3NoCg=="}}}}
      """
    ),
    (
      "StartApplication",
      """
      {"ApplicationName":"none","RunConfiguration":{"ApplicationRestoreConfiguration":\
      {"ApplicationRestoreType":"RESTORE_FROM_CUSTOM_SNAPSHOT","SnapshotName":"s"}}}
      """
    ),
    ("DeleteApplication", "{\"ApplicationName\":\"none\",\"CreateTimestamp\":1795667900.5}"),
    (
      "TagResource",
      "{\"ResourceARN\":\"arn:aws:x\",\"Tags\":[{\"Key\":\"a\",\"Value\":\"b\"}]}"
    ),
    ("ListApplicationOperations", "{\"ApplicationName\":\"shop\",\"NextToken\":\"0000\"}"),
  ]

  private static let replacements = [
    "null", "true", "-1", "0", "1e309", "99999999999999999999", "1.5", "\"\"", "[]", "{}",
    "[[[[]]]]",
    "\"\\u0000\"", "\"\\ud83e\"", "\"\(String(repeating: "x", count: 5000))\"", "NaN", "'x'",
    String(repeating: "[", count: 200), String(repeating: "{\"a\":", count: 64),
  ]

  /// One request, changed somewhere.
  private func mutated(_ chance: inout SeededGenerator) -> [UInt8] {
    let (operation, body) = Self.seeds.randomElement(using: &chance) ?? Self.seeds[0]
    var target = "KinesisAnalytics_20180523.\(operation)"
    var type = "application/x-amz-json-1.1"
    var bytes = Array(body.utf8)
    for _ in 0..<Int.random(in: 1...3, using: &chance) {
      let place = Int.random(in: 0...bytes.count, using: &chance)
      switch Int.random(in: 0..<10, using: &chance) {
      case 0: bytes = Array(bytes[..<place])
      case 1: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &chance) }
      case 2:
        if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &chance) }
      case 3: bytes.insert(UInt8.random(in: 0...255, using: &chance), at: place)
      case 4: if place < bytes.count { bytes.remove(at: place) }
      case 5...7: bytes = replacingAValue(in: bytes, &chance)
      case 8: target = String(target.shuffled(using: &chance))
      default:
        type =
          ["text/plain", "application/json", "", "application/x-amz-json-1.0"]
          .randomElement(using: &chance) ?? ""
      }
    }
    let head =
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(bytes.count)\r\n"
      + "X-Amz-Target: \(target)\r\nContent-Type: \(type)\r\nConnection: close\r\n\r\n"
    return Array(head.utf8) + bytes
  }

  /// Puts something else in the place of what follows a colon.
  private func replacingAValue(in bytes: [UInt8], _ chance: inout SeededGenerator) -> [UInt8] {
    let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
    guard let colon = colons.randomElement(using: &chance) else { return bytes }
    let rest = bytes[(colon + 1)...]
    let end =
      rest.firstIndex { [UInt8(ascii: ","), UInt8(ascii: "}")].contains($0) } ?? rest.endIndex
    let value = Self.replacements.randomElement(using: &chance) ?? "null"
    return Array(bytes[...colon]) + Array(value.utf8) + Array(bytes[end...])
  }

  @Test("Ten thousand mutated requests: answers of the right shape, no fault, memory flat")
  func mutations() async throws {
    try await onServer(["--log-level", "error"]) { server in
      try await server.create()
      let seed = UInt64.random(in: 0...UInt64.max)
      var chance = SeededGenerator(seed: seed)
      var statuses: [Int: Int] = [:]
      func send(_ count: Int) async throws {
        for index in 0..<count {
          let request = mutated(&chance)
          let answer = try #require(
            try await server.wire.send(request), "seed \(seed), request \(index)")
          statuses[answer.status, default: 0] += 1
          let isRight =
            answer.status == 200
            || (400..<500).contains(answer.status)
              && (answer.error.hasSuffix("Exception")
                && !answer.headers["x-amzn-requestid", default: ""].isEmpty
                || answer.body.isEmpty)
          if !isRight {
            Issue.record(
              "seed \(seed), request \(index): \(String(decoding: request, as: UTF8.self)) → \(answer)"
            )
          }
        }
      }
      try await send(2000)
      let before = try #require(residentKiB(server.command.pid))
      try await send(8000)
      let after = try #require(residentKiB(server.command.pid))
      #expect(after < before + 16384, "\(before) KiB became \(after) KiB, seed \(seed)")
      #expect(statuses.keys.allSatisfy { $0 < 500 }, "\(statuses)")
      #expect(statuses[200, default: 0] > 0 && statuses[400, default: 0] > 1000, "\(statuses)")
      #expect(server.command.status == nil)
      // The application that could be changed is what it was, or a later version of it.
      #expect(try await server.status() == "READY")
    }
  }

  private func residentKiB(_ pid: pid_t) -> Int? {
    let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
  }

  @Test("A body above the limit is refused before it is read, a slow one in time")
  func bodies() async throws {
    try await onServer(["--request-timeout", "1"]) { server in
      let target = "X-Amz-Target: KinesisAnalytics_20180523.ListApplications\r\n"
      let rest = "Content-Type: application/x-amz-json-1.1\r\n"
      let head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + target + rest
      let announced = try #require(
        try await server.wire.send(Array((head + "Content-Length: 999999999\r\n\r\n{").utf8)))
      #expect(announced.status == 413)
      let chunk = String(repeating: "x", count: 65536)
      let chunked =
        head + "Transfer-Encoding: chunked\r\n\r\n"
        + String(repeating: "10000\r\n\(chunk)\r\n", count: 40) + "0\r\n\r\n"
      let streamed = try #require(try await server.wire.send(Array(chunked.utf8)))
      #expect(streamed.status == 413)
      #expect(streamed.error == "RequestEntityTooLargeException")
      // Whoever goes on sending, or does not, is not waited for for ever.
      let slow = try #require(
        try await server.wire.sendAndStay(Array((head + "Content-Length: 9\r\n\r\n{\"a\"").utf8)))
      #expect(slow.status == 408)
      #expect(slow.error == "RequestTimeoutException")
      let early = try await server.wire.sendAndStay(
        Array((head + "Content-Length: 999999999\r\n\r\n{").utf8))
      #expect(early?.status == 413)
      // Headers that nobody needs.
      let many = (0..<500).map { "X-Header-\($0): x\r\n" }.joined()
      let crowded = try await server.wire.send(
        Array((head + many + "Content-Length: 2\r\n\r\n{}").utf8))
      #expect(crowded == nil || (400..<500).contains(crowded?.status ?? 0))
      #expect(try await server.wire.call("ListApplications").status == 200)
    }
  }

  @Test("Who sends or reads nothing more is not waited for, whatever was asked")
  func stalled() async throws {
    try await onServer(["--request-timeout", "1"]) { server in
      let drip =
        "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx"
      let answer = try #require(try await server.wire.sendAndStay(Array(drip.utf8)))
      #expect(answer.status == 200)
      #expect(answer.headers["connection"] == "close")
      // Everything is asked before anything is read: the server stops taking, then closes.
      let many = String(
        repeating: "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", count: 200_000)
      #expect(try await server.wire.send(Array(many.utf8))?.status == 200)
      #expect(try await server.wire.get("/healthz").status == 200)
    }
  }

  @Test("A process that may open few files takes few connections, and goes on")
  func descriptors() async throws {
    try await onStage { stage in
      let server = try await stage.serve(limitOfFiles: 560)
      let idle = try (0..<80).map { _ in try server.wire.connect() }
      #expect(server.command.status == nil)
      _ = consume idle
      #expect(try await server.wire.get("/healthz").status == 200)
      let crowded = try stage.start(
        ["bash", "-c", "ulimit -n 200; exec \(Stage.binaries)/rollbook serve --listen 127.0.0.1:0"])
      try await crowded.end().exits(1).says("ulimit -n")
    }
  }

  @Test("What a request holds is in no line of the log before it was checked")
  func log() async throws {
    try await onServer { server in
      let answer = try await server.wire.call(
        "StopApplication", "{\"ApplicationName\":\"x\\nforged\"}")
      #expect(answer.error == "ValidationException")
      for (sign, error) in [
        ("\\u009b", "InvalidArgumentException"), ("\\u2028", "ValidationException"),
      ] {
        let foreign = try await server.wire.call(
          "ListTagsForResource", "{\"ResourceARN\":\"arn:x\(sign)forged\"}")
        #expect(foreign.error == error)
      }
      try await wait(until: "both are logged") {
        server.command.err.contains("operation=StopApplication")
      }
      for line in server.command.err.split(separator: "\n") {
        #expect(line.hasPrefix("20"), "\(line)")
        #expect(!line.unicodeScalars.contains { ["\u{9B}", "\u{2028}"].contains($0) }, "\(line)")
      }
    }
  }

  @Test("With keys, a large body is not read for anybody who has none")
  func unsigned() async throws {
    try await onStage { stage in
      let file = try stage.write(
        "[test]\naws_access_key_id = A\naws_secret_access_key = s\n", to: "keys", mode: 0o600)
      let server = try await stage.serve(["--credentials", file])
      let format = DateFormatter()
      format.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
      format.timeZone = TimeZone(identifier: "UTC")
      let time = format.string(from: Date())
      func send(_ authorization: String?) async throws -> WireAnswer {
        let headers = [
          ("X-Amz-Date", time), ("X-Amz-Target", "KinesisAnalytics_20180523.CreateApplication"),
          ("Content-Type", "application/x-amz-json-1.1"),
        ]
        let body = Array("{\"x\":\"\(String(repeating: "x", count: 200_000))\"}".utf8)
        return try await server.wire.send(
          headers: headers + (authorization.map { [("Authorization", $0)] } ?? []), body: body)
      }
      #expect(try await send(nil).error == "MissingAuthenticationTokenException")
      #expect(try await send("x").error == "IncompleteSignatureException")
      let unknown =
        "AWS4-HMAC-SHA256 Credential=B/\(time.prefix(8))/r/kinesisanalytics/aws4_request, "
        + "SignedHeaders=host;x-amz-date;x-amz-target, Signature=x"
      #expect(try await send(unknown).error == "UnrecognizedClientException")
    }
  }

  @Test("Operations of SQL and Studio applications are not supported, and say so")
  func otherKinds() async throws {
    try await onServer { server in
      for (operation, body) in [
        ("DiscoverInputSchema", "{\"ServiceExecutionRole\":\"arn:r\"}"),
        (
          "AddApplicationInputProcessingConfiguration",
          """
          {"ApplicationName":"a","CurrentApplicationVersionId":1,"InputId":"1.1",\
          "InputProcessingConfiguration":{"InputLambdaProcessor":{"ResourceARN":"arn:l"}}}
          """
        ),
        (
          "CreateApplication",
          """
          {"ApplicationName":"a","RuntimeEnvironment":"SQL-1_0","ServiceExecutionRole":"arn:r"}
          """
        ),
        (
          "CreateApplication",
          """
          {"ApplicationName":"a","RuntimeEnvironment":"ZEPPELIN-FLINK-3_0",\
          "ServiceExecutionRole":"arn:r","ApplicationMode":"INTERACTIVE"}
          """
        ),
      ] {
        let answer = try await server.wire.call(operation, body)
        #expect(answer.error == "UnsupportedOperationException", "\(answer.body)")
      }
      try await server.create()
      for environment in ["SQL-1_0", "ZEPPELIN-FLINK-3_0"] {
        let update = try await server.call(
          "UpdateApplication",
          ",\"CurrentApplicationVersionId\":1,\"RuntimeEnvironmentUpdate\":\"\(environment)\"")
        #expect(update.error == "UnsupportedOperationException")
      }
      #expect(try await server.detail()["ApplicationVersionId"].int == 1)
      let unknown = try await server.wire.call("NoSuchOperation")
      #expect(unknown.error == "UnknownOperationException")
      #expect(unknown.status == 400)
    }
  }
}
#endif
