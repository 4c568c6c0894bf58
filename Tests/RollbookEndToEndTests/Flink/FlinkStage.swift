#if CommandLine && Flink
import Foundation
import Testing

/// What tests on a real Flink have in common.
extension Stage {
  /// Where the counting jobs of a test keep their log.
  var counted: String { path("counted.log") }

  /// An application that counts, opted in to system rollback.
  func createJob(
    _ name: String = "shop", at url: String, jar: String = "counting", _ options: [String] = []
  ) async throws {
    let code = try await FlinkCluster.jar(jar)
    try await rollbook(
      ["create", name, "--runtime", "flink", "--flink-url", url, "--code", code]
        + ["--rollback", "--settle", "0.5", "--timeout", "60"]
        + ["--arg", "--out", "--arg", counted] + options
    ).exits(0)
  }

  /// The same, started; something of it is saved.
  func createAndStartJob(
    at url: String, jar: String = "counting", _ options: [String] = []
  ) async throws {
    try await createJob(at: url, jar: jar, options)
    try await rollbook("start", "shop").exits(0)
    try await waitUntilCounted()
  }

  func createAndStartJob(
    on cluster: FlinkCluster, jar: String = "counting", _ options: String...
  ) async throws {
    try await createAndStartJob(at: cluster.url, jar: jar, options)
  }

  /// The one job that lives is stopped, and no count was lost on the way.
  func expectGoodEnd(
    _ expected: String, on cluster: FlinkCluster, restored: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    #expect(try await standing("shop") == expected, sourceLocation: sourceLocation)
    try await expectLiving(1, on: cluster, sourceLocation: sourceLocation)
    try await rollbook("stop", "shop").exits(0, sourceLocation: sourceLocation)
    try await expectLiving(0, on: cluster, sourceLocation: sourceLocation)
    expectCountsGoOn(restored: restored, sourceLocation: sourceLocation)
  }

  /// An update to another of the example jobs.
  func updateJob(_ jar: String, _ options: String...) async throws -> Run {
    try await rollbook(["update", "shop", "--code", try await FlinkCluster.jar(jar)] + options)
  }

  // MARK: What runs

  /// The states of all jobs that Rollbook ever deployed for the test's applications, by job id.
  func jobStates(on cluster: FlinkCluster) async throws -> [String: String] {
    let sql = """
      SELECT json_extract(detail, '$.generation') AS job FROM operation_steps
      WHERE step = 'deploying'
      """
    let deployed = try await rollbook("sql", "--output", "jsonl", sql).exits(0).jsonLines()
    let ours = Set(deployed.map { $0["job"].text })
    let answer = try await run(["curl", "-s", "--max-time", "10", cluster.url + "/jobs"])
    var states: [String: String] = [:]
    for job in try answer.json()["jobs"].array where ours.contains(job["id"].text) {
      states[job["id"].text] = job["status"].text
    }
    return states
  }

  /// Expects that of all jobs ever deployed exactly so many are not over.
  func expectLiving(
    _ count: Int, on cluster: FlinkCluster, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let states = try await jobStates(on: cluster)
    let living = states.filter { !["FINISHED", "CANCELED", "FAILED"].contains($0.value) }
    #expect(living.count == count, "\(states)", sourceLocation: sourceLocation)
    if count > 0 {
      #expect(living.values.allSatisfy { $0 == "RUNNING" }, sourceLocation: sourceLocation)
    }
  }

  /// Waits until a version is seen running, all its tasks.
  func waitUntilObserved(version: Int) async throws {
    try await wait(until: "version \(version) runs") {
      let observed = try await json("status", "shop")["ApplicationDetail"]["Observed"]
      return observed["State"].text == "RUNNING" && observed["ApplicationVersionId"].int == version
    }
  }

  // MARK: What was counted

  struct Counted: Equatable {
    let job: String
    let subtask: String
    let event: String
    let checkpoint: String
    let count: Int
  }

  func countedLog() -> [Counted] {
    (text(counted) ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 5 else { return nil }
      return Counted(
        job: words[0], subtask: words[1], event: words[2], checkpoint: words[3],
        count: Int(words[4]) ?? -1)
    }
  }

  /// Waits until the running job has saved a checkpoint in which something was counted.
  func waitUntilCounted(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await wait(until: "something is counted and saved") {
      countedLog().contains { $0.event == "saved" && $0.count > 0 }
    }
  }

  /// Every job began with what an earlier one had saved, and counted on without a gap.
  func expectCountsGoOn(
    restored: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let log = countedLog()
    let gaps = log.filter { $0.event == "gap" }
    #expect(gaps.isEmpty, "\(gaps)", sourceLocation: sourceLocation)
    var jobs: [String] = []
    for line in log where !jobs.contains(line.job) { jobs.append(line.job) }
    var restores = 0
    for (index, job) in jobs.enumerated() {
      var begun = log.filter { $0.job == job && $0.event == "restored" && $0.checkpoint != "-" }
      // One that is restarted by Flink says it again.
      if let first = begun.first {
        let others = begun.dropFirst().prefix { $0.subtask != first.subtask }
        begun = [first] + others
      }
      guard let checkpoint = begun.first?.checkpoint else { continue }
      restores += 1
      let count = begun.filter { $0.checkpoint == checkpoint }.map(\.count).reduce(0, +)
      let saved = jobs[..<index].map { earlier in
        log.filter { $0.job == earlier && $0.event == "saved" && $0.checkpoint == checkpoint }
          .map(\.count).reduce(0, +)
      }
      #expect(
        count > 0 && saved.contains(count), "\(job) began with \(count): \(log)",
        sourceLocation: sourceLocation)
    }
    #expect(restores >= restored, "\(log)", sourceLocation: sourceLocation)
  }
}
#endif
