internal import Rollbook

/// A caller's view of an application: what its newest operation left behind.
struct Caller: Sendable {
  let application: Application
  var standing: StandingState

  /// One whole operation, a scaling, as two drafts: what is asked, and what comes of it.
  mutating func scale(to parallelism: Int) -> OperationDraft {
    var draft = OperationDraft(application: application.id, kind: .scale, actor: Caller.actor)
    draft.versionFrom = standing.version
    draft.parallelismFrom = standing.parallelism
    draft.parallelismTo = parallelism
    standing.status = .running
    standing.parallelism = parallelism
    return draft
  }

  /// Ends an operation in the caller's transaction; answers what it leaves behind.
  static func finish(
    _ operation: Operation, leaving standing: StandingState, _ writer: borrowing JournalWriter
  ) throws(RollbookError) -> StandingState {
    var standing = standing
    var top: GoodState?
    if let id = standing.goodState { top = try writer.reader.goodState(id) }
    var outcome = OutcomeDraft(status: .successful, standing: standing)
    outcome.pushesGoodState = RollbackPlanning.pushes(
      version: standing.version, parallelism: standing.parallelism, top: top)
    try writer.end(operation, outcome)
    if outcome.pushesGoodState { standing.goodState = operation.id }
    return standing
  }

  static let actor = "deploy@build-07"
}

extension Journal {
  /// A caller for each of the first applications.
  func callers(_ count: Int) throws -> [Caller] {
    try blockingRead { (reader) throws(RollbookError) in
      var callers: [Caller] = []
      for application in try reader.applications(limit: count) {
        let state = try? reader.state(of: application)
        let standing = state?.settled ?? StandingState(status: .ready, version: 1, parallelism: 1)
        callers.append(Caller(application: application, standing: standing))
      }
      return callers
    }
  }
}

/// Appends: one caller, and many at once.
struct Writes {
  let ours: Journal
  let baseline: Baseline
  let rounds: Int
  let isQuick: Bool
  static let manyCallers = 256

  func run() async throws -> [Comparison] {
    let callers = try ours.callers(10000)
    try warmUp(callers)
    let alone = try oneCaller(callers)
    return [alone] + (try await many(callers))
  }

  private func warmUp(_ callers: [Caller]) throws {
    var chance = Chance(seed: 7)
    for _ in 0..<50 {
      try append(callers[Int.random(in: callers.indices, using: &chance)], &chance)
      try baseline.append([scaling(of: callers, &chance)])
    }
  }

  /// The baseline's part: as with ours, most scalings push a good state.
  private func scaling(
    of callers: some RandomAccessCollection<Caller>, _ chance: inout Chance
  ) -> Baseline.Scaling {
    let index = callers.index(
      callers.startIndex, offsetBy: Int.random(in: 0..<callers.count, using: &chance))
    return Baseline.Scaling(
      application: callers[index].application.id,
      parallelism: Int.random(in: 1...8, using: &chance))
  }

  private func append(_ caller: Caller, _ chance: inout Chance) throws {
    var caller = caller
    let draft = caller.scale(to: Int.random(in: 1...8, using: &chance))
    let standing = caller.standing
    let operation = try ours.blockingWrite { (writer) throws(RollbookError) in
      try writer.begin(draft)
    }
    try ours.blockingWrite { (writer) throws(RollbookError) in
      _ = try Caller.finish(operation, leaving: standing, writer)
    }
  }

  private func oneCaller(_ callers: [Caller]) throws -> Comparison {
    var oursChance = Chance(seed: 1)
    var baselineChance = Chance(seed: 2)
    let times = try interleaved(
      rounds: rounds, samples: isQuick ? 100 : 400,
      ours: { _ in
        let caller = callers[Int.random(in: callers.indices, using: &oursChance)]
        try append(caller, &oursChance)
      },
      baseline: { _ in
        try baseline.append([scaling(of: callers, &baselineChance)])
      })
    return Comparison(
      name: "one caller: begin + finish, p50", ours: times.ours, baseline: times.baseline,
      unit: "µs", goal: .atMost(1.3))
  }

  /// Whole operations a second of 256 callers, against C one at a time and C in batches of 256.
  private func many(_ callers: [Caller]) async throws -> [Comparison] {
    let seconds = isQuick ? 1.0 : 3.0
    var ours: [Double] = []
    var single: [Double] = []
    var batched: [Double] = []
    for round in 0..<rounds {
      single.append(try baselineRate(callers, 1, seconds, round))
      ours.append(try await coalescedRate(callers, seconds, round))
      batched.append(try baselineRate(callers, Writes.manyCallers, seconds, round))
    }
    let unit = "operations/s"
    return [
      Comparison(
        name: "256 callers, against C one at a time", ours: ours, baseline: single, unit: unit,
        goal: .atLeast(15)),
      Comparison(
        name: "256 callers, against C in batches of 256", ours: ours, baseline: batched,
        unit: unit, goal: .atLeast(0.6)),
    ]
  }

  func baselineRate(
    _ callers: [Caller], _ batch: Int, _ seconds: Double, _ round: Int
  ) throws -> Double {
    var chance = Chance(seed: 1000 + round * 2 + (batch == 1 ? 1 : 0))
    try baseline.checkpoint()
    let clock = ContinuousClock()
    let start = clock.now
    var operations = 0
    var elapsed = Duration.zero
    while elapsed < .seconds(seconds) {
      // As with the callers below, each has applications of its own.
      let share = callers.count / batch
      let scalings = (0..<batch).map { index in
        scaling(of: callers[index * share..<(index + 1) * share], &chance)
      }
      try baseline.append(scalings)
      operations += batch
      elapsed = clock.now - start
    }
    return Double(operations) / (elapsed / .seconds(1))
  }

  func coalescedRate(
    _ callers: [Caller], _ seconds: Double, _ round: Int
  ) async throws -> Double {
    try baseline.checkpoint()
    let share = callers.count / Writes.manyCallers
    let clock = ContinuousClock()
    let start = clock.now
    let deadline = start + .seconds(seconds)
    let operations = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<Writes.manyCallers {
        let own = Array(callers[index * share..<(index + 1) * share])
        let chance = Chance(seed: 5000 + round * Writes.manyCallers + index)
        group.addTask {
          try await self.appendUntil(deadline, own, chance)
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(operations) / ((clock.now - start) / .seconds(1))
  }

  private func appendUntil(
    _ deadline: ContinuousClock.Instant, _ callers: [Caller], _ seed: Chance
  ) async throws -> Int {
    var callers = callers
    var chance = seed
    var count = 0
    while ContinuousClock.now < deadline {
      let index = Int.random(in: callers.indices, using: &chance)
      let draft = callers[index].scale(to: Int.random(in: 1...8, using: &chance))
      let standing = callers[index].standing
      let operation = try await ours.write { (writer) throws(RollbookError) in
        try writer.begin(draft)
      }
      callers[index].standing = try await ours.write { (writer) throws(RollbookError) in
        try Caller.finish(operation, leaving: standing, writer)
      }
      count += 1
    }
    return count
  }
}
