#if CommandLine && Flink
import Foundation
import Testing

extension FlinkTests {
  /// What cannot be right is refused, before anything is written where that can be known.
  @Suite struct InputTests {
    private func create(
      _ stage: Stage, _ url: String, code: String, _ options: String...
    ) async throws -> Run {
      try await stage.rollbook(
        ["create", "shop", "--runtime", "flink", "--flink-url", url, "--code", code] + options)
    }

    @Test("Addresses that are none, or of something else than a Flink")
    func addresses() async throws {
      let jar = try await FlinkCluster.jar("counting")
      try await onStage { stage in
        try await create(stage, "http://127.0.0.1:1", code: jar).exits(1)
          .says("does not answer").says("--flink-url")
        try await create(stage, "127.0.0.1:8081", code: jar).exits(64).says("http://")
        try await create(stage, "http://me:secret@host:8081", code: jar).exits(64)
          .says("holds a password")
        let port = try await stage.serveNothing()
        try await create(stage, "http://127.0.0.1:\(port)", code: jar).exits(1)
          .says("is not a Flink")
        try await stage.rollbook(
          "create", "shop", "--runtime", "flink", "--code", jar
        ).exits(64).says("--flink-url")
        #expect(try await stage.json("list")["ApplicationSummaries"].array.isEmpty)
      }
    }

    @Test("Code that is no jar, or does not say what to run")
    func code() async throws {
      let cluster = try await FlinkCluster.shared()
      let noManifest = try await FlinkCluster.jar("no-manifest")
      try await onStage { stage in
        let text = try stage.write("no jar at all", to: "counting.jar")
        try await create(stage, cluster.url, code: text).exits(64).says("is not a jar")
        try await create(stage, cluster.url, code: noManifest).exits(64).says("--entry-class")
        try await create(
          stage, cluster.url, code: noManifest, "--entry-class", "x", "--ready-check", "true"
        ).exits(64).says("ready check")
        try await create(
          stage, cluster.url, code: noManifest, "--entry-class", "jobs.Counting", "--settle",
          "0.5", "--arg", "--out", "--arg", stage.counted
        ).exits(0)
        try await stage.rollbook("start", "shop").exits(0)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }

    @Test("A version can insist on the Flink that it is for")
    func runtimeEnvironment() async throws {
      let cluster = try await FlinkCluster.shared()
      let jar = try await FlinkCluster.jar("counting")
      try await onStage { stage in
        try await create(stage, cluster.url, code: jar, "--runtime-environment", "FLINK-2_1")
          .exits(64).says("FLINK-1_19")
        try await create(stage, cluster.url, code: jar, "--runtime-environment", "FLINK-1_19")
          .exits(0)
      }
    }

    @Test("Savepoints that cannot be written: the old version goes on untouched")
    func savepointDirectory() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        try await stage.createAndStartJob(
          on: cluster, "--savepoint-directory", "file:///proc/nowhere")
        let run = try await stage.rollbook("update", "shop", "--description", "two")
        run.exits(3).says("savepoint directory")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.expectLiving(1, on: cluster)
        try await stage.rollbook("snapshot", "create", "shop").exits(3)
        try await stage.rollbook("stop", "shop").exits(3)
        try await stage.rollbook("stop", "shop", "--force").exits(0)
        try await stage.expectLiving(0, on: cluster)
      }
    }

    @Test("A header's file that holds no header is refused, and is not repeated anywhere")
    func header() async throws {
      let cluster = try await FlinkCluster.shared()
      let jar = try await FlinkCluster.jar("counting")
      try await onStage { stage in
        let file = try stage.write("Bearer hush\nBearer hush again\n", to: "token")
        let run = try await create(
          stage, cluster.url, code: jar, "--flink-header", "Authorization=@\(file)")
        run.exits(1).says("no value of a header")
        #expect(!run.err.contains("hush") && !run.out.contains("hush"))
        #expect(try await stage.json("list")["ApplicationSummaries"].array.isEmpty)
      }
    }

    @Test("Arguments, properties and secrets arrive as arguments, no output shows a secret")
    func arguments() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let secret = try stage.write("hush hush\n", to: "secret")
        let file = stage.path("arguments")
        try await stage.createAndStartJob(
          on: cluster, "--arg", "--arguments", "--arg", file, "--property", "greeting=hello all",
          "--secret-property", "password=@\(secret)")
        let arrived = (stage.text(file) ?? "").split(separator: "\n").map(String.init)
        #expect(
          arrived.suffix(4) == ["--greeting", "hello all", "--password", "hush hush"],
          "\(arrived)")
        for verb in [["status", "shop"], ["version", "shop", "1"], ["operations", "shop"]] {
          let run = try await stage.rollbook(verb)
          #expect(!run.out.contains("hush") && !run.err.contains("hush"))
        }
        try await stage.rollbook("stop", "shop", "--force").exits(0)
      }
    }
  }
}

extension Stage {
  /// Serves empty folders over HTTP: something that answers, and is not a Flink.
  func serveNothing() async throws -> Int {
    let file = path("port")
    let program = """
      import http.server, sys
      server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
      open(sys.argv[1], "w").write(str(server.server_port))
      server.serve_forever()
      """
    try FileManager.default.createDirectory(
      atPath: path("empty"), withIntermediateDirectories: true)
    _ = try await run([
      "sh", "-c", "cd '\(path("empty"))' && setsid python3 -c \"$1\" '\(file)' > /dev/null 2>&1 &",
      "sh", program,
    ])
    return try await wait(for: "the server's port") { text(file).flatMap(Int.init) }
  }
}
#endif
