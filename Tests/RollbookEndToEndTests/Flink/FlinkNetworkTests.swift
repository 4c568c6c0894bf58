#if CommandLine && Flink
import Foundation
import Testing

extension FlinkTests {
  /// What lies between Rollbook and a cluster: lost answers, an outage, gateways, other clusters.
  @Suite struct NetworkTests {
    @Test("The request breaks off while main() runs: the job that comes of it is the update's")
    func request() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let proxy = try await FlinkProxy(to: cluster, on: stage)
        try await stage.createAndStartJob(at: "http://127.0.0.1:\(proxy.port)")
        let code = try await FlinkCluster.jar("sleeps-in-main")
        let update = try stage.background(
          "update", "shop", "--code", code, "--arg", "--out", "--arg", stage.counted, "--arg",
          "--seconds", "--arg", "5", "--arg", "--begun", "--arg", stage.path("begun"))
        try await wait(until: "its main() runs") { stage.text(stage.path("begun")) != nil }
        try await proxy.beAway(seconds: 0.5)
        try await update.end(withinSeconds: 100).exits(0)
        try await stage.expectGoodEnd("RUNNING 2", on: cluster, restored: 1)
      }
    }

    @Test("The cluster cannot be reached for ten seconds while the new version is watched")
    func away() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let proxy = try await FlinkProxy(to: cluster, on: stage)
        try await stage.createAndStartJob(at: "http://127.0.0.1:\(proxy.port)")
        let update = try stage.background(
          "update", "shop", "--description", "two", "--settle", "2", "--timeout", "40")
        try await stage.waitUntilObserved(version: 2)
        try await proxy.beAway(seconds: 10)
        try await update.end(withinSeconds: 100).exits(0)
        try await stage.expectGoodEnd("RUNNING 2", on: cluster, restored: 1)
      }
    }

    @Test(
      "A gateway with TLS and a token: trusted, authorized, and the token is nowhere to be read")
    func gateway() async throws {
      let cluster = try await FlinkCluster.shared()
      try await onStage { stage in
        let proxy = try await FlinkProxy(
          to: cluster, on: stage, token: "Bearer open-sesame", tls: true)
        let url = "https://localhost:\(proxy.port)"
        let code = try await FlinkCluster.jar("counting")
        let token = try stage.write("Bearer open-sesame\n", to: "token")
        let wrong = try stage.write("Bearer please\n", to: "wrong")
        func attempt(_ options: String...) async throws -> Run {
          try await stage.rollbook(
            ["create", "shop", "--runtime", "flink", "--flink-url", url, "--code", code] + options)
        }
        try await attempt("--flink-header", "Authorization=@\(token)").exits(1)
          .says("does not answer")
        try await attempt("--flink-trust", proxy.certificate).exits(1).says("401")
        try await attempt(
          "--flink-trust", proxy.certificate, "--flink-header", "Authorization=@\(wrong)"
        ).exits(1).says("401")
        try await stage.createAndStartJob(
          at: url,
          ["--flink-trust", proxy.certificate, "--flink-header", "Authorization=@\(token)"])
        try await stage.updateJob("throws-in-main").exits(3)
          .says("Exception thrown to show system-rollback")
        #expect(try await stage.standing("shop") == "RUNNING 1")
        try await stage.rollbook("stop", "shop").exits(0)
        try await stage.expectLiving(0, on: cluster)
        stage.expectCountsGoOn(restored: 1)
        let grep = try await stage.run(["grep", "-rl", "open-sesame", stage.home])
        #expect(grep.out.isEmpty, "\(grep.out)")
      }
    }

    @Test("Applications on two clusters at the same time, and one that moves from one to the other")
    func twoClusters() async throws {
      let one = try await FlinkCluster.shared()
      let other = try await FlinkCluster.withoutRestarts()
      try await onStage { stage in
        try await stage.createJob(at: one.url)
        try await stage.createJob("store", at: other.url)
        let starts = [
          try stage.background("start", "shop"), try stage.background("start", "store"),
        ]
        for start in starts { try await start.end(withinSeconds: 100).exits(0) }
        try await stage.waitUntilCounted()
        try await stage.expectLiving(1, on: one)
        try await stage.expectLiving(1, on: other)
        try await stage.rollbook("update", "shop", "--flink-url", other.url).exits(0)
        #expect(try await stage.standing("shop") == "RUNNING 2")
        try await stage.expectLiving(0, on: one)
        try await stage.expectLiving(2, on: other)
        try await stage.rollbook("rollback", "shop").exits(0)
        try await stage.expectLiving(1, on: one)
        try await stage.expectLiving(1, on: other)
        try await stage.rollbook("stop", "shop").exits(0)
        try await stage.rollbook("stop", "store").exits(0)
        stage.expectCountsGoOn(restored: 2)
      }
    }
  }
}
#endif
