#if CommandLine && Server
import Foundation
import Glibc
import Testing

/// How a server begins, dies, and ends.
@Suite struct ServerLifeTests {
  private func update(_ server: TestServer, code: String, version: Int) async throws -> String {
    let answer = try await server.wire.call(
      "UpdateApplication",
      """
      {"ApplicationName":"shop","CurrentApplicationVersionId":\(version),\
      "ApplicationConfigurationUpdate":{"ApplicationCodeConfigurationUpdate":\
      {"CodeContentUpdate":{"S3ContentLocationUpdate":{"FileKeyUpdate":"\(code)"}}}}}
      """)
    #expect(answer.status == 200, "\(answer.body)")
    return try answer.json()["OperationId"].text
  }

  @Test("Killed in the middle of an update, it settles at its next start", arguments: [SIGKILL])
  func killed(signal: Int32) async throws {
    try await onStage { stage in
      let server = try await stage.serve(settle: "5")
      try await server.create()
      try await server.start()
      try server.upload(Program.counter("two"), as: "two")
      let operation = try await update(server, code: "two", version: 1)
      #expect(try await server.status() == "UPDATING")
      server.command.send(signal)
      _ = try await server.command.end()
      let next = try await stage.serve()
      // Who looks sees it end.
      let details = try await next.ended(operation)
      #expect(details["OperationStatus"].text == "SUCCESSFUL", "\(details)")
      try await next.wait(for: "RUNNING")
      #expect(next.command.err.contains("settled"))
    }
  }

  @Test("Told to end, it leaves an update at a durable step, and the next start goes on")
  func terminated() async throws {
    try await onStage { stage in
      let server = try await stage.serve(settle: "1.5")
      try await server.create()
      try await server.start()
      try server.upload(Program.counter("two"), as: "two")
      let operation = try await update(server, code: "two", version: 1)
      try await wait(until: "version 2 is watched") {
        try await stage.steps("UpdateApplication", of: "shop").contains("deployed")
      }
      server.command.send(SIGTERM)
      try await server.command.end().exits(0)
      #expect(try await stage.standing("shop") == "UPDATING 2")
      let next = try await stage.serve()
      #expect(try await next.ended(operation)["OperationStatus"].text == "SUCCESSFUL")
      // The same generation goes on: nothing was deployed twice.
      let deployments = try await stage.steps("UpdateApplication", of: "shop")
        .filter { $0 == "deploying" }
      #expect(deployments.count == 1)
    }
  }

  @Test("Programs that end by themselves are noticed")
  func ended() async throws {
    try await onStage { stage in
      let server = try await stage.serve()
      try await server.create()
      try await server.start()
      for instance in stage.instances(of: "shop") { kill(instance.pid, SIGKILL) }
      try await server.wait(for: "READY")
      let list = try await server.wire.call(
        "ListApplicationOperations", "{\"ApplicationName\":\"shop\",\"Limit\":1}"
      ).json()["ApplicationOperationInfoList"]
      #expect(list[0]["Operation"].text == "ApplicationEnded")
      #expect(list[0]["OperationStatus"].text == "FAILED")
    }
  }

  @Test("Health, readiness and metrics")
  func observed() async throws {
    try await onServer { server in
      #expect(try await server.wire.get("/healthz").body == "ok\n")
      #expect(try await server.wire.get("/readyz").status == 200)
      #expect(try await server.wire.get("/other").status == 404)
      try await server.create(
        configuration: ",\"ApplicationSystemRollbackConfiguration\":{\"RollbackEnabled\":true}")
      try await server.start()
      _ = try await server.ended(try await update(server, code: "throwing", version: 1))
      try await server.wait(for: "RUNNING")
      let text = try await server.wire.get("/metrics").body
      for line in [
        "rollbook_operations_total{kind=\"CreateApplication\",outcome=\"SUCCESSFUL\"} 1",
        "rollbook_operations_total{kind=\"UpdateApplication\",outcome=\"FAILED\"} 1",
        "rollbook_rollbacks_total{kind=\"SystemRollbackApplication\",outcome=\"SUCCESSFUL\"} 1",
        "rollbook_operation_duration_seconds_count{kind=\"StartApplication\"} 1",
        "rollbook_requests_total{operation=\"CreateApplication\",answer=\"OK\"} 1",
        "# TYPE rollbook_operations_in_flight gauge", "rollbook_journal_bytes{file=\"journal.db\"}",
        "rollbook_commit_duration_seconds_bucket{le=\"+Inf\"}",
      ] { #expect(text.contains(line), "\(line) in \(text)") }
      try server.stage.remove(server.stage.journal)
      #expect(try await server.wire.get("/healthz").status == 200)
      #expect(try await server.wire.get("/readyz").status == 503)
    }
  }

  @Test("An operation whose driver died is settled, and nobody who asks for another waits for it")
  func interrupted() async throws {
    try await onStage { stage in
      let server = try await stage.serve(["--bake", "600"])
      try await server.create()
      try await server.start()
      try server.upload(Program.counter("two"), as: "two")
      let operation = try await update(server, code: "two", version: 1)
      try await wait(until: "it is watched for ten minutes") {
        try await stage.steps("UpdateApplication", of: "shop").contains("running")
      }
      server.command.send(SIGKILL)
      _ = try await server.command.end()
      let next = try await stage.serve()
      let start = try await next.call("StartApplication")
      #expect(start.error == "ResourceInUseException")
      // Others are looked after although this one goes on.
      try await next.create("other")
      try await next.start("other")
      for instance in stage.instances(of: "other") { kill(instance.pid, SIGKILL) }
      try await next.wait(for: "READY", of: "other")
      // A forced stop gives it up.
      let stop = try await next.call("StopApplication", ",\"Force\":true")
      #expect(stop.status == 200, "\(stop.body)")
      #expect(try await next.ended(operation)["OperationStatus"].text == "CANCELLED")
      try await next.wait(for: "READY")
    }
  }

  @Test("A second server leaves alone what the first one is working on")
  func second() async throws {
    try await onServer { server in
      let incoming = server.stage.home + "/incoming"
      let own = try FileManager.default.contentsOfDirectory(atPath: incoming)
      #expect(own.count == 2)
      let other = try await server.stage.serve()
      let both = try FileManager.default.contentsOfDirectory(atPath: incoming)
      #expect(Set(both).isSuperset(of: own) && both.count == 4)
      other.command.send(SIGKILL)
      _ = try await other.command.end()
      let third = try await server.stage.serve()
      #expect(try FileManager.default.contentsOfDirectory(atPath: incoming).count == 4)
      third.command.send(SIGTERM)
      try await third.command.end().exits(0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: incoming).sorted() == own.sorted())
      try await server.create()
    }
  }

  @Test("A server that could never run anything, or listen, says so at once")
  func impossible() async throws {
    try await onStage { stage in
      try await stage.rollbook("serve", "--listen", "127.0.0.1:0", "--settle", "400").exits(64)
        .says("--timeout 300 is not greater than --settle 400")
      let keys = try stage.write(
        "[a]\naws_access_key_id = A\naws_secret_access_key = s\n", to: "keys", mode: 0o600)
      try await stage.rollbook("serve", "--listen", "no-such.invalid:80", "--credentials", keys)
        .exits(1).says("Nothing can listen on no-such.invalid:80")
    }
  }

  @Test("A port that is taken is named")
  func taken() async throws {
    try await onServer { server in
      try await server.stage.rollbook("serve", "--listen", "127.0.0.1:\(server.port)").exits(1)
        .says("\(server.port)")
    }
  }
}
#endif
