#if CommandLine && Flink
import Foundation
import Glibc
import Testing

extension FlinkTests {
  /// Rollbook itself is killed, at points of a verb on a real cluster: then one `settle` leads to the
  /// end that the verb would have had, and exactly one job runs.
  @Suite struct CrashTests {
    struct Scenario: Sendable, CustomTestStringConvertible {
      let name: String
      let words: @Sendable (Stage) async throws -> [String]
      let status: Int32
      let standing: String

      var testDescription: String { name }
    }

    static let scenarios = [
      Scenario(
        name: "update", words: { _ in ["update", "shop", "--description", "two"] }, status: 0,
        standing: "RUNNING 2"),
      Scenario(
        name: "failing update with rollback",
        words: { stage in
          ["update", "shop", "--code", try await FlinkCluster.jar("throws-in-main")]
        }, status: 3, standing: "RUNNING 1"),
      Scenario(
        name: "rollback",
        words: { stage in
          try await stage.rollbook("update", "shop", "--description", "two").exits(0)
          return ["rollback", "shop"]
        }, status: 0, standing: "RUNNING 1"),
      Scenario(
        name: "scaling", words: { _ in ["scale", "shop", "--parallelism", "2"] }, status: 0,
        standing: "RUNNING 1"),
      Scenario(
        name: "stop", words: { _ in ["stop", "shop"] }, status: 0, standing: "READY 1"),
    ]

    @Test("Killed on the way, a verb ends as if nothing had happened", arguments: scenarios)
    func crash(_ scenario: Scenario) async throws {
      let cluster = try await FlinkCluster.shared()
      let points = try await points(of: scenario, on: cluster)
      #expect(points.count >= 8, "\(points)")
      let numbers = Self.sample(points)
      try await inParallel(numbers, atMost: 3) { number in
        try await die(at: number, of: points, scenario, cluster)
      }
    }

    /// Of points between which something happened on the cluster; all where ROLLBOOK_TEST_LONG is 1.
    private static func sample(_ points: [String]) -> [Int] {
      let all = Array(2...points.count)
      if ProcessInfo.processInfo.environment["ROLLBOOK_TEST_LONG"] == "1" { return all }
      let chosen = [
        "before stop", "after stop", "before recordPlace", "after recordPlace", "after deploy",
      ]
      return all.filter { chosen.contains(points[$0 - 1]) }
    }

    private func points(
      of scenario: Scenario, on cluster: FlinkCluster
    ) async throws -> [String] {
      var points: [String] = []
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let file = stage.path("points")
        try await stage.rollbook(
          try await scenario.words(stage), environment: ["ROLLBOOK_DIE_COUNT_FILE": file]
        ).exits(scenario.status)
        #expect(try await stage.standing("shop") == scenario.standing)
        points = (stage.text(file) ?? "").split(separator: "\n").map(String.init)
        try await end(stage)
      }
      return points
    }

    private func die(
      at number: Int, of points: [String], _ scenario: Scenario, _ cluster: FlinkCluster
    ) async throws {
      try await onStage { stage in
        try await stage.createAndStartJob(on: cluster)
        let died = try await stage.rollbook(
          try await scenario.words(stage), environment: ["ROLLBOOK_DIE_AT": String(number)])
        died.exits(128 + SIGKILL)
        let settle = try stage.background("settle")
        let settled = try await settle.end(withinSeconds: 300)
        let place = Comment(
          rawValue: "\(scenario.name): died \(points[number - 1]) (\(number)/\(points.count))\n"
            + settled.described)
        #expect(settled.status == 0, place)
        #expect(try await stage.standing("shop") == scenario.standing, place)
        try await stage.expectLiving(scenario.standing.hasPrefix("RUNNING") ? 1 : 0, on: cluster)
        try await end(stage)
        stage.expectCountsGoOn(restored: scenario.standing.hasPrefix("RUNNING") ? 1 : 0)
      }
    }

    private func end(_ stage: Stage) async throws {
      if try await stage.standing("shop").hasPrefix("RUNNING") {
        try await stage.rollbook("stop", "shop").exits(0)
      }
    }
  }
}
#endif
