internal import CBaseline
internal import Glibc
internal import Rollbook
internal import RollbookTesting

/// A runtime whose programs run as soon as they are deployed, and end as soon as they are stopped.
private struct InstantRuntime: RuntimeAdapter {
  let name = "instant"
  // As that of processes.
  let pollInterval = 0.1

  func check(
    _ configuration: VersionConfiguration, codePath: String?
  ) async throws(RollbookError) -> String { "INSTANT-1" }

  func deploy(_ deployment: Deployment, recordPlace: RecordPlace) async throws {
    try await recordPlace(["slot": deployment.generation.token.rawValue])
  }

  func observe(_ generation: Generation) async -> Observation {
    .running(ready: true, incarnation: "1")
  }

  func stop(
    _ generation: Generation, taking target: SnapshotTarget?
  ) async throws(RuntimeFailure) -> SnapshotFacts? { target.map(facts) }

  func snapshot(
    _ generation: Generation, into target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts { facts(of: target) }

  func findSnapshot(
    _ target: SnapshotTarget
  ) async throws(RuntimeFailure) -> SnapshotFacts? { facts(of: target) }

  func verify(_ snapshot: Snapshot) async throws(RuntimeFailure) {}

  func removeSnapshot(_ target: SnapshotTarget) async throws(RuntimeFailure) {}

  func log(of generation: Generation, from offset: Int64?, limit: Int) async -> LogPart? { nil }

  private func facts(of target: SnapshotTarget) -> SnapshotFacts {
    SnapshotFacts(location: "instant:\(target.id)", size: 0, digest: nil)
  }
}

/// What the engine itself costs: updates of a running application that change its description, with
/// a snapshot each, by a clock that does not wait.
struct EngineOverhead {
  let setup: Setup
  private static let requester = Requester(actor: Caller.actor, reason: "ticket OPS-4711")

  func run() async throws {
    let home = Home(path: setup.home(.engine))
    let journal = try Journal(path: home.journal, access: .create)
    let engine = try Engine(
      home: home, journal: journal, runtimes: [InstantRuntime()], clock: ManualClock())
    try await create(engine, home)
    let commits = try await commits(engine, home)
    Report.goal(
      "an update on an instant runtime, commits (the most of 20)", "\(commits)", "≤ 6",
      isMet: commits <= 6)
    try await processorTime(engine)
  }

  /// In turn with as many commits in C: an operation, four steps, its end. An update writes more.
  private func processorTime(_ engine: Engine) async throws {
    let baseline = try setup.baseline(.engine, for: baseline_writes)
    var costs: [Double] = []
    var commits: [Double] = []
    let updates = setup.isQuick ? 60 : 200
    for _ in 0..<setup.rounds {
      let start = baseline_processor_time()
      for _ in 0..<updates { try await update(engine) }
      let middle = baseline_processor_time()
      for _ in 0..<updates {
        let operations = try baseline.beginOpen(first: 1, count: 1)
        for _ in 0..<4 { try baseline.appendSteps(to: operations) }
        try baseline.endOpen()
      }
      let end = baseline_processor_time()
      costs.append(Double(middle - start) / Double(updates))
      commits.append(Double(end - middle) / Double(updates))
    }
    let limit = "begin, four steps and end in C, six commits: \(inMilliseconds(median(commits)))"
    Report.goal(
      "an update on an instant runtime, processor time (median of the rounds)",
      inMilliseconds(median(costs)), "< 1 ms", isMet: median(costs) < 1000,
      limit: median(commits) < 1000 ? nil : limit)
    Report.tell(
      "  rounds",
      "\(inMilliseconds(costs.min() ?? 0)) to \(inMilliseconds(costs.max() ?? 0)); \(limit)")
  }

  private func inMilliseconds(_ microseconds: Double) -> String {
    "\((microseconds / 1000).rounded(2)) ms"
  }

  private func create(_ engine: Engine, _ home: Home) async throws {
    let code = home.path + "/code"
    guard let file = unsafe fopen(code, "w") else {
      throw BenchmarkFailure(description: "\(code) cannot be written")
    }
    unsafe fputs("#!/bin/sh\n", file)
    unsafe fclose(file)
    _ = try await engine.create(
      CreateRequest(
        name: "shop", runtime: "instant", codePath: code,
        configuration: VersionConfiguration(codeName: "shop")), by: Self.requester)
    _ = try await engine.execute(
      .start(restore: nil, allowNonRestoredState: false), on: "shop", by: Self.requester)
    for _ in 0..<20 { try await update(engine) }
  }

  private func update(_ engine: Engine) async throws {
    let request = UpdateRequest { configuration throws(RollbookError) in
      var changed = configuration
      changed.description = changed.description == "one" ? "the other" : "one"
      return changed
    }
    let report = try await engine.execute(.update(request), on: "shop", by: Self.requester)
    if report.record.status != .successful {
      throw BenchmarkFailure(description: "an update ended \(report.record.status)")
    }
  }

  /// The most commits that one of several updates made, counted in the WAL.
  private func commits(_ engine: Engine, _ home: Home) async throws -> Int64 {
    var most: Int64 = 0
    for _ in 0..<20 {
      let before = unsafe baseline_commits_in_wal(home.journal)
      try await update(engine)
      let made = unsafe baseline_commits_in_wal(home.journal) - before
      guard before > 0, made > 0 else {
        throw BenchmarkFailure(description: "the WAL cannot be counted")
      }
      most = max(most, made)
    }
    return most
  }
}
