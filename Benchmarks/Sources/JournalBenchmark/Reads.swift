internal import Rollbook

/// What is read of a journal of a million operations.
struct Reads {
  let ours: Journal
  let baseline: Baseline
  let operations: Int
  let rounds: Int
  let samples: Int

  func run() throws -> [Comparison] {
    let applications = try ours.blockingRead { (reader) throws(RollbookError) in
      try reader.applications(limit: 10000)
    }
    try warmUp(applications)
    return [
      try compare(
        "list: newest 20 of an application, p50",
        ours: { try newest(applications.pick($0)) },
        baseline: { _ = try baseline.newest(of: applications.pick($0).id.rawValue, limit: 20) }),
      try compare(
        "describe an operation, p50",
        ours: { try describe(OperationID(operation($0))) },
        baseline: { try baseline.describe(operation($0)) }),
      try compare(
        "rollback decision, p50",
        ours: { try decide(applications.pick($0)) },
        baseline: { _ = try baseline.decideRollback(of: applications.pick($0).id.rawValue) }),
    ]
  }

  private func compare(
    _ name: String, ours: (Int) throws -> Void, baseline: (Int) throws -> Void
  ) throws -> Comparison {
    let times = try interleaved(rounds: rounds, samples: samples, ours: ours, baseline: baseline)
    return Comparison(
      name: name, ours: times.ours, baseline: times.baseline, unit: "µs", goal: .atMost(1.2))
  }

  /// The file is in memory before anything is measured.
  private func warmUp(_ applications: [Application]) throws {
    for sample in 0..<200 {
      try newest(applications.pick(sample))
      try describe(OperationID(operation(sample)))
      try decide(applications.pick(sample))
      _ = try baseline.newest(of: applications.pick(sample).id.rawValue, limit: 20)
      try baseline.describe(operation(sample))
      _ = try baseline.decideRollback(of: applications.pick(sample).id.rawValue)
    }
  }

  private func newest(_ application: Application) throws {
    let page = try ours.blockingRead { (reader) throws(RollbookError) in
      try reader.operations(of: application.id, limit: 20)
    }
    if page.records.count != 20 { throw Baseline.Failure(description: "a short page") }
  }

  /// The operation, its outcome, its failure, its steps.
  private func describe(_ id: OperationID) throws {
    let steps = try ours.blockingRead { (reader) throws(RollbookError) -> Int in
      guard let operation = try reader.operation(id) else { return 0 }
      let outcome = try reader.outcome(of: id)
      let failure = try reader.failure(of: id)
      let steps = try reader.steps(of: id)
      withExtendedLifetime((operation, outcome, failure)) {}
      return steps.count
    }
    if steps == 0 { throw Baseline.Failure(description: "an operation without steps") }
  }

  /// The newest outcome, the good state on top, the one below it.
  private func decide(_ application: Application) throws {
    try ours.blockingRead { (reader) throws(RollbookError) in
      let state = try reader.state(of: application)
      guard let id = state.settled?.goodState, let top = try reader.goodState(id) else { return }
      var below: GoodState?
      if let id = top.below { below = try reader.goodState(id) }
      withExtendedLifetime((top, below)) {}
    }
  }

  private func operation(_ sample: Int) -> Int64 {
    var chance = Chance(seed: sample)
    return Int64.random(in: 1...Int64(operations), using: &chance)
  }
}

extension [Application] {
  fileprivate func pick(_ sample: Int) -> Application {
    var chance = Chance(seed: sample)
    return self[Int.random(in: indices, using: &chance)]
  }
}
