internal import CBaseline
internal import Rollbook

/// What is read of a journal: ours against C on the same file, and against ours on a smaller one.
struct Reads {
  private let setup: Setup
  private let big: Journal
  private let small: Journal
  private let baseline: Baseline
  private let peers: Peers
  private let bigApplications: [Application]
  private let smallApplications: [Application]

  init(setup: Setup, big: Journal, small: Journal, peers: Peers) throws {
    self.setup = setup
    self.big = big
    self.small = small
    self.peers = peers
    baseline = try setup.baseline(.big, for: baseline_reads)
    func ordinary(_ journal: Journal, _ place: Setup.Place) throws -> [Application] {
      try journal.applications().filter { setup.ordinary(place).contains($0.id.rawValue) }
    }
    bigApplications = try ordinary(big, .big)
    smallApplications = try ordinary(small, .small)
  }

  func run() throws {
    try compare(
      "newest 20 of an application",
      ours: { try self.newest($0, self.pick($1, $0 === self.big)) },
      baseline: { try self.baseline.newest(of: self.pick($0, true).id, limit: 20) == 20 },
      peers: peers.sides("newest"))
    try compare(
      "describe an operation", ours: { try self.describe($0, self.operation($1, $0 === self.big)) },
      baseline: { try self.baseline.describe(self.operation($0, true)) >= 4 },
      peers: peers.sides("describe"))
    try compare(
      "rollback decision", ours: { try self.decide($0, self.pick($1, $0 === self.big)) },
      baseline: { try self.baseline.decideRollback(of: self.pick($0, true).id) >= 2 })
    try compare(
      "in progress, 50 operations", ours: { (journal, _) in try self.inProgress(journal) },
      baseline: { _ in try self.baseline.inProgress() == Setup.inProgress })
    try failures()
  }

  private func compare(
    _ name: String, ours: @escaping (Journal, Int) throws -> Bool,
    baseline: @escaping (Int) throws -> Bool, peers: [Side] = []
  ) throws {
    func checked(_ read: @escaping (Int) throws -> Bool) -> Side {
      clocked { sample in
        if try !read(sample) {
          throw BenchmarkFailure(description: "\(name): rows are not there, sample \(sample)")
        }
      }
    }
    let sides = [
      checked(baseline), checked { try ours(self.big, $0) }, checked { try ours(self.small, $0) },
    ]
    let samples = setup.isQuick ? 500 : 1500
    for side in sides { _ = try side(0..<200) }
    let all = try takeTurns(rounds: setup.rounds, samples: samples, sides + peers)
    Report.goal(
      "\(name), p50, against C", Comparison(ours: all[1], baseline: all[0]), .atMost(1.15),
      unit: "µs")
    Report.goal(
      "\(name), p50, against ours at a tenth", Comparison(ours: all[1], baseline: all[2]),
      .atMost(1.3), unit: "µs")
    if !peers.isEmpty { self.peers.tell(name, [all[0], all[1]] + all[3...], "µs") }
  }

  private func newest(_ journal: Journal, _ application: Application) throws -> Bool {
    try journal.blockingRead { (reader) throws(RollbookError) in
      try reader.operations(of: application.id, limit: 20)
    }.records.count == 20
  }

  /// The operation, its outcome, its failure, its steps.
  private func describe(_ journal: Journal, _ id: Int64) throws -> Bool {
    let id = OperationID(id)
    return try journal.blockingRead { (reader) throws(RollbookError) -> Bool in
      guard let record = try reader.record(id) else { return false }
      let failure = try reader.failure(of: id)
      let steps = try reader.steps(of: id)
      return withExtendedLifetime((record, failure)) { steps.count == 3 }
    }
  }

  /// The newest outcome, the good state on top, the one below it.
  private func decide(_ journal: Journal, _ application: Application) throws -> Bool {
    try journal.blockingRead { (reader) throws(RollbookError) in
      let state = try reader.state(of: application)
      guard let id = state.settled?.goodState, let top = try reader.goodState(id) else {
        return false
      }
      var below: GoodState?
      if let id = top.below { below = try reader.goodState(id) }
      return withExtendedLifetime((top, below)) { true }
    }
  }

  private func inProgress(_ journal: Journal) throws -> Bool {
    try journal.blockingRead { (reader) throws(RollbookError) in try reader.openOperations() }
      .count == Setup.inProgress
  }

  // MARK: Failures

  /// The failures of the application that has every tenth operation: three, whoever many others.
  private func failures() throws {
    let busy = ApplicationID(Int64(baseline_busy))
    let filter = OperationFilter(status: .failed)
    let sides = [
      clocked { sample in
        if try !self.describe(self.big, self.operation(sample, true)) {
          throw BenchmarkFailure(description: "an operation without steps")
        }
      },
      clocked { _ in
        let page = try self.big.blockingRead { (reader) throws(RollbookError) in
          try reader.operations(of: busy, filter: filter, limit: 20)
        }
        if page.records.count != 3 { throw BenchmarkFailure(description: "not three failures") }
      },
    ]
    for side in sides { _ = try side(0..<200) }
    let all = try takeTurns(rounds: setup.rounds, samples: 500, sides)
    Report.goal(
      "3 failures among \(setup.operations / 10) operations, against describing one",
      Comparison(ours: all[1], baseline: all[0]), .atMost(3), unit: "µs")
  }

  // MARK: What is read

  private func pick(_ sample: Int, _ isBig: Bool) -> Application {
    var chance = Chance(seed: sample)
    let applications = isBig ? bigApplications : smallApplications
    return applications[Int.random(in: applications.indices, using: &chance)]
  }

  /// One of those that have steps.
  private func operation(_ sample: Int, _ isBig: Bool) -> Int64 {
    let every = Int64(baseline_with_steps)
    let operations = Int64(isBig ? setup.operations : setup.smallOperations)
    var chance = Chance(seed: sample)
    return Int64.random(in: 0..<operations / every, using: &chance) * every + every / 2
  }
}
